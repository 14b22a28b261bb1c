/** When patches are shown: with the next frame, but never later than something that builds on them. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { job, patch, rig, snapshot, type Rig } from './rig.js'

const progress = (version: number): ReturnType<typeof patch> =>
  patch(version, version + 1, { op: 'add', path: '/jobs/a/progress', value: { value: version / 100 } })

/** A client whose frames the test paints. */
async function painted(): Promise<Rig & { paint(): void; shown(): number | undefined }> {
  const frames: (() => void)[] = []
  const made = rig({ frame: (flush) => frames.push(flush) })
  await made.up({ jobs: { a: job('a') } })
  made.sent()
  return {
    ...made,
    paint: () => frames.splice(0).forEach((flush) => flush()),
    shown: () => made.client.jobs.get('a')?.progress?.value,
  }
}

describe('patches of one animation frame', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('are one change', async () => {
    const { client, network, paint, shown } = await painted()
    let changes = 0
    client.position.listen(() => changes++)
    network.last.receive(progress(1), progress(2), progress(3))
    expect([shown(), changes]).toEqual([undefined, 0])
    paint()
    expect([shown(), changes, client.position.get()?.version]).toEqual([0.03, 1, 4])
    expect(client.telemetry.get()).toMatchObject({ patches: 3, resyncs: 0, phase: 'open' })
  })

  it('are there when an answer, a pong or a snapshot comes, and are not lost with the connection', async () => {
    const { client, clock, network, shown, greet, sent, paint } = await painted()
    const done = client.command('jobs.cancel', { id: 'a' })
    network.last.receive(progress(1), { type: 'ack', id: 'c1', ok: true, epoch: 'e1', version: 2 })
    await done
    expect(shown()).toBe(0.01)
    const pong = { type: 'pong', ts: 0, serverTime: 0, epoch: 'e1', version: 3, logSeq: 0 } as const
    network.last.receive(progress(2), pong)
    expect([shown(), client.telemetry.get().resyncs]).toEqual([0.02, 0])
    network.last.receive(progress(3))
    network.last.drop()
    expect(shown()).toBe(0.03)
    await clock.advance(1000)
    await greet({ version: 5, subs: { main: 'resumed' } })
    expect(network.last.take()[0]).toMatchObject({ subs: [{ resume: { version: 4 } }] })
    network.last.receive(progress(4), snapshot({ jobs: {} }, 9))
    paint()
    expect([client.jobs.size, client.position.get()?.version, sent()]).toEqual([0, 9, []])
  })

  it('that do not apply ask for everything, once', async () => {
    const { client, network, sent, paint } = await painted()
    network.last.receive(patch(1, 2, { op: 'remove', path: '/absent' }), progress(2))
    expect(sent()).toEqual([])
    paint()
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'apply_failed' }])
    network.last.receive(snapshot({ jobs: {} }, 3))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', resyncs: 1 })
  })

  it('wait for a page that is painted, and for none that is hidden', async () => {
    const frames: (() => void)[] = []
    const page = { visibilityState: 'visible' }
    vi.stubGlobal('document', page)
    vi.stubGlobal('requestAnimationFrame', (f: () => void) => frames.push(f))
    const { client, network, up } = rig()
    await up({ jobs: { a: job('a') } })
    network.last.receive(progress(1))
    expect([client.position.get()?.version, frames.length]).toEqual([1, 1])
    page.visibilityState = 'hidden'
    network.last.receive(progress(2))
    expect(client.position.get()?.version).toBe(3)
    frames[0]?.()
    expect(client.position.get()?.version).toBe(3)
  })
})
