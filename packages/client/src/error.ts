import type { ErrorCode, JsonValue } from './protocol/index.js'

/** The server's stable codes, and three that only a client can know. */
export type ClientErrorCode = ErrorCode | 'offline' | 'closed' | 'job_failed'

/**
 * Why something was not done. `code` is stable and the same over WebSocket and HTTP; `retryable` says whether the
 * same request may succeed later without being changed.
 */
export class CallboardError extends Error {
  override readonly name: string = 'CallboardError'
  declare readonly code: ClientErrorCode
  declare readonly retryable: boolean
  /** Facts for programs: the field, the limit, or the job's error. */
  declare readonly details: JsonValue | undefined

  constructor(
    code: ClientErrorCode,
    message: string,
    more: { retryable?: boolean; details?: JsonValue | undefined } = {},
  ) {
    super(message)
    this.code = code
    // What fails for want of a connection, of time or of room may succeed later.
    this.retryable = more.retryable ?? /^(off|tim|over)/.test(code)
    this.details = more.details
  }
}

/** What HTTP statuses and close codes mean; the latter end the tries. */
export const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  4500: 'unauthorized',
  4501: 'forbidden',
  4502: 'unsupported',
  4503: 'bad_message',
}
