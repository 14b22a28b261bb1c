import { describe, expect, it } from 'vitest'
import {
  CancellationError,
  combine,
  onAbort,
  race,
  sleep,
  throwIfAborted,
  timeout,
  withTimeout,
} from '../../src/resilience/index.js'
import { ManualClock, settle } from '../../src/testing/index.js'
import { countedController, deferred, instantClock } from './counting.js'

const aborted = (reason?: unknown): AbortSignal => AbortSignal.abort(reason)

describe('CancellationError', () => {
  it('has one shape: a code, words and the reason', () => {
    expect(new CancellationError()).toMatchObject({
      code: 'cancelled',
      message: 'Operation was cancelled',
      retryable: false,
    })
    expect(new CancellationError('the user left').message).toBe('the user left')
    expect(new CancellationError(new Error('no more')).message).toBe('no more')
    const reason = new DOMException('late', 'TimeoutError')
    expect(new CancellationError(reason)).toMatchObject({ code: 'timeout', message: 'late', retryable: true, cause: reason })
  })

  it('is what each thing rejects with (S1.4, X5)', async () => {
    const cancelled = { code: 'cancelled', message: 'Operation was cancelled' }
    expect(() => throwIfAborted(aborted())).toThrow(CancellationError)
    expect(() => throwIfAborted(undefined)).not.toThrow()
    await expect(sleep(1, aborted())).rejects.toMatchObject(cancelled)
    await expect(race(new Promise(() => {}), aborted())).rejects.toMatchObject(cancelled)
    await expect(withTimeout(() => 1, 1, aborted())).rejects.toMatchObject(cancelled)
    await expect(race(Promise.resolve(1), AbortSignal.abort(new DOMException('', 'TimeoutError')))).rejects.toMatchObject({
      code: 'timeout',
    })
  })
})

describe('onAbort (S1.6)', () => {
  it('calls once, in order, at once when it is aborted already, and not after off', () => {
    const controller = new AbortController()
    const heard: string[] = []
    onAbort(controller.signal, () => heard.push('first'))
    const off = onAbort(controller.signal, () => heard.push('never'))
    onAbort(controller.signal, ({ message }) => heard.push(message))
    off()
    controller.abort('enough')
    controller.abort('again')
    onAbort(controller.signal, () => heard.push('late'))
    expect(heard).toEqual(['first', 'enough', 'late'])
  })
})

describe('combine (S1.7)', () => {
  it('is aborted by any, never by none, and keeps the reason', () => {
    const [a, b] = [new AbortController(), new AbortController()]
    const { signal } = combine(a.signal, undefined, b.signal, b.signal)
    expect(signal.aborted).toBe(false)
    b.abort('b')
    a.abort('a')
    expect(signal.reason).toMatchObject({ message: 'b', code: 'cancelled' })
    expect(combine(a.signal, b.signal).signal.aborted).toBe(true)
    expect(combine().signal.aborted).toBe(false)
  })

  it('lets go of all when one is aborted, and when it is released (W1.4)', () => {
    const [a, b] = [countedController(), countedController()]
    combine(a.controller.signal, b.controller.signal)
    expect([a.listeners, b.listeners]).toEqual([1, 1])
    a.controller.abort()
    expect([a.listeners, b.listeners]).toEqual([0, 0])
    const c = countedController()
    const linked = combine(c.controller.signal)
    linked.release()
    linked.release()
    c.controller.abort()
    expect([c.listeners, linked.signal.aborted]).toEqual([0, false])
  })
})

describe('timeout (S1.7)', () => {
  it('is aborted in time, or with its parent, and then has no timer left (W1.4)', async () => {
    const clock = new ManualClock()
    const late = timeout(50, undefined, clock)
    await clock.advance(49)
    expect(late.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(late.signal.reason).toMatchObject({ code: 'timeout' })
    const parent = countedController()
    const child = timeout(50, parent.controller.signal, clock)
    parent.controller.abort('parent')
    expect(child.signal.reason).toMatchObject({ code: 'cancelled', message: 'parent' })
    timeout(50, undefined, clock).release()
    expect(timeout(50, aborted(), clock).signal.aborted).toBe(true)
    expect([clock.pending, parent.listeners]).toEqual([0, 0])
  })

  it('keeps its time whether or not the operation stops', async () => {
    const clock = new ManualClock()
    let told: AbortSignal | undefined
    const stuck = withTimeout((signal) => ((told = signal), new Promise(() => {})), 100, undefined, clock)
    const outcome = expect(stuck).rejects.toMatchObject({ code: 'timeout' })
    await clock.advance(100)
    await outcome
    expect([told?.aborted, clock.pending]).toEqual([true, 0])
    expect(await withTimeout(() => 'in time', 100, undefined, clock)).toBe('in time')
    await expect(withTimeout(() => Promise.reject(new Error('own')), 100, undefined, clock)).rejects.toThrow('own')
    expect(clock.pending).toBe(0)
  })
})

describe('race (S1.7)', () => {
  it('lets the first of result, failure and cancellation win', async () => {
    const controller = new AbortController()
    expect(await race(Promise.resolve(1), controller.signal)).toBe(1)
    await expect(race(Promise.reject(new Error('first')), controller.signal)).rejects.toThrow('first')
    const slow = deferred<number>()
    const loser = race(slow.promise, controller.signal)
    controller.abort()
    slow.resolve(2)
    await expect(loser).rejects.toThrow(CancellationError)
  })
})

describe('sleep', () => {
  it('ends in time, or at once when cancelled, and takes its timer along', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const woken: string[] = []
    void sleep(100, undefined, clock).then(() => woken.push('slept'))
    sleep(1e12, controller.signal, clock).catch(({ message }: Error) => woken.push(message))
    await clock.advance(100)
    controller.abort('get up')
    await settle()
    expect([woken, clock.pending]).toEqual([['slept', 'get up'], 0])
  })

  it('does not wake at once when the time is longer than a timer can hold', async () => {
    const clock = new ManualClock()
    let isAwake = false
    void sleep(Infinity, undefined, clock).then(() => (isAwake = true))
    await clock.advance(86_400_000)
    expect(isAwake).toBe(false)
  })
})

it('100 000 finished sleeps, races and timeouts leave no listener and no timer on a long-lived signal (W1.4)', async () => {
  const clock = instantClock()
  const counted = countedController()
  const { signal } = counted.controller
  for (let batch = 0; batch < 10_000; batch++) {
    const each = Array.from({ length: 10 }, (_, index) =>
      index % 4 === 0
        ? race(Promise.resolve(), signal)
        : index % 4 === 1
          ? withTimeout(() => index, 5000, signal, clock)
          : sleep(1, signal, clock),
    )
    await Promise.all(each)
  }
  expect(counted.added).toBe(100_000)
  expect([counted.listeners, clock.pending]).toEqual([0, 0])
})
