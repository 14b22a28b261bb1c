import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import type { JsonValue, PatchOp, ServerFrame } from '../src/index.js'
import { Mirror, type PatchFrame, type SnapshotFrame } from '../src/mirror.js'
import { freezeDeep } from '../src/patch.js'
import { naiveApply } from './naive.js'
import { job, patch, rig, seeded, snapshot } from './rig.js'

interface Vector {
  name: string
  frames: ServerFrame[]
  after: { epoch: string; version: number; data: Record<string, JsonValue> }
  resyncs: number
}
const vectors = JSON.parse(readFileSync(new URL('../../../spec/mirror.json', import.meta.url), 'utf8')) as Vector[]

function whole(mirror: Pick<Mirror, 'state' | 'jobs' | 'results'>, like: object = { jobs: 1, results: 1 }): object {
  const records = (items: { ids(): readonly string[]; get(id: string): unknown }): object =>
    Object.fromEntries(items.ids().map((id) => [id, items.get(id)]))
  return {
    ...mirror.state.get(),
    ...('jobs' in like && { jobs: records(mirror.jobs) }),
    ...('results' in like && { results: records(mirror.results) }),
  }
}
function mirrorOf(data: object, version = 1): Mirror {
  const mirror = new Mirror()
  mirror.snapshot(snapshot(data, version) as SnapshotFrame)
  return mirror
}
const apply = (mirror: Mirror, ...args: Parameters<typeof patch>): unknown => take(mirror, patch(...args))
/** One patch, applied at once. */
const take = (mirror: Mirror, frame: ServerFrame): unknown => mirror.patch(frame as PatchFrame) ?? mirror.flush()

describe('spec/mirror.json, the vectors that the Rust client runs too', () => {
  for (const { name, frames, after, resyncs } of vectors) {
    it(name, async () => {
      const { client, network, greet, sent } = rig()
      client.connect()
      await greet()
      network.last.receive(...frames)
      const { epoch, version, data } = after
      expect(client.position.get()).toEqual({ epoch, version })
      expect(whole(client as unknown as Mirror, data)).toEqual(data)
      expect(sent().filter((frame) => (frame as ServerFrame | { type: string }).type === 'state.resync')).toHaveLength(
        resyncs,
      )
    })
  }
})

