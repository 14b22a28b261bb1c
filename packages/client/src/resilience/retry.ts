import { systemClock } from '../setup.js'
import type { Clock } from '../types.js'
import { allowsAnother, createBackoff, delayMs, type BackoffOptions } from './backoff.js'
import { RetryableError } from './errors.js'
import { sleep, throwIfAborted } from './signal.js'

export interface RetryOptions extends BackoffOptions {
  /** Ends the tries; also wakes the sleep between two. */
  readonly signal?: AbortSignal | undefined
  /** Whether another try can help. Unless given: what does not say `retryable: false`, as `NonRetryableError` does. */
  readonly shouldRetry?: ((error: unknown, failures: number) => boolean) | undefined
  /** Called before each sleep. */
  readonly onRetry?: ((error: unknown, failures: number, delayMs: number) => void) | undefined
  readonly clock?: Clock | undefined
  /** In [0, 1); spreads the delays. */
  readonly random?: (() => number) | undefined
}

/** What an operation knows of its try. */
export interface Attempt {
  /** From 1. */
  readonly number: number
  readonly signal: AbortSignal | undefined
}

/**
 * Calls `operation` until it succeeds (S1.3). Rejects with `RetryableError` when all tries failed (`cause` is the last
 * failure), with the failure itself when another try cannot help, and with `CancellationError` when it was cancelled,
 * in whatever phase (S1.4).
 */
export async function withRetry<T>(
  operation: (attempt: Attempt) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { signal, shouldRetry = isRetryable, onRetry, clock = systemClock, random = Math.random } = options
  const backoff = createBackoff(options)
  for (let failures = 0; ; ) {
    throwIfAborted(signal)
    try {
      return await operation({ number: failures + 1, signal })
    } catch (error) {
      throwIfAborted(signal)
      if (!shouldRetry(error, ++failures)) throw error
      if (!allowsAnother(backoff, failures)) {
        const cause = error instanceof Error ? error : new Error(`${error}`)
        throw new RetryableError(`Operation failed after ${failures} attempts`, cause)
      }
      const delay = delayMs(backoff, failures, random())
      onRetry?.(error, failures, delay)
      await sleep(delay, signal, clock)
    }
  }
}

/** The same with options that are given once (S1.5). */
export function createRetryWrapper(
  options: RetryOptions,
): <T>(operation: (attempt: Attempt) => T | PromiseLike<T>, more?: RetryOptions) => Promise<T> {
  return (operation, more) => withRetry(operation, { ...options, ...more })
}

function isRetryable(error: unknown): boolean {
  return (Object(error) as { retryable?: unknown }).retryable !== false
}
