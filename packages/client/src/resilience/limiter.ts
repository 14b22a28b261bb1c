import { CallboardError } from '../error.js'
import { limit } from './limit.js'
import { Semaphore } from './semaphore.js'
import { throwIfAborted } from './signal.js'

export interface LimiterOptions {
  /** How many run at once; 5 unless given. 0 holds everything back. */
  readonly maxConcurrent?: number | undefined
  /** How many may wait; 20 unless given. */
  readonly queueLimit?: number | undefined
}

export interface LimiterStats {
  readonly running: number
  readonly queued: number
  readonly maxConcurrent: number
  readonly queueLimit: number
  /** Turned away because the queue was full. */
  readonly rejected: number
}

/** Runs a few at once, lets some wait in order, and turns the rest away (S1.8). */
export interface ConcurrencyLimiter {
  /**
   * Runs `operation` when a slot is free; at once if one is. Rejects with `overloaded` when too many wait, and with
   * `CancellationError` when the signal is aborted before the start; `operation` is then never called. An abort later
   * is the operation's own affair.
   */
  execute<T>(operation: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T>
  /** Other limits from now on. Nothing that runs or waits is turned away. */
  setLimits(limits: LimiterOptions): void
  getStats(): LimiterStats
}

export function createConcurrencyLimiter(options: LimiterOptions = {}): ConcurrencyLimiter {
  const slots = new Semaphore(options.maxConcurrent ?? 5)
  let queueLimit = limit('queueLimit', options.queueLimit, 20)
  let rejected = 0
  return {
    async execute(operation, signal) {
      throwIfAborted(signal)
      const free = slots.tryAcquire()
      if (!free && slots.waiting >= queueLimit) {
        rejected++
        throw new CallboardError('overloaded', 'Concurrency queue is full', { retryable: true })
      }
      const release = free ?? (await slots.acquire(signal))
      try {
        throwIfAborted(signal)
        return await operation()
      } finally {
        release()
      }
    },
    setLimits(limits) {
      queueLimit = limit('queueLimit', limits.queueLimit, queueLimit)
      slots.setPermits(limits.maxConcurrent ?? slots.permits)
    },
    getStats: () => ({
      running: slots.held,
      queued: slots.waiting,
      maxConcurrent: slots.permits,
      queueLimit,
      rejected,
    }),
  }
}
