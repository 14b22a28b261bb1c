import { describe, expect, it } from 'vitest'
import { createOptimistic, type Optimistic } from '../src/optimistic/index.js'
import { job, patch, rig, snapshot, type Rig } from './rig.js'

interface Board extends Rig {
  readonly board: Optimistic
  /** The ids that listeners heard of, change by change. */
  readonly heard: string[][]
  ack(id: string, version: number): void
}

async function opened(jobs: object = {}): Promise<Board> {
  const made = rig()
  await made.up({ jobs }, 5)
  made.sent()
  const board = createOptimistic(made.client)
  const heard: string[][] = []
  board.jobs.listen((changed) => heard.push([...changed]))
  const ack = (id: string, version: number): void =>
    void made.network.last.receive({ type: 'ack', id, ok: true, epoch: 'e1', version })
  return { ...made, board, heard, ack }
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

describe('optimistic jobs (X6)', () => {
  it('are there at once under the id that they keep, and are dropped with their effect, in one change', async () => {
    const { board, network, ack, heard } = await opened({ a: job('a') })
    const handle = board.start('echo', { n: 1 }, { id: 'mine' })
    expect(board.jobs.get('mine')).toMatchObject({ state: 'queued', kind: 'echo', args: { n: 1 }, optimistic: true })
    expect([board.jobs.ids(), board.pending, handle.store.get()?.id]).toEqual([['a', 'mine'], 1, 'mine'])
    ack('c1', 6)
    await handle.accepted
    await turn()
    expect([board.pending, board.jobs.get('mine')]).toEqual([1, expect.objectContaining({ optimistic: true })])
    const real = job('mine', { args: { n: 1 } })
    network.last.receive(patch(5, 6, { op: 'add', path: '/jobs/mine', value: real }))
    expect([board.pending, board.jobs.get('mine'), heard]).toEqual([0, real, [['mine'], ['mine']]])
  })

  it('do not flicker when the patch comes before the ack', async () => {
    const { board, client, network, ack, heard } = await opened()
    board.start('echo', {}, { id: 'mine' })
    network.last.receive(patch(5, 6, { op: 'add', path: '/jobs/mine', value: job('mine') }))
    expect(board.jobs.get('mine')).toBe(client.jobs.get('mine'))
    ack('c1', 6)
    await turn()
    expect([board.pending, heard]).toEqual([0, [['mine'], ['mine']]])
    expect(board.jobs.get('mine')).toBe(client.jobs.get('mine'))
  })

  it('are not known by their looks: two that are alike are two', async () => {
    const { board, network, ack } = await opened()
    board.start('echo', { same: 1 }, { id: 'one' })
    board.start('echo', { same: 1 }, { id: 'two' })
    ack('c2', 6)
    network.last.receive(patch(5, 6, { op: 'add', path: '/jobs/two', value: job('two', { args: { same: 1 } }) }))
    await turn()
    expect([board.jobs.ids(), board.pending]).toEqual([['one', 'two'], 1])
    expect([board.jobs.get('one')?.optimistic, board.jobs.get('two')?.optimistic]).toEqual([true, undefined])
  })

  it('go with the error when they are rejected, and at once when there is no connection', async () => {
    const { board, network } = await opened()
    const handle = board.start('nonsense', {}, { id: 'mine' })
    network.last.receive({ type: 'error', re: 'c1', code: 'unknown_kind', message: 'no such kind', retryable: false })
    await expect(handle.accepted).rejects.toMatchObject({ code: 'unknown_kind' })
    expect([board.jobs.ids(), board.pending]).toEqual([[], 0])
    network.last.drop()
    await expect(board.start('echo', {}, { id: 'late' }).accepted).rejects.toMatchObject({ code: 'offline' })
    expect([board.jobs.ids(), board.pending]).toEqual([[], 0])
  })

  it('stay over a reconnect, where the same command is asked for again', async () => {
    const { board, clock, network, greet } = await opened()
    const handle = board.start('echo', {}, { id: 'mine', key: 'k' })
    const before = network.last.take()
    network.last.drop()
    expect(board.jobs.has('mine')).toBe(true)
    await clock.advance(1000)
    await greet({ version: 6 })
    expect(network.last.take().slice(1)).toEqual(before)
    network.last.receive(snapshot({ jobs: { mine: job('mine', { state: 'running' }) } }, 6))
    network.last.receive({ type: 'ack', id: 'c1', ok: true, epoch: 'e1', version: 6, dup: true })
    expect(await handle.accepted).toEqual({ version: 6, dup: true })
    await turn()
    expect([board.pending, board.jobs.get('mine')?.state]).toEqual([0, 'running'])
  })

  it('lay a cancel over a job in any order of confirmed changes, and guess no state', async () => {
    const { board, network, ack } = await opened({ a: job('a', { state: 'running' }) })
    const done = board.cancel('a', 'enough')
    expect(board.jobs.get('a')).toMatchObject({ state: 'running', cancel: { reason: 'enough' }, optimistic: true })
    network.last.receive(patch(5, 6, { op: 'add', path: '/jobs/a/progress', value: { value: 0.5 } }))
    expect(board.jobs.get('a')).toMatchObject({ progress: { value: 0.5 }, cancel: { reason: 'enough' }, optimistic: true })
    ack('c1', 8)
    await done
    await turn()
    network.last.receive(patch(6, 8, { op: 'replace', path: '/jobs/a/state', value: 'cancelled' }))
    expect(board.jobs.get('a')).toEqual(job('a', { state: 'cancelled', progress: { value: 0.5 } }))
  })

  it('take a deleted job away at once, and bring it back when the server refuses', async () => {
    const { board, client, network } = await opened({ a: job('a', { state: 'running' }) })
    const done = board.delete('a')
    expect([board.jobs.size, client.jobs.size]).toEqual([0, 1])
    network.last.receive({ type: 'error', re: 'c1', code: 'conflict', message: 'it runs', retryable: false })
    await expect(done).rejects.toMatchObject({ code: 'conflict' })
    expect(board.jobs.get('a')).toBe(client.jobs.get('a'))
  })

  it('do not outlive the history that they belong to', async () => {
    const { board, network, ack } = await opened()
    board.start('echo', {}, { id: 'mine' })
    ack('c1', 99)
    await turn()
    network.last.receive({ ...snapshot({ jobs: {} }, 3, 'e2'), reason: 'epoch' } as never)
    expect([board.jobs.size, board.pending]).toEqual([0, 0])
  })

  it('are frozen, shared where nothing changed, and silent after close()', async () => {
    const { board, client, network, heard } = await opened({ a: job('a'), b: job('b') })
    void board.cancel('a').catch(() => {})
    expect(Object.isFrozen(board.jobs.get('a')) && Object.isFrozen(board.jobs.get('a')?.cancel)).toBe(true)
    expect(board.jobs.get('b')).toBe(client.jobs.get('b'))
    board.close()
    network.last.receive(patch(5, 6, { op: 'remove', path: '/jobs/b' }))
    expect(heard).toEqual([['a']])
  })
})
