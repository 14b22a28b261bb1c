import { CallboardError } from '../error.js'

/**
 * The one error of everything that was cancelled (S1.4, X5). `code` is `timeout` when time was the reason, else
 * `cancelled`; `cause` is the reason that was given to `AbortController.abort`. Only what was late may be tried again.
 */
export class CancellationError extends CallboardError {
  override readonly name = 'CancellationError'

  constructor(reason?: unknown) {
    const { name, code } = Object(reason) as { name?: unknown; code?: unknown }
    const isLate = name === 'TimeoutError' || code === 'timeout'
    const isSpoken = reason instanceof Error && name !== 'AbortError'
    const words = isSpoken ? reason.message : typeof reason === 'string' ? reason : ''
    super(isLate ? 'timeout' : 'cancelled', words || 'Operation was cancelled', { retryable: isLate })
    this.cause = reason
  }
}

/** All tries failed; `cause` is the last failure (S1.3). Later it may succeed. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  readonly retryable = true

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
  }
}

/** Thrown by an operation that another try cannot help (S1.5). */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
  }
}
