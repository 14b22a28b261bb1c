import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { attachCheck, checksum } from '../src/check/index.js'
import type { JsonValue, ServerFrame } from '../src/index.js'
import { createClient } from '../src/index.js'
import { FakeBoard, ManualClock } from '../src/testing/index.js'
import { job, patch, rig, snapshot } from './rig.js'

const vectors = JSON.parse(readFileSync(new URL('../../../spec/check.json', import.meta.url), 'utf8')) as {
  name: string
  document: JsonValue
  sum: number
}[]

describe('the checksum', () => {
  it.each(vectors)('of $name is that of the vectors', ({ document, sum }) => expect(checksum(document)).toBe(sum))

  it('does not depend on the order of members', () => {
    expect(checksum({ a: 1, b: { c: [], d: null } })).toBe(checksum({ b: { d: null, c: [] }, a: 1 }))
    expect(checksum({ a: 1 })).not.toBe(checksum({ a: 2 }))
  })
})

describe('a check of the mirror (protocol 3)', () => {
  const check = (version: number, sum?: number): ServerFrame =>
    ({ type: 'state.check', epoch: 'e1', version, ...(sum !== undefined && { sum }) }) as ServerFrame
  const document = { meta: { n: 1 }, jobs: { a: job('a'), b: job('b') }, results: {} }

  it('is asked for, compares the version that was marked, and finds the mirror right', async () => {
    const { client, network, sent, greet } = rig()
    const facts = attachCheck(client)
    client.connect()
    await greet({ version: 5 })
    expect(network.last.take()[0]).toMatchObject({ caps: ['parts', 'check'] })
    const remove = { op: 'remove', path: '/jobs/a' }
    // The mirror moves on before the sum comes.
    network.last.receive(snapshot(document, 5), check(5), patch(5, 6, remove), check(5, checksum(document)))
    expect([facts.get(), sent()]).toEqual([{ checks: 1, mismatches: 0, lastVersion: 5 }, []])
    const { a, ...jobs } = document.jobs
    network.last.receive(check(6), check(6, checksum({ ...document, jobs })))
    expect(facts.get()).toEqual({ checks: 2, mismatches: 0, lastVersion: 6 })
  })

  it('that finds another sum asks for everything, once, and is whole again', async () => {
    const { client, network, sent, up } = rig()
    const facts = attachCheck(client)
    await up(document, 5)
    sent()
    network.last.receive(check(5), check(5, 1), check(5, 1))
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'checksum' }])
    expect([facts.get().mismatches, client.telemetry.get().phase]).toEqual([1, 'resyncing'])
    network.last.receive(snapshot({ ...document, meta: { n: 2 } }, 5))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', resyncs: 1, gaps: 0 })
    expect(client.state.get()).toEqual({ meta: { n: 2 } })
  })

  it('leaves alone what is not here, what belongs to a view, and who did not ask', async () => {
    const { client, network, sent, up } = rig()
    const facts = attachCheck(client)
    await up(document, 5)
    sent()
    network.last.receive(check(4), check(4, 1), check(5, 1), { ...check(5), sub: 'v1' } as never, { ...check(5, 1), sub: 'v1' } as never)
    expect([facts.get().checks, sent()]).toEqual([0, []])
    const other = rig()
    await other.up(document, 5)
    other.sent()
    other.network.last.receive(check(5), check(5, 1))
    expect(other.sent()).toEqual([])
  })
})

describe('the board of ./testing', () => {
  it('says what its checksum is to who asked, and a mirror that drifted is made anew', async () => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock, state: { jobs: { a: job('a') as never }, results: {}, n: 1 } })
    const make = (): ReturnType<typeof createClient> =>
      createClient({ url: 'http://board.test', clock, WebSocket: board.network.WebSocket, frame: (flush) => flush() })
    const [asking, other] = [make(), make()]
    const facts = attachCheck(asking)
    for (const client of [asking, other]) client.connect()
    await clock.advance(100)
    board.check()
    await clock.advance(100)
    expect(facts.get()).toEqual({ checks: 1, mismatches: 0, lastVersion: 1 })
    // Nobody is told of this change.
    board.state = { jobs: {}, results: {}, n: 2 }
    board.check()
    await clock.advance(100)
    expect([facts.get().mismatches, asking.state.get(), asking.jobs.size]).toEqual([1, { n: 2 }, 0])
    expect([other.state.get(), other.telemetry.get().resyncs]).toEqual([{ n: 1 }, 0])
    for (const client of [asking, other]) client.close()
  })
})
