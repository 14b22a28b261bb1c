import { describe, expect, it } from 'vitest'
import { BucketMap } from '../src/buckets.js'
import { CollectionView } from '../src/collection.js'
import { seeded } from './rig.js'

interface Item {
  readonly n: number
}
function edit(map: BucketMap<Item>, changes: Record<string, Item | undefined>): BucketMap<Item> {
  const draft = map.edit()
  for (const [id, item] of Object.entries(changes)) item ? draft.set(id, item) : draft.delete(id)
  return draft
}
function view(changes: Record<string, Item> = {}): {
  view: CollectionView<Item>
  change(next: Record<string, Item | undefined>): void
} {
  let map = edit(new BucketMap<Item>(), changes)
  const made = new CollectionView<Item>(new BucketMap())
  made.swap(map)()
  return {
    view: made,
    change(next) {
      map = edit(map, next)
      made.swap(map)()
    },
  }
}

describe('BucketMap', () => {
  it('is a map, and its versions do not see each other (3 000 random steps)', () => {
    const below = seeded(7)
    const model = new Map<string, Item>()
    let map = new BucketMap<Item>()
    for (let step = 0; step < 3000; step++) {
      const before = map
      const frozen = new Map(before.entries())
      const id = `job-${below(400)}`
      const item = below(3) ? { n: step } : undefined
      map = edit(map, { [id]: item })
      item ? model.set(id, item) : model.delete(id)
      if (step % 50 === 0) expect(new Map(before.entries())).toEqual(frozen)
      expect(map.size).toBe(model.size)
    }
    expect(new Map(map.entries())).toEqual(model)
    expect(map.toJSON()).toEqual(Object.fromEntries(model))
  })

  it('names the ids that differ', () => {
    const same = { n: 1 }
    const before = edit(new BucketMap<Item>(), { a: same, b: { n: 2 }, c: { n: 3 } })
    const after = edit(before, { a: same, b: { n: 9 }, c: undefined, d: { n: 4 } })
    expect([...BucketMap.changed(before, after)].sort()).toEqual(['b', 'c', 'd'])
  })
})

describe('CollectionView', () => {
  it('gives ids and records in the order of the ids, the same arrays until something changes', () => {
    const { view: jobs, change } = view({ c: { n: 3 }, a: { n: 1 } })
    const ids = jobs.ids()
    const array = jobs.toArray()
    expect(ids).toEqual(['a', 'c'])
    expect(array.map((item) => item.n)).toEqual([1, 3])
    expect([jobs.ids(), jobs.toArray()]).toEqual([ids, array])
    change({ c: { n: 30 } })
    expect(jobs.ids()).toBe(ids)
    expect(jobs.toArray().map((item) => item.n)).toEqual([1, 30])
    expect(jobs.toArray()[0]).toBe(array[0])
    change({ b: { n: 2 }, a: undefined })
    expect(jobs.ids()).toEqual(['b', 'c'])
    expect(jobs.toArray().map((item) => item.n)).toEqual([2, 30])
    expect(array.map((item) => item.n)).toEqual([1, 3])
  })

  it('stays equal to a sorted model however it is read (500 random batches)', () => {
    const below = seeded(11)
    const model = new Map<string, Item>()
    const { view: jobs, change } = view()
    for (let step = 0; step < 500; step++) {
      const changes: Record<string, Item | undefined> = {}
      for (let count = 1 + below(5); count > 0; count--) changes[`id${below(60)}`] = below(4) ? { n: step } : undefined
      for (const [id, item] of Object.entries(changes)) item ? model.set(id, item) : model.delete(id)
      change(changes)
      const ids = [...model.keys()].sort()
      if (below(3)) expect(jobs.ids()).toEqual(ids)
      if (below(3)) expect(jobs.toArray()).toEqual(ids.map((id) => model.get(id)))
    }
  })

  it('tells once per batch which ids changed, and nobody when nothing did', () => {
    const { view: jobs, change } = view({ a: { n: 1 } })
    const heard: string[][] = []
    const off = jobs.listen((changed) => heard.push([...changed].sort()))
    change({ a: { n: 2 }, b: { n: 3 } })
    change({})
    off()
    change({ c: { n: 1 } })
    expect(heard).toEqual([['a', 'b']])
  })

  it('tells the listeners of one record only of that record', () => {
    const { view: jobs, change } = view({ a: { n: 1 } })
    const heard: (number | undefined)[] = []
    const item = jobs.item('a')
    const off = item.subscribe((value) => heard.push(value?.n))
    change({ b: { n: 9 } })
    change({ a: { n: 2 } })
    change({ a: undefined })
    change({ a: { n: 3 } })
    off()
    off()
    change({ a: { n: 4 } })
    expect(heard).toEqual([1, 2, undefined, 3])
    expect(item.get()).toEqual({ n: 4 })
  })
})