describe('Mirror', () => {
  it('applies the rule in its order (protocol 3)', () => {
    const mirror = mirrorOf({ n: 1 }, 5)
    expect(mirror.patch({ ...(patch(5, 6) as PatchFrame), epoch: 'e2' })).toEqual({ reason: 'gap', from: 6, to: 6 })
    expect(apply(mirror, 3, 5, { op: 'replace', path: '/n', value: 0 })).toBeUndefined()
    expect(mirror.state.get()).toEqual({ n: 1 })
    expect(apply(mirror, 5, 7, { op: 'replace', path: '/n', value: 2 })).toBeUndefined()
    expect(mirror.position.get()).toEqual({ epoch: 'e1', version: 7 })
    expect(apply(mirror, 8, 9)).toEqual({ reason: 'gap', from: 8, to: 8 })
    expect(apply(mirror, 7, 8, { op: 'remove', path: '/absent' })).toEqual({ reason: 'apply_failed', from: 8, to: 8 })
    expect([mirror.state.get(), mirror.position.get()?.version]).toEqual([{ n: 2 }, 7])
  })

  it('holds jobs and results as collections, the rest as a small frozen object', () => {
    const mirror = mirrorOf({ meta: { status: 'ready' }, jobs: { a: job('a') }, results: {} })
    const state = mirror.state.get()
    expect(state).toEqual({ meta: { status: 'ready' } })
    expect(Object.isFrozen(state) && Object.isFrozen(state?.['meta']) && Object.isFrozen(mirror.jobs.get('a'))).toBe(
      true,
    )
    apply(mirror, 1, 2, { op: 'replace', path: '/jobs/a/state', value: 'running' })
    expect(mirror.state.get()).toBe(state)
    expect(mirror.jobs.get('a')?.state).toBe('running')
  })

  it('takes a collection that is replaced or removed as a whole', () => {
    const mirror = mirrorOf({ jobs: { a: job('a'), b: job('b') } })
    apply(mirror, 1, 2, { op: 'replace', path: '/jobs', value: { b: job('b'), c: job('c') } })
    expect(mirror.jobs.ids()).toEqual(['b', 'c'])
    apply(mirror, 2, 3, { op: 'remove', path: '/jobs' })
    expect(mirror.jobs.size).toBe(0)
    apply(mirror, 3, 4, { op: 'add', path: '', value: { jobs: { d: job('d') }, n: 1 } })
    expect([mirror.jobs.ids(), mirror.state.get()]).toEqual([['d'], { n: 1 }])
    apply(mirror, 4, 5, { op: 'copy', from: '/jobs', path: '/n' })
    expect(mirror.state.get()).toEqual({ n: { d: job('d') } })
  })

  it('keeps equal records across a snapshot, so that === means unchanged (W0.2)', () => {
    const mirror = mirrorOf({ n: { deep: 1 }, jobs: { a: job('a'), b: job('b') } })
    const [a, b, state] = [mirror.jobs.get('a'), mirror.jobs.get('b'), mirror.state.get()]
    const heard: string[][] = []
    mirror.jobs.listen((changed) => heard.push([...changed]))
    mirror.snapshot(
      snapshot({ n: { deep: 1 }, jobs: { a: job('a'), b: job('b', { attempt: 1 }) } }, 9) as SnapshotFrame,
    )
    expect(mirror.jobs.get('a')).toBe(a)
    expect(mirror.jobs.get('b')).not.toBe(b)
    expect(mirror.state.get()).toBe(state)
    expect(heard).toEqual([['b']])
  })

  it('applies all patches of a frame as one: listeners are told once, what is shared is copied once (W0.2)', () => {
    const mirror = mirrorOf({ n: 1, jobs: { a: job('a'), b: job('b') } }, 5)
    const b = mirror.jobs.get('b')
    const heard: string[][] = []
    mirror.jobs.listen((changed) => heard.push([...changed]))
    for (let version = 5; version < 65; version++) {
      const value = { value: version / 100 }
      const frame = patch(version, version + 1, { op: 'add', path: '/jobs/a/progress', value })
      expect(mirror.patch(frame as PatchFrame)).toBeUndefined()
    }
    expect([mirror.jobs.get('a')?.progress, mirror.position.get()?.version]).toEqual([undefined, 5])
    expect(mirror.flush()).toBeUndefined()
    expect([mirror.jobs.get('a')?.progress, mirror.position.get()?.version, heard]).toEqual([{ value: 0.64 }, 65, [['a']]])
    expect(mirror.jobs.get('b')).toBe(b)
    expect(mirror.flush()).toBeUndefined()
    expect(heard).toHaveLength(1)
  })

  it('finds a gap behind patches that wait, and loses none of those', () => {
    const mirror = mirrorOf({ n: 1 }, 5)
    mirror.patch(patch(5, 6, { op: 'replace', path: '/n', value: 2 }) as PatchFrame)
    expect(mirror.patch(patch(7, 8) as PatchFrame)).toEqual({ reason: 'gap', from: 7, to: 7 })
    expect(mirror.patch(patch(5, 6, { op: 'replace', path: '/n', value: 3 }) as PatchFrame)).toBeUndefined()
    expect([mirror.flush(), mirror.state.get(), mirror.position.get()?.version]).toEqual([undefined, { n: 2 }, 6])
  })

  it('gives a batch up as a whole, and goes on from where it was', () => {
    const mirror = mirrorOf({ n: 1 }, 5)
    mirror.patch(patch(5, 6, { op: 'replace', path: '/n', value: 2 }) as PatchFrame)
    mirror.patch(patch(6, 9, { op: 'remove', path: '/absent' }) as PatchFrame)
    expect(mirror.flush()).toEqual({ reason: 'apply_failed', from: 6, to: 9 })
    expect([mirror.state.get(), mirror.position.get()?.version]).toEqual([{ n: 1 }, 5])
    expect(apply(mirror, 5, 6, { op: 'replace', path: '/n', value: 4 })).toBeUndefined()
    expect(mirror.state.get()).toEqual({ n: 4 })
  })

  it('freezes and copies only what a batch of 2 000 jobs changed (W0.2)', () => {
    const jobs = Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`j${index}`, job(`j${index}`)]))
    const mirror = mirrorOf({ jobs })
    const before = mirror.jobs.toArray()
    const ops = before.slice(0, 2000).map(({ id }) => ({ op: 'replace', path: `/jobs/${id}/attempt`, value: 1 }))
    const freeze = vi.spyOn(Object, 'freeze')
    apply(mirror, 1, 2, ...ops)
    // One for each record that changed; what is left is the batch itself: the root, the map and the position.
    expect(freeze.mock.calls.length).toBeLessThan(2000 + 10)
    freeze.mockRestore()
    const after = mirror.jobs.toArray()
    expect(after.filter((record, index) => record !== before[index])).toHaveLength(2000)
    expect(after.every((record, index) => Object.isFrozen(record) && record.args === before[index]?.args)).toBe(true)
  })

  it('changes everything before it tells anybody', () => {
    const mirror = mirrorOf({ n: 1, jobs: {} })
    const seen: unknown[] = []
    mirror.jobs.listen(() => seen.push([mirror.jobs.size, mirror.state.get(), mirror.position.get()?.version]))
    apply(mirror, 1, 2, { op: 'add', path: '/jobs/a', value: job('a') }, { op: 'replace', path: '/n', value: 2 })
    expect(seen).toEqual([[1, { n: 2 }, 2]])
  })
})

