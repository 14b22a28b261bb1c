import { describe, expect, it } from 'vitest'
import type { LogRow } from '../../src/index.js'
import { createTestBoard, type FrameMatch, type TestBoard } from '../../src/testing/index.js'

const words = (rows: readonly LogRow[]): string[] => rows.map((row) => ('gap' in row ? `gap ${row.count}` : row.message))

/** Five changes and five lines, and then time for the heartbeat to find what is missing. */
async function exercise({ board, client, tick }: TestBoard): Promise<void> {
  for (let n = 1; n <= 5; n++) {
    board.commit({ op: 'replace', path: '/n', value: n })
    board.log(`line ${n}`)
    await tick(10)
  }
  await tick(20_000)
  expect(client.state.get()).toEqual({ n: 5 })
  expect(client.position.get()?.version).toBe(board.version)
  expect(words(client.logs.toArray())).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
  expect(client.telemetry.get()).toMatchObject({ phase: 'open', stale: false })
}

describe('the faults of the fake board', () => {
  const state = { jobs: {}, results: {}, n: 0 }

  it('none: nothing is asked for twice', async () => {
    const made = await createTestBoard({ state })
    await exercise(made)
    expect(made.client.telemetry.get()).toMatchObject({ resyncs: 0, gaps: 0 })
  })

  it.each<readonly [string, (made: TestBoard) => unknown]>([
    ['a dropped patch', ({ board }) => board.faults.drop('state.patch')],
    ['a dropped last patch', ({ board }) => board.faults.drop((frame) => frame.type === 'state.patch' && frame.toVersion === 6)],
    ['a dropped answer as well', ({ board }) => board.faults.drop('state.patch', 2)],
    ['dropped lines', ({ board }) => board.faults.drop('logs.append', 2)],
    ['patches and lines that come twice', ({ board }) => board.faults.duplicate(undefined, 6)],
    ['a patch that is cut', ({ board }) => board.faults.truncate('state.patch')],
    ['lines that are cut', ({ board }) => board.faults.truncate('logs.append')],
    ['a patch that comes late', ({ board }) => board.faults.delay(25, 'state.patch')],
    ['lines that come late', ({ board }) => board.faults.delay(25, 'logs.append', 2)],
  ])('%s: the client is whole again', async (_, ail) => {
    const made = await createTestBoard({ state })
    ail(made)
    await exercise(made)
  })

  it('hit what they match, so often, and are over when cleared', async () => {
    const { board, client, tick } = await createTestBoard({ state })
    const isFirst: FrameMatch = (frame) => frame.type === 'state.patch' && frame.toVersion === 2
    board.faults.duplicate(isFirst).drop(isFirst, 9)
    board.faults.clear()
    board.commit({ op: 'replace', path: '/n', value: 1 })
    await tick(10)
    expect([client.state.get(), client.telemetry.get().patches]).toEqual([{ n: 1 }, 1])
    board.faults.drop('logs.append')
    board.commit({ op: 'replace', path: '/n', value: 2 })
    await tick(10)
    expect(client.state.get()).toEqual({ n: 2 })
  })

  it('a connection that is cut, refused and let in again is resumed', async () => {
    const made = await createTestBoard({ state })
    const { board, client, tick } = made
    board.isUp = false
    board.drop()
    await tick(10_000)
    expect([client.telemetry.get().stale, board.sessions]).toEqual([true, 0])
    board.isUp = true
    await tick(60_000)
    await exercise(made)
    expect(client.telemetry.get()).toMatchObject({ snapshots: 1, connections: 2 })
  })
})

describe('createTestBoard', () => {
  it('queues what is dispatched, and the test runs it', async () => {
    const { board, client, tick } = await createTestBoard()
    const handle = client.start<{ ok: boolean }>('echo', { a: 1 })
    await tick()
    expect(client.jobs.get(handle.id)).toMatchObject({ kind: 'echo', state: 'queued', args: { a: 1 } })
    board.putJob({ id: handle.id, state: 'running', attempt: 1, progress: { value: 0.5 } })
    await tick()
    expect(handle.store.get()?.progress?.value).toBe(0.5)
    board.putJob({ id: handle.id, state: 'succeeded', result: { ok: true } })
    await tick()
    expect(await handle).toEqual({ ok: true })
  })

  it('cancels what is cancelled, and refuses what it does not know', async () => {
    const { client, tick, board } = await createTestBoard({ client: { logs: false } })
    const handle = client.start('echo', {})
    await tick()
    void handle.cancel('enough')
    const refused = expect(client.command('jobs.delete', { id: handle.id })).rejects.toMatchObject({ code: 'unknown_command' })
    const cancelled = expect(handle.then((value) => value)).rejects.toMatchObject({ code: 'cancelled' })
    await tick()
    await refused
    await cancelled
    board.log('nobody wants it')
    await tick()
    expect(client.logs.size).toBe(0)
    expect(board.received.map(({ type }) => type)).toEqual(expect.arrayContaining(['hello', 'cmd']))
  })

  it('sends the lines that are wanted, without a gap', async () => {
    const { board, client, tick } = await createTestBoard({ client: { logs: { minLevel: 'warn', channels: ['job'] } } })
    board.log('no', { message: 'yes', level: 'error' }, { message: 'elsewhere', level: 'error', channel: 'http' })
    board.log({ message: 'again', level: 'warn' })
    await tick()
    expect(words(client.logs.toArray())).toEqual(['yes', 'again'])
  })

  it('asks for the token, and is another board after a restore', async () => {
    const { board, client, tick } = await createTestBoard({ token: 't' })
    expect(client.telemetry.get().phase).toBe('open')
    const stranger = await createTestBoard({ token: 't', client: { token: 'wrong' } })
    expect(stranger.client.telemetry.get().fatal).toMatchObject({ code: 'unauthorized' })
    board.restore('e2', { jobs: {}, results: {}, n: 9 })
    await tick(60_000)
    expect([client.position.get()?.epoch, client.state.get()]).toEqual(['e2', { n: 9 }])
  })
})
