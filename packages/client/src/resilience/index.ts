/** Retries, cancellation, limits and bounded queues, usable alone (S1). */
export { allowsAnother, createBackoff, delayMs, presets, type Backoff, type BackoffOptions } from './backoff.js'
export { CancellationError, NonRetryableError, RetryableError } from './errors.js'
export { combine, onAbort, race, sleep, throwIfAborted, timeout, withTimeout, type LinkedSignal } from './signal.js'
export { createRetryWrapper, withRetry, type Attempt, type RetryOptions } from './retry.js'
export { Semaphore, type Release } from './semaphore.js'
export { createConcurrencyLimiter, type ConcurrencyLimiter, type LimiterOptions, type LimiterStats } from './limiter.js'
export { BoundedQueue, MessageBuffer, type DropStrategy, type QueueOptions, type QueueStats } from './queue.js'
export { clampHz, debounce, RateLimiter, throttle, type Paced, type ThrottleOptions } from './pace.js'
