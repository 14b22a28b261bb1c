import { describe, expect, it, vi } from 'vitest'
import { CancellationError, createConcurrencyLimiter, Semaphore } from '../../src/resilience/index.js'
import { settle } from '../../src/testing/index.js'
import { seeded } from '../rig.js'
import { countedController, deferred } from './counting.js'

describe('Semaphore (S1.9)', () => {
  it('hands a permit straight to who waited longest', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    const order: string[] = []
    const waiting = ['a', 'b'].map((name) =>
      semaphore.acquire().then((mine) => {
        order.push(name)
        return mine
      }),
    )
    expect([semaphore.tryAcquire(), semaphore.availablePermits, semaphore.waiting]).toEqual([undefined, 0, 2])
    release()
    expect([semaphore.tryAcquire(), semaphore.held, semaphore.waiting]).toEqual([undefined, 1, 1])
    ;(await waiting[0])?.()
    ;(await waiting[1])?.()
    expect([order, semaphore.availablePermits, semaphore.held]).toEqual([['a', 'b'], 1, 0])
  })

  it('takes a permit back once only', () => {
    const semaphore = new Semaphore(2)
    const release = semaphore.tryAcquire()
    release?.()
    release?.()
    expect([semaphore.availablePermits, semaphore.held]).toEqual([2, 0])
  })

  it('lets the middle of the queue go, with its listener', async () => {
    const semaphore = new Semaphore(0)
    const counted = countedController()
    const first = semaphore.acquire()
    const gone = semaphore.acquire(counted.controller.signal)
    const last = semaphore.acquire()
    counted.controller.abort()
    await expect(gone).rejects.toThrow(CancellationError)
    await expect(semaphore.acquire(counted.controller.signal)).rejects.toThrow(CancellationError)
    expect([semaphore.waiting, counted.listeners]).toEqual([2, 0])
    semaphore.setPermits(2)
    await Promise.all([first, last])
    semaphore.setPermits(1)
    expect([semaphore.availablePermits, semaphore.held]).toEqual([0, 2])
  })

  it.each([-1, 1.5, NaN])('refuses %s permits, and says what would do', (permits) => {
    expect(() => new Semaphore(permits)).toThrow(/permits is .* a whole number from 0/)
  })
})

describe('the concurrency limiter (S1.8)', () => {
  it('starts at once, then queues in order, then turns away', async () => {
    const limiter = createConcurrencyLimiter({ maxConcurrent: 2, queueLimit: 1 })
    const gates = [deferred(), deferred(), deferred()]
    const started: number[] = []
    const runs = gates.map(({ promise }, index) => limiter.execute(() => (started.push(index), promise)))
    expect(started).toEqual([0, 1])
    const refused = vi.fn()
    await expect(limiter.execute(refused)).rejects.toMatchObject({
      code: 'overloaded',
      message: 'Concurrency queue is full',
      retryable: true,
    })
    expect(limiter.getStats()).toEqual({ running: 2, queued: 1, maxConcurrent: 2, queueLimit: 1, rejected: 1 })
    gates[1]?.reject(new Error('of an operation'))
    await expect(runs[1]).rejects.toThrow('of an operation')
    await settle()
    expect([started, refused.mock.calls.length]).toEqual([[0, 1, 2], 0])
    for (const gate of gates) gate.resolve()
    await Promise.all([runs[0], runs[2]])
    expect(limiter.getStats()).toMatchObject({ running: 0, queued: 0 })
  })

  it('has the defaults of seed 1', () => {
    expect(createConcurrencyLimiter().getStats()).toMatchObject({ maxConcurrent: 5, queueLimit: 20 })
  })

  it('never calls what was cancelled before its start, and does not touch what runs', async () => {
    const limiter = createConcurrencyLimiter({ maxConcurrent: 1 })
    const counted = countedController()
    const { signal } = counted.controller
    const gate = deferred<string>()
    const running = limiter.execute(() => gate.promise, signal)
    const never = vi.fn()
    const queued = limiter.execute(never, signal)
    counted.controller.abort()
    await expect(queued).rejects.toThrow(CancellationError)
    await expect(limiter.execute(never, signal)).rejects.toThrow(CancellationError)
    gate.resolve('done')
    expect(await running).toBe('done')
    expect([never.mock.calls.length, counted.listeners, limiter.getStats().running]).toEqual([0, 0, 0])
  })

  it('does not start what is cancelled between its turn and its start', async () => {
    const limiter = createConcurrencyLimiter({ maxConcurrent: 1 })
    const controller = new AbortController()
    const never = vi.fn()
    // The first one ends in the turn in which it cancels: the second has its slot, and has not started.
    const first = limiter.execute(() => Promise.resolve().finally(() => queueMicrotask(() => controller.abort())))
    const second = limiter.execute(never, controller.signal)
    await expect(second).rejects.toThrow(CancellationError)
    await first
    expect([never.mock.calls.length, limiter.getStats().running]).toEqual([0, 0])
  })

  it('takes other limits while it runs', async () => {
    const limiter = createConcurrencyLimiter({ maxConcurrent: 0, queueLimit: 3 })
    const runs = [1, 2, 3].map((value) => limiter.execute(() => value))
    limiter.setLimits({ queueLimit: 0 })
    await expect(limiter.execute(() => 4)).rejects.toMatchObject({ code: 'overloaded' })
    limiter.setLimits({ maxConcurrent: 1 })
    expect(await Promise.all(runs)).toEqual([1, 2, 3])
    expect(() => limiter.setLimits({ maxConcurrent: 1.5 })).toThrow(RangeError)
    expect(limiter.getStats()).toMatchObject({ maxConcurrent: 1, queueLimit: 0 })
  })

  it('holds its limits whatever happens (30 seeds)', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const below = seeded(seed)
      const limiter = createConcurrencyLimiter({ maxConcurrent: 3, queueLimit: 5 })
      const open: ReturnType<typeof deferred<void>>[] = []
      const ends: Promise<unknown>[] = []
      let running = 0
      for (let step = 0; step < 60; step++) {
        const controller = new AbortController()
        if (below(3)) {
          const gate = deferred()
          const operation = async (): Promise<void> => {
            expect(++running).toBeLessThanOrEqual(3)
            open.push(gate)
            await gate.promise.finally(() => running--)
          }
          ends.push(limiter.execute(operation, controller.signal).catch(() => {}))
          if (!below(3)) controller.abort()
        } else open.splice(below(open.length || 1), 1)[0]?.[below(2) ? 'resolve' : 'reject'](undefined)
        if (below(2)) await settle()
        expect(limiter.getStats().queued, `seed ${seed}`).toBeLessThanOrEqual(5)
      }
      for (; limiter.getStats().running; await settle()) for (const gate of open.splice(0)) gate.resolve(undefined)
      await Promise.all(ends)
      expect(limiter.getStats(), `seed ${seed}`).toMatchObject({ running: 0, queued: 0 })
    }
  })
})