describe('a snapshot in parts', () => {
  const part = (number: number, more: boolean, rest: object): SnapshotFrame =>
    ({
      type: 'state.snapshot',
      epoch: 'e1',
      stateVersion: 9,
      reason: 'resync',
      part: number,
      more,
      ...rest,
    }) as SnapshotFrame

  it('shows the old state until the last part is there, then all at once', () => {
    const mirror = mirrorOf({ jobs: { old: job('old') } }, 4)
    let changes = 0
    mirror.jobs.listen(() => changes++)
    expect(mirror.snapshot(part(0, true, { data: { jobs: {}, n: 1 } }))).toBe(false)
    expect(mirror.snapshot(part(1, true, { entries: [['/jobs/a', job('a')]] }))).toBe(false)
    expect([mirror.jobs.ids(), mirror.position.get()?.version, changes]).toEqual([['old'], 4, 0])
    expect(mirror.snapshot(part(2, false, { entries: [['/jobs/b', job('b')]] }))).toBe(true)
    expect([mirror.jobs.ids(), mirror.position.get()?.version, changes]).toEqual([['a', 'b'], 9, 1])
  })

  it('cannot use a part that does not follow', () => {
    const mirror = mirrorOf({ jobs: {} }, 4)
    mirror.snapshot(part(0, true, { data: { jobs: {} } }))
    expect(() => mirror.snapshot(part(2, false, { entries: [] }))).toThrow('no part')
    expect(mirror.position.get()?.version).toBe(4)
  })

  it('begins again with part 0', () => {
    const mirror = mirrorOf({ jobs: {} }, 4)
    mirror.snapshot(part(0, true, { data: { jobs: { x: job('x') } } }))
    mirror.snapshot(part(0, true, { data: { jobs: {} } }))
    expect(mirror.snapshot(part(1, false, { entries: [['/jobs/a', job('a')]] }))).toBe(true)
    expect(mirror.jobs.ids()).toEqual(['a'])
  })
})

describe('random runs', () => {
  it('equals a naive copy, gap or no gap (300 seeds)', () => {
    for (let seed = 1; seed <= 300; seed++) run(seed)
  })

  function run(seed: number): void {
    const below = seeded(seed)
    let server = freezeDeep({ meta: { n: 0 }, jobs: {}, results: {} }) as JsonValue
    let version = 1
    const mirror = mirrorOf(server as object, version)
    for (let step = 0; step < 40; step++) {
      const ops = Array.from({ length: 1 + below(4) }, () => randomChange(below, server as never)).flat()
      const next = naiveApply(server, ops)
      const frame = patch(version, version + 1, ...structuredClone(ops)) as PatchFrame
      server = next
      version++
      const isLost = below(8) === 0
      const broken = isLost ? undefined : take(mirror, frame)
      if (broken) mirror.snapshot(snapshot(structuredClone(server) as object, version) as SnapshotFrame)
      if (!isLost) expect(whole(mirror), `seed ${seed} step ${step}`).toEqual(server)
    }
  }

  function randomChange(below: (n: number) => number, { jobs }: { jobs: Record<string, unknown> }): PatchOp[] {
    const id = `j${below(6)}`
    const isThere = id in jobs
    if (below(4) === 0) return [{ op: 'replace', path: '/meta/n', value: below(100) }]
    if (!isThere)
      return [
        { op: 'add', path: `/jobs/${id}`, value: { id, n: below(10) } },
        { op: 'replace', path: `/jobs/${id}/n`, value: below(10) },
      ]
    if (below(3) === 0)
      return [
        { op: 'remove', path: `/jobs/${id}` },
        { op: 'add', path: `/jobs/${id}`, value: { id, n: 0 } },
      ]
    return [{ op: 'add', path: `/jobs/${id}/progress`, value: { value: below(100) / 100 } }]
  }
})
