import { createStore } from '../store.js'
import type { ReadableStore } from '../types.js'
import { createAsyncOperation, updateOperationState, type AsyncOperation, type OperationChange } from './operation.js'

/**
 * What a run does that finds another under way (S2.26). `all`: both run, the newest is shown. `replace`: the other is
 * cancelled. `ignore`: it does not start; it gives the outcome of the other.
 */
export type Overlap = 'all' | 'replace' | 'ignore'

export interface RunnerOptions {
  /** `all` unless given. */
  readonly overlap?: Overlap | undefined
  /** Epoch ms unless given. */
  readonly now?: (() => number) | undefined
}

/** A function whose newest run is a store in five states: what a button and its spinner need (S1.19, S1.20). */
export interface Runner<A extends readonly unknown[], T> extends ReadableStore<AsyncOperation<T>> {
  /** Starts a run at once. Gives its last state and never rejects; a failure is the state `error`. */
  run(...args: A): Promise<AsyncOperation<T>>
  /** Cancels all runs; their work is told by its signal, and no longer waited for. */
  cancel(reason?: unknown): void
  /** Cancels all runs and begins anew. */
  reset(): void
}

export function createRunner<A extends readonly unknown[], T>(
  work: (signal: AbortSignal, ...args: A) => T | PromiseLike<T>,
  { overlap = 'all', now = Date.now }: RunnerOptions = {},
): Runner<A, T> {
  const store = createStore<AsyncOperation<T>>(createAsyncOperation())
  const running = new Map<AbortController, Promise<AsyncOperation<T>>>()
  let newest: AbortController | undefined
  const cancel = (reason?: unknown): void => {
    for (const controller of [...running.keys()]) controller.abort(reason)
  }
  const start = ({ signal }: AbortController, args: A): Promise<AsyncOperation<T>> => {
    const pending = updateOperationState<T>(createAsyncOperation<T>(), { state: 'pending' }, now())
    const end = (change: OperationChange<T>): AsyncOperation<T> => updateOperationState(pending, change, now())
    const fail = (error: unknown): AsyncOperation<T> => {
      const isCancelled = (Object(error) as { code?: unknown }).code === 'cancelled'
      return end(isCancelled ? { state: 'cancelled' } : { state: 'error', error })
    }
    store.set(pending)
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(end({ state: 'cancelled' })))
      const data = new Promise<T>((give) => give(work(signal, ...args)))
      data.then((value) => end({ state: 'success', data: value }), fail).then(resolve)
    })
  }
  return {
    get: store.get,
    listen: store.listen,
    subscribe: store.subscribe,
    run(...args) {
      const other = newest && running.get(newest)
      if (other && overlap === 'ignore') return other
      if (overlap === 'replace') cancel()
      const mine = (newest = new AbortController())
      const run = start(mine, args).then((last) => {
        running.delete(mine)
        if (mine === newest) store.set(last)
        return last
      })
      running.set(mine, run)
      return run
    },
    cancel,
    reset() {
      cancel()
      newest = undefined
      store.set(createAsyncOperation())
    },
  }
}
