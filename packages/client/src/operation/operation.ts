/** What became of something asynchronous, as a value in five states (S1.19). Times are epoch ms unless given. */

export type OperationState = 'idle' | 'pending' | 'success' | 'error' | 'cancelled'

interface Times {
  readonly startTime?: number
  readonly endTime?: number
}

/** A tagged union: a state cannot hold what it does not have. Frozen. */
export type AsyncOperation<T = unknown> = Times &
  (
    | { readonly state: 'idle' | 'pending'; readonly data?: undefined; readonly error?: undefined }
    | { readonly state: 'success'; readonly data: T; readonly error?: undefined }
    | { readonly state: 'error'; readonly data?: undefined; readonly error: unknown }
    | { readonly state: 'cancelled'; readonly data?: T; readonly error?: undefined }
  )

/** A step of an operation, with what belongs to it. */
export type OperationChange<T> =
  | { readonly state: 'idle' | 'pending' | 'cancelled' }
  | { readonly state: 'success'; readonly data: T }
  | { readonly state: 'error'; readonly error: unknown }

const idle: AsyncOperation<never> = Object.freeze({ state: 'idle' })

/** Nothing was asked for yet. */
export function createAsyncOperation<T>(): AsyncOperation<T> {
  return idle
}

export function createPendingOperation<T>(now?: number): AsyncOperation<T> {
  return updateOperationState<T>(idle, { state: 'pending' }, now)
}

export function createSuccessOperation<T>(data: T, now?: number): AsyncOperation<T> {
  return updateOperationState<T>(idle, { state: 'success', data }, now)
}

export function createErrorOperation<T>(error: unknown, now?: number): AsyncOperation<T> {
  return updateOperationState<T>(idle, { state: 'error', error }, now)
}

export function createCancelledOperation<T>(now?: number): AsyncOperation<T> {
  return updateOperationState<T>(idle, { state: 'cancelled' }, now)
}

/**
 * The next state. `pending` keeps a start that is known and forgets what came of it; `success` and `error` end it with
 * what came; `cancelled` ends it and keeps the data that was there; `idle` begins anew.
 */
export function updateOperationState<T>(
  { startTime, data }: AsyncOperation<T>,
  change: OperationChange<T>,
  now: number = Date.now(),
): AsyncOperation<T> {
  const start = startTime !== undefined && { startTime }
  switch (change.state) {
    case 'idle':
      return idle
    case 'pending':
      return Object.freeze({ state: 'pending', startTime: startTime ?? now })
    case 'cancelled':
      return Object.freeze({ ...start, ...(data !== undefined && { data }), state: 'cancelled', endTime: now })
    default:
      return Object.freeze({ ...start, ...change, endTime: now })
  }
}

/** ms from the start to the end, or to now; `undefined` without a start. */
export function duration({ startTime, endTime }: Times, now: number = Date.now()): number | undefined {
  return startTime === undefined ? undefined : (endTime ?? now) - startTime
}

type In<T, S extends OperationState> = Extract<AsyncOperation<T>, { readonly state: S }>

export function isIdle(operation: AsyncOperation): boolean {
  return operation.state === 'idle'
}

export function isLoading(operation: AsyncOperation): boolean {
  return operation.state === 'pending'
}

export function isSuccess<T>(operation: AsyncOperation<T>): operation is In<T, 'success'> {
  return operation.state === 'success'
}

export function isError<T>(operation: AsyncOperation<T>): operation is In<T, 'error'> {
  return operation.state === 'error'
}

export function isCancelled<T>(operation: AsyncOperation<T>): operation is In<T, 'cancelled'> {
  return operation.state === 'cancelled'
}

/** Whether it has ended, in whatever way. */
export function isTerminal(operation: AsyncOperation): boolean {
  return !isIdle(operation) && !isLoading(operation)
}
