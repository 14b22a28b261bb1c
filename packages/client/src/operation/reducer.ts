/** For stores that change by actions (S1.20), and values derived from a state (S1.21). */
import { updateOperationState, type AsyncOperation, type OperationChange } from './operation.js'

export interface Action<P = unknown> {
  readonly type: string
  readonly payload: P
  /** Epoch ms. */
  readonly timestamp: number
  /** Joins the actions of one cause. */
  readonly correlationId?: string
}

export function createAction<P>(type: string, payload: P, correlationId?: string): Action<P> {
  return Object.freeze({ type, payload, timestamp: Date.now(), ...(correlationId !== undefined && { correlationId }) })
}

/**
 * Follows the actions `<name>/pending`, `/fulfilled` (its payload is the data), `/rejected` (the error) and
 * `/cancelled`; of any name unless one is given. Any other action gives back the same object.
 */
export function createOperationReducer<T>(
  name?: string,
): (operation: AsyncOperation<T>, action: Action) => AsyncOperation<T> {
  return (operation, { type, payload, timestamp }) => {
    const change = changeOf<T>(type.slice(type.lastIndexOf('/')), payload)
    const isMine = name === undefined || type.slice(0, type.lastIndexOf('/')) === name
    return change && isMine ? updateOperationState(operation, change, timestamp) : operation
  }
}

function changeOf<T>(suffix: string, payload: unknown): OperationChange<T> | undefined {
  switch (suffix) {
    case '/pending':
      return { state: 'pending' }
    case '/fulfilled':
      return { state: 'success', data: payload as T }
    case '/rejected':
      return { state: 'error', error: payload }
    case '/cancelled':
      return { state: 'cancelled' }
    default:
      return undefined
  }
}

/** Selects anew only when the state is another object; what is equal to the last result is that same result. */
export function createSelector<S, R>(
  select: (state: S) => R,
  equal: (a: R, b: R) => boolean = Object.is,
): (state: S) => R {
  let last: { readonly state: S; readonly result: R } | undefined
  return (state) => {
    if (last && Object.is(last.state, state)) return last.result
    const result = select(state)
    last = { state, result: last && equal(last.result, result) ? last.result : result }
    return last.result
  }
}
