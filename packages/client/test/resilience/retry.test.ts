import { describe, expect, it, vi } from 'vitest'
import {
  CancellationError,
  createRetryWrapper,
  NonRetryableError,
  RetryableError,
  withRetry,
  withTimeout,
} from '../../src/resilience/index.js'
import { CallboardError } from '../../src/index.js'
import { ManualClock, settle } from '../../src/testing/index.js'
import { countedController, instantClock } from './counting.js'

const failing = (error: unknown = new Error('of the operation')) => vi.fn(() => Promise.reject(error))

describe('withRetry (S1.3)', () => {
  it('gives the first success, and sleeps between tries only', async () => {
    const clock = new ManualClock()
    const tries: number[] = []
    const done = withRetry(
      ({ number }) => {
        tries.push(clock.now() - 1_700_000_000_000)
        return number === 3 ? 'at last' : Promise.reject(new Error(`${number}`))
      },
      { clock, random: () => 0.5, maxAttempts: 5 },
    )
    await clock.advance(10_000)
    expect([await done, tries, clock.pending]).toEqual(['at last', [0, 1000, 3000], 0])
  })

  it('calls maxAttempts times, then says how often and why (S1.1, X1)', async () => {
    const operation = failing()
    const clock = instantClock()
    const error = await withRetry(operation, { clock, initialMs: 1 }).catch((error: unknown) => error as Error)
    expect(error).toBeInstanceOf(RetryableError)
    expect(error).toMatchObject({
      message: 'Operation failed after 3 attempts',
      name: 'RetryableError',
      cause: { message: 'of the operation' },
    })
    expect(operation).toHaveBeenCalledTimes(3)
    await expect(withRetry(failing('a text'), { clock, maxAttempts: 1 })).rejects.toMatchObject({
      message: 'Operation failed after 1 attempts',
      cause: { message: 'a text' },
    })
    const again = failing()
    await expect(withRetry(again, { clock, initialMs: 1, maxRetries: 3 })).rejects.toThrow('after 4 attempts')
    expect(again).toHaveBeenCalledTimes(4)
  })

  it('gives what another try cannot help as it is', async () => {
    const clock = instantClock()
    for (const error of [
      new NonRetryableError('no'),
      new CallboardError('invalid_args', 'no'),
      new CancellationError('no'),
    ]) {
      const operation = failing(error)
      await expect(withRetry(operation, { clock, initialMs: 1 })).rejects.toBe(error)
      expect(operation).toHaveBeenCalledOnce()
    }
    const retryable = failing(new CallboardError('offline', 'yes', { retryable: true }))
    await expect(withRetry(retryable, { clock, initialMs: 1 })).rejects.toBeInstanceOf(RetryableError)
    expect(retryable).toHaveBeenCalledTimes(3)
    const asked: unknown[][] = []
    const picky = failing('odd')
    await expect(withRetry(picky, { clock, shouldRetry: (...args) => !asked.push(args) })).rejects.toBe('odd')
    expect(asked).toEqual([['odd', 1]])
  })

  it('tries again what was too slow once', async () => {
    const clock = new ManualClock()
    const done = withRetry(
      ({ number, signal }) => withTimeout(() => (number === 2 ? 'fast' : new Promise(() => {})), 50, signal, clock),
      { clock, random: () => 0.5 },
    )
    await clock.advance(5000)
    expect([await done, clock.pending]).toEqual(['fast', 0])
  })

  it('rejects with the cancellation, in whatever phase (S1.4)', async () => {
    const clock = new ManualClock()
    const never = failing()
    await expect(withRetry(never, { signal: AbortSignal.abort(), clock, maxAttempts: 1 })).rejects.toThrow(CancellationError)
    expect(never).not.toHaveBeenCalled()

    const sleeping = countedController()
    const asleep = withRetry(failing(), { signal: sleeping.controller.signal, clock })
    await settle()
    expect(clock.pending).toBe(1)
    sleeping.controller.abort()
    await expect(asleep).rejects.toThrow(CancellationError)
    expect([clock.pending, sleeping.listeners]).toEqual([0, 0])

    const working = new AbortController()
    const run = withRetry(() => (working.abort('stop'), Promise.reject(new Error('of the operation'))), {
      signal: working.signal,
      maxAttempts: 1,
    })
    await expect(run).rejects.toMatchObject({ name: 'CancellationError', message: 'stop' })
  })

  it('tells of each delay, and binds options (S1.5)', async () => {
    const delays: unknown[] = []
    const retry = createRetryWrapper({
      clock: instantClock(),
      initialMs: 100,
      random: () => 1,
      onRetry: (_, failures, delayMs) => delays.push([failures, delayMs]),
    })
    await expect(retry(failing())).rejects.toThrow('after 3 attempts')
    await expect(retry(failing(), { maxAttempts: 2, jitter: 0 })).rejects.toThrow('after 2 attempts')
    expect(delays).toEqual([
      [1, 125],
      [2, 250],
      [1, 100],
    ])
  })
})
