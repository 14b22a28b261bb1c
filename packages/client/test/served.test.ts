/** What the server may say beside state and answers: parts, its own pings, where it has served us to, and why it closes. */
import { describe, expect, it } from 'vitest'
import { createTestBoard } from '../src/testing/index.js'
import { job, patch, rig, snapshot } from './rig.js'

const part = (part: number, more: boolean, rest: object): never =>
  ({ ...snapshot({}, 5), data: undefined, part, more, ...rest }) as never

describe('snapshots in parts', () => {
  it('are asked for, and shown when they are whole (protocol 3)', async () => {
    const { client, network, greet } = rig()
    client.connect()
    await greet({ version: 5 })
    expect(network.last.take()[0]).toMatchObject({ type: 'hello', caps: ['parts'] })
    network.last.receive(part(0, true, { data: { meta: { a: 1 }, jobs: {}, results: {} } }))
    network.last.receive(part(1, true, { entries: [['/jobs/a', job('a')]] }))
    expect([client.state.get(), client.telemetry.get().phase]).toEqual([undefined, 'resyncing'])
    network.last.receive(part(2, false, { entries: [['/jobs/b', job('b')]] }))
    expect([client.state.get(), client.jobs.ids(), client.telemetry.get().phase]).toEqual([{ meta: { a: 1 } }, ['a', 'b'], 'open'])
  })

  it('that stop coming end the connection', async () => {
    const { client, clock, network, greet } = rig()
    client.connect()
    await greet({ version: 5 })
    network.last.receive(part(0, true, { data: { jobs: {} } }))
    await clock.advance(10_000)
    expect(network.last.closed?.code).toBe(4003)
  })
})

describe('a ping of the server', () => {
  it('is answered, and says what was missed (protocol 5)', async () => {
    const { network, sent, up } = rig()
    await up({ jobs: {} }, 4)
    sent()
    network.last.receive({ type: 'ping', ts: 7, at: { epoch: 'e1', version: 4, logSeq: 0 } })
    expect(sent()).toEqual([{ type: 'pong', ts: 7 }])
    network.last.receive({ type: 'ping', ts: 8, at: { epoch: 'e1', version: 6, logSeq: 0 } })
    expect(sent()).toEqual([
      { type: 'pong', ts: 8 },
      { type: 'state.resync', reason: 'gap', have: { epoch: 'e1', version: 4 } },
    ])
    network.last.receive({ type: 'ping', ts: 9 })
    expect(sent()).toEqual([{ type: 'pong', ts: 9 }])
  })
})

describe('the state of a subscription that was not asked for', () => {
  it('is left alone', async () => {
    const { client, network, sent, up } = rig()
    await up({ jobs: {}, n: 1 }, 4)
    sent()
    network.last.receive({ ...snapshot({ n: 9 }, 9), sub: 'other' } as never, { ...patch(9, 10), sub: 'other' } as never)
    network.last.receive({ ...patch(4, 5, { op: 'replace', path: '/n', value: 2 }), sub: 'main' } as never)
    expect([client.state.get(), client.position.get()?.version, sent()]).toEqual([{ n: 2 }, 5, []])
  })
})

describe('a client that wants no state', () => {
  it('says so, is open with the welcome, and has commands and lines all the same', async () => {
    const { board, client, tick } = await createTestBoard({ client: { state: false } })
    expect(board.received[0]).toMatchObject({ type: 'hello', subs: [] })
    board.log('hello')
    board.commit({ op: 'add', path: '/n', value: 1 })
    board.commands.set('jobs.clear', () => ({ deleted: 3 }))
    const cleared = client.command('jobs.clear', {})
    await tick()
    expect([client.state.get(), client.position.get(), client.jobs.size]).toEqual([undefined, undefined, 0])
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', stale: false, resyncs: 0 })
    expect([client.logs.size, (await cleared).result]).toEqual([1, { deleted: 3 }])
    await tick(30_000)
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', connections: 1 })
  })
})

describe('a close by the server (protocol 8)', () => {
  it('4504 ends the tries: another connection of this instance has taken over', async () => {
    const { client, clock, network, up } = rig()
    await up()
    network.last.drop(4504, 'the same instance has connected again')
    await clock.advance(120_000)
    expect(client.telemetry.get()).toMatchObject({
      phase: 'closed',
      fatal: { code: 'closed_4504', message: 'the same instance has connected again' },
    })
    expect(network.sockets.length).toBe(1)
  })

  it.each([
    [4005, 'rate'],
    [1013, 'overload'],
  ] as const)('%i after goaway "%s" waits as the server says, and resumes', async (code, reason) => {
    const { client, clock, network, greet, up } = rig()
    await up({ jobs: {} }, 4)
    network.last.receive({ type: 'goaway', reason, reconnectAfterMs: [4_000, 8_000] })
    network.last.drop(code, 'too much')
    expect(client.telemetry.get()).toMatchObject({ phase: 'waiting', nextRetryAt: clock.now() + 6_000 })
    await clock.advance(5_999)
    expect(network.sockets.length).toBe(1)
    await clock.advance(1)
    await greet({ version: 4, subs: { main: 'resumed' } })
    expect(network.last.take()[0]).toMatchObject({ subs: [{ resume: { epoch: 'e1', version: 4 } }] })
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', connections: 2 })
  })

  it('1013 without a word of warning backs off, and never at once', async () => {
    const { client, clock, network, up } = rig()
    await up()
    network.last.drop(1013)
    expect(client.telemetry.get().nextRetryAt).toBe(clock.now() + 1_000)
  })
})
