import { describe, expect, it } from 'vitest'
import { BoundedQueue, MessageBuffer, type DropStrategy } from '../../src/resilience/index.js'
import { seeded } from '../rig.js'

const filled = (dropStrategy: DropStrategy, dropped: number[] = [], maxSize = 2): BoundedQueue<number> => {
  const queue = new BoundedQueue<number>({ maxSize, dropStrategy, onDrop: (item) => dropped.push(item) })
  queue.enqueue(1)
  queue.enqueue(2)
  return queue
}

describe('BoundedQueue (S1.10)', () => {
  it.each([
    ['oldest', true, [2, 3], [1], 1, 0],
    ['newest', false, [1, 2], [3], 1, 0],
    ['reject', false, [1, 2], [], 0, 1],
  ] as const)('when full, %s', (strategy, isIn, items, lost, droppedCount, rejectedCount) => {
    const dropped: number[] = []
    const queue = filled(strategy, dropped)
    expect(queue.enqueue(3)).toBe(isIn)
    expect([queue.toArray(), dropped]).toEqual([items, lost])
    expect(queue.getStats()).toMatchObject({ size: 2, maxSize: 2, isFull: true, isEmpty: false, droppedCount, rejectedCount })
    expect([queue.resetDroppedCount(), queue.resetDroppedCount()]).toEqual([droppedCount, 0])
  })

  it('refuses what it does not know', () => {
    expect(() => new BoundedQueue({ dropStrategy: 'middle' as DropStrategy })).toThrow(/dropStrategy is middle, not oldest/)
    expect(() => new BoundedQueue({ maxSize: -1 })).toThrow(/maxSize is -1/)
  })

  it('gives, shows, empties and walks', () => {
    const queue = filled('oldest')
    const copy = queue.toArray()
    expect([queue.peek(), queue.dequeue(), queue.size, [...queue], copy]).toEqual([1, 1, 1, [2], [1, 2]])
    expect([queue.drain(), queue.peek(), queue.dequeue(), queue.isEmpty, queue.isFull]).toEqual([
      [2],
      undefined,
      undefined,
      true,
      false,
    ])
    queue.enqueue(9)
    queue.clear()
    expect(queue.getStats()).toMatchObject({ size: 0, droppedCount: 0 })
    expect(new BoundedQueue().getStats().maxSize).toBe(100)
  })

  it('of size 0 holds nothing, and counts it (W1.7)', () => {
    const dropped: number[] = []
    const queue = filled('oldest', dropped, 0)
    expect([queue.size, dropped, queue.getStats().droppedCount]).toEqual([0, [1, 2], 2])
  })

  it('may be used by onDrop', () => {
    const seen: number[] = []
    const queue: BoundedQueue<number> = new BoundedQueue<number>({ maxSize: 1, onDrop: () => seen.push(queue.size) })
    for (const item of [1, 2, 3]) queue.enqueue(item)
    expect([seen, queue.toArray()]).toEqual([[1, 1], [3]])
  })

  it('takes as many steps for many as for few (W1.7)', () => {
    const queue = new BoundedQueue<number>({ maxSize: 200_000 })
    for (let item = 0; item < 500_000; item++) queue.enqueue(item)
    let sum = 0
    for (let item = queue.dequeue(); item !== undefined; item = queue.dequeue()) sum++
    expect([sum, queue.getStats().droppedCount]).toEqual([200_000, 300_000])
  })
})

describe('MessageBuffer (S1.11)', () => {
  it('counts twice the length of the JSON, and 100 for what is none', () => {
    const buffer = new MessageBuffer<unknown>()
    buffer.enqueue('ab')
    expect(buffer.getStats()).toMatchObject({ totalBytes: 8, maxBytes: 1 << 20, maxSize: 100 })
    buffer.enqueue(1n)
    buffer.enqueue(undefined)
    expect(buffer.getStats().totalBytes).toBe(208)
  })

  it('drops the oldest until the new one fits, counts and tells it (W1.3)', () => {
    const lost: string[] = []
    const buffer = new MessageBuffer<string>({ maxBytes: 20, onDrop: (item) => lost.push(item) })
    for (const item of ['aa', 'bb', 'cccccc']) buffer.enqueue(item)
    expect([buffer.toArray(), lost, buffer.getStats().droppedCount]).toEqual([['cccccc'], ['aa', 'bb'], 2])
  })

  it('holds one that is larger than the limit, and only that', () => {
    const buffer = new MessageBuffer<string>({ maxBytes: 10 })
    expect([buffer.enqueue('x'.repeat(50)), buffer.getStats()]).toMatchObject([true, { size: 1, totalBytes: 104 }])
    expect(buffer.enqueue('y')).toBe(true)
    expect(buffer.toArray()).toEqual(['y'])
    const strict = new MessageBuffer<string>({ maxBytes: 10, dropStrategy: 'reject' })
    expect([strict.enqueue('abc'), strict.enqueue('de'), strict.getStats()]).toMatchObject([
      true,
      false,
      { size: 1, totalBytes: 10, rejectedCount: 1 },
    ])
  })

  it('refuses a size that is no number of bytes, and stays as it was', () => {
    const buffer = new MessageBuffer<number>({ sizeOf: (item) => item })
    buffer.enqueue(5)
    for (const size of [NaN, -1, 0.5]) expect(() => buffer.enqueue(size)).toThrow(/sizeOf/)
    expect(buffer.getStats()).toMatchObject({ size: 1, totalBytes: 5 })
  })

  it('always holds exactly the bytes it claims, and never more than its limits (60 seeds)', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const below = seeded(seed)
      const dropStrategy = (['oldest', 'newest', 'reject'] as const)[below(3)] as DropStrategy
      const lost: string[] = []
      const buffer = new MessageBuffer<string>({
        maxSize: below(8),
        maxBytes: 50 + below(200),
        dropStrategy,
        onDrop: (item) => lost.push(item),
      })
      let given = 0
      let taken = 0
      for (let step = 0; step < 100; step++) {
        const choice = below(20)
        if (choice < 14) given++, buffer.enqueue('x'.repeat(below(below(10) ? 30 : 300)))
        else if (choice < 18) taken += buffer.dequeue() === undefined ? 0 : 1
        else if (choice === 18) taken += buffer.drain().length
        else (taken += buffer.size), buffer.clear()
        const stats = buffer.getStats()
        const real = buffer.toArray().reduce((sum, item) => sum + JSON.stringify(item).length * 2, 0)
        expect(stats.totalBytes, `seed ${seed}`).toBe(real)
        expect(stats.size <= stats.maxSize && (stats.size < 2 || real <= stats.maxBytes), `seed ${seed}`).toBe(true)
        expect(stats.droppedCount, `seed ${seed}`).toBe(lost.length)
        expect(given, `seed ${seed}`).toBe(taken + stats.size + stats.droppedCount + stats.rejectedCount)
      }
    }
  })
})
