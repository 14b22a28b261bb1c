import { describe, expect, it, vi } from 'vitest'
import { attachPolling, type PollingFallback } from '../src/polling/index.js'
import { settle } from '../src/testing/index.js'
import { job, rig, snapshot, type Rig } from './rig.js'

interface Polled extends Rig {
  readonly polling: PollingFallback
  readonly fetched: { readonly tag: string | null }[]
  /** What the server answers; with an ETag unless `hasTags` is false. */
  server: { epoch: string; version: number; data: object; hasTags: boolean; isUp: boolean }
  /** The next tries of the WebSocket fail. */
  fail(times: number): Promise<void>
}

function polled(): Polled {
  const fetched: { tag: string | null }[] = []
  const server = { epoch: 'e1', version: 5, data: { jobs: { a: job('a') } } as object, hasTags: true, isUp: true }
  const fetch = vi.fn(async (_url: string, init?: RequestInit) => {
    const tag = new Headers(init?.headers).get('if-none-match')
    fetched.push({ tag })
    if (!server.isUp) throw new TypeError('refused')
    const etag = `"${server.epoch}:${server.version}"`
    if (tag === etag) return new Response(null, { status: 304 })
    return Response.json(server, { headers: server.hasTags ? { etag } : {} })
  })
  const made = rig({ fetch: fetch as unknown as typeof globalThis.fetch })
  const { client, clock, network } = made
  const polling = attachPolling(client, { clock })
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
      network.last.drop(1006)
      await settle()
    }
  }
  return { ...made, polling, fetched, server, fail }
}

describe('polling where no WebSocket comes through (S0.35)', () => {
  it('begins after two failures, and shows the state', async () => {
    const { client, polling, fetched, fail } = polled()
    client.connect()
    await fail(1)
    expect([polling.get().active, fetched.length]).toEqual([false, 0])
    await fail(1)
    await settle()
    expect([polling.get().active, client.jobs.ids(), client.position.get()]).toEqual([true, ['a'], { epoch: 'e1', version: 5 }])
    expect(client.telemetry.get()).toMatchObject({ phase: 'waiting', stale: true })
    polling.detach()
  })

  it('asks with the ETag, and hears cheaply that nothing is new', async () => {
    const { client, clock, polling, server, fetched, fail } = polled()
    client.connect()
    await fail(2)
    const before = client.jobs.get('a')
    await clock.advance(5_000)
    expect([fetched.map(({ tag }) => tag), polling.get()]).toMatchObject([[null, '"e1:5"'], { polls: 2, unchanged: 1, failures: 0 }])
    Object.assign(server, { version: 6, data: { jobs: { a: job('a'), b: job('b') } } })
    await clock.advance(5_000)
    expect([client.jobs.ids(), client.jobs.get('a') === before]).toEqual([['a', 'b'], true])
    polling.detach()
  })

  it('does without ETags', async () => {
    const { client, clock, polling, server, fetched, fail } = polled()
    server.hasTags = false
    client.connect()
    await fail(2)
    await clock.advance(10_000)
    expect([fetched.map(({ tag }) => tag), polling.get()]).toMatchObject([[null, null, null], { polls: 3, unchanged: 0 }])
    polling.detach()
  })

  it('never goes back in time, but follows another history (W0.3)', async () => {
    const { client, clock, network, polling, server, up, fail } = polled()
    await up({ jobs: { new: job('new') } }, 9)
    network.last.drop()
    await fail(2)
    expect(client.jobs.ids()).toEqual(['new'])
    Object.assign(server, { epoch: 'e2', version: 1 })
    await clock.advance(5_000)
    expect([client.jobs.ids(), client.position.get()]).toEqual([['a'], { epoch: 'e2', version: 1 }])
    polling.detach()
  })

  it('ends when the connection is there, which goes on from what was polled', async () => {
    const { client, clock, network, polling, greet, fetched, fail } = polled()
    client.connect()
    await fail(2)
    await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
    await greet({ version: 5, subs: { main: 'resumed' } })
    expect(network.last.take()[0]).toMatchObject({ subs: [{ resume: { epoch: 'e1', version: 5 } }] })
    expect([polling.get().active, client.telemetry.get().phase]).toEqual([false, 'open'])
    const asked = fetched.length
    await clock.advance(8_000)
    await polling.refresh()
    expect(fetched.length).toBe(asked)
  })

  it('does not take an answer that the connection has overtaken', async () => {
    const { client, clock, network, polling, greet, server, fail } = polled()
    client.connect()
    await fail(2)
    Object.assign(server, { version: 99 })
    await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
    const late = polling.refresh()
    await greet({ version: 7 })
    network.last.receive(snapshot({ jobs: {} }, 7))
    await late
    expect([client.position.get()?.version, client.jobs.size]).toEqual([7, 0])
  })

  it('goes on when it is refused, stops when told to, and leaves no timer', async () => {
    const { client, clock, polling, server, fail } = polled()
    server.isUp = false
    client.connect()
    await fail(2)
    await clock.advance(5_000)
    expect(polling.get()).toMatchObject({ active: true, failures: 2 })
    server.isUp = true
    await clock.advance(5_000)
    expect([polling.get().failures, client.jobs.size]).toEqual([0, 1])
    client.close()
    expect([polling.get().active, clock.pending]).toEqual([false, 0])
  })
})
