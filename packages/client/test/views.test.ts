import { describe, expect, it } from 'vitest'
import { CallboardError } from '../src/index.js'
import { openView } from '../src/views/index.js'
import { createTestBoard, type TestBoard } from '../src/testing/index.js'
import { seeded } from './rig.js'

const state = { meta: { status: 'ready' }, jobs: {}, results: {}, app: { shop: { open: true } } }
const paths = ['/meta/status', '/jobs/*/progress']

const subscribed = ({ board }: TestBoard): string[] =>
  board.received.flatMap((frame) => (frame.type === 'subscribe' ? [frame.sub] : frame.type === 'unsubscribe' ? [`-${frame.sub}`] : []))

describe('a view', () => {
  it('has what its paths name, follows it, and tells nobody of anything else', async () => {
    const { board, client, tick } = await createTestBoard({ state })
    board.putJob({ id: 'a', progress: { value: 0.25, at: '2026-11-21T09:00:00Z' } as never })
    const view = openView(client, { paths })
    expect([view.stale.get(), view.state.get()]).toEqual([true, undefined])
    await tick()
    expect([view.state.get(), view.jobs.get('a'), view.stale.get()]).toEqual([
      { meta: { status: 'ready' } },
      { progress: { value: 0.25, at: '2026-11-21T09:00:00Z' } },
      false,
    ])
    let told = 0
    view.jobs.listen(() => told++)
    board.commit({ op: 'replace', path: '/app/shop/open', value: false })
    board.putJob({ id: 'a', title: 'another' })
    await tick()
    expect(told).toBe(0)
    board.commit({ op: 'replace', path: '/jobs/a/progress/value', value: 0.5 })
    await tick()
    expect([told, view.jobs.get('a')?.progress?.value, view.position.get()]).toEqual([1, 0.5, client.position.get()])
    expect(client.telemetry.get()).toMatchObject({ resyncs: 0, gaps: 0 })
  })

  it('is shared by all who want the same, and given back by the last', async () => {
    const made = await createTestBoard({ state })
    const views = [openView(made.client, { paths }), openView(made.client, { paths: [...paths].reverse() })]
    const other = openView(made.client, { paths, maxRateMs: 250 })
    await made.tick()
    expect(subscribed(made)).toEqual(['v1', 'v2'])
    views[0]?.close()
    views[0]?.close()
    await made.tick()
    expect(subscribed(made)).toEqual(['v1', 'v2'])
    views[1]?.close()
    other.close()
    made.board.commit({ op: 'replace', path: '/meta/status', value: 'draining' })
    await made.tick()
    expect(subscribed(made)).toEqual(['v1', 'v2', '-v1', '-v2'])
    expect(made.client.telemetry.get().lastError).toBeUndefined()
    const again = openView(made.client, { paths })
    await made.tick()
    expect([subscribed(made).at(-1), again.state.get()]).toEqual(['v3', { meta: { status: 'draining' } }])
  })

  it('goes on from where it was after a drop, and shows what it had meanwhile', async () => {
    const made = await createTestBoard({ state, client: { state: false } })
    const { board, client, tick } = made
    const view = openView(client, { paths })
    await tick()
    board.drop()
    expect([view.stale.get(), view.state.get()]).toEqual([true, { meta: { status: 'ready' } }])
    board.commit({ op: 'replace', path: '/meta/status', value: 'draining' })
    await tick(2_000)
    const asked = board.received.filter((frame) => frame.type === 'subscribe')
    expect(asked.map(({ resume }) => resume?.version)).toEqual([undefined, 1])
    expect([view.stale.get(), view.state.get()]).toEqual([false, { meta: { status: 'draining' } }])
  })

  it('takes another history for what it is', async () => {
    const { board, client, tick } = await createTestBoard({ state })
    const view = openView(client, { paths: ['/n'] })
    await tick()
    board.restore('e2', { jobs: {}, results: {}, n: 7 })
    await tick(2_000)
    expect([view.state.get(), view.position.get()]).toEqual([{ n: 7 }, { epoch: 'e2', version: 1 }])
  })

  it('that misses a patch asks once, and is whole again', async () => {
    const { board, client, tick } = await createTestBoard({ state: { ...state, n: 0 }, client: { state: false } })
    const view = openView(client, { paths: ['/n'] })
    await tick()
    board.faults.drop('state.patch')
    for (let n = 1; n <= 3; n++) board.commit({ op: 'replace', path: '/n', value: n })
    await tick()
    const asked = board.received.filter((frame) => frame.type === 'state.resync')
    expect(asked).toEqual([{ type: 'state.resync', sub: 'v1', reason: 'gap', have: { epoch: 'e1', version: 1 } }])
    expect([view.state.get(), view.stale.get()]).toEqual([{ n: 3 }, false])
  })

  it('that is not served says why, and is asked for again with the next connection', async () => {
    const { board, client, tick } = await createTestBoard({ state })
    const view = openView(client, { paths: [] })
    await tick()
    expect(view.error.get()).toBeInstanceOf(CallboardError)
    expect(view.error.get()).toMatchObject({ code: 'invalid_args', message: 'no paths' })
    expect(client.telemetry.get().lastError).toBeUndefined()
    board.drop()
    await tick(2_000)
    expect(board.received.filter((frame) => frame.type === 'subscribe').length).toBe(2)
  })

  it('that was opened before the connection begins with it', async () => {
    const made = await createTestBoard({ state })
    made.client.close()
    const view = openView(made.client, { paths })
    made.client.connect()
    await made.tick()
    expect([subscribed(made), view.stale.get()]).toEqual([['v1'], false])
  })

  it('equals the same cut of the whole, through 500 changes and drops', async () => {
    const random = seeded(7)
    const { board, client, tick } = await createTestBoard({ state })
    const view = openView(client, { paths: ['/jobs/*/progress', '/app'] })
    for (let turn = 0; turn < 500; turn++) {
      const id = `j${random(8)}`
      if (random(10) === 0) board.drop()
      else if (random(6) === 0 && Object.hasOwn((board.state as typeof state).jobs, id)) board.commit({ op: 'remove', path: `/jobs/${id}` })
      else if (random(3) === 0) board.commit({ op: 'add', path: '/app/n', value: turn })
      else board.putJob({ id, progress: { value: random(100) / 100 } as never })
      await tick(random(400))
    }
    await tick(60_000)
    expect(view.state.get()).toEqual({ app: client.state.get()?.['app'] })
    expect(view.jobs.ids()).toEqual(client.jobs.ids())
    for (const id of view.jobs.ids()) expect(view.jobs.get(id)).toEqual({ progress: client.jobs.get(id)?.progress })
  })
})
