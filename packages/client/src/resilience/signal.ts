/** Cancellation with `AbortSignal`: nothing here stays registered once it has served (W1.4). */
import { systemClock } from '../setup.js'
import type { Clock, Off } from '../types.js'
import { CancellationError } from './errors.js'

/** The longest time that a timer can hold: 24.8 days. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** A signal that follows others. It holds on to them until it is aborted or released. */
export interface LinkedSignal {
  readonly signal: AbortSignal
  /** Lets go of what it follows. Calling it again does nothing. */
  release(): void
}

/** Calls `f` once with the error when the signal is aborted; at once if it is already (S1.6). */
export function onAbort(signal: AbortSignal | undefined, f: (error: CancellationError) => void): Off {
  const hear = (): void => f(errorOf(signal))
  if (signal?.aborted) hear()
  else signal?.addEventListener('abort', hear, { once: true })
  return () => signal?.removeEventListener('abort', hear)
}

/** Throws a `CancellationError` if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw errorOf(signal)
}

/** Aborted when any of these is; never without any (S1.7). */
export function combine(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const link = createLink()
  for (const signal of new Set(signals)) link.follow(signal)
  return link.linked
}

/** Aborted after `ms`, or when `signal` is. Release it when its work is done: that clears the timer (S1.7, W1.4). */
export function timeout(ms: number, signal?: AbortSignal, clock: Clock = systemClock): LinkedSignal {
  const link = createLink()
  const late = (): void => link.abort(new CancellationError({ name: 'TimeoutError' }))
  link.follow(signal)
  if (signal?.aborted) return link.linked
  const timer = clock.setTimeout(late, Math.min(ms, TIMER_MS_MAX))
  link.atEnd(() => clock.clearTimeout(timer))
  return link.linked
}

/** The first of the result, its failure, and the cancellation; a signal that is aborted already wins (S1.7). */
export function race<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, reject)
    promise.then(resolve, reject).then(off)
  })
}

/** Waits, at most 24.8 days; rejects with a `CancellationError` as soon as the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(errorOf(signal))
    const wake = (): void => {
      off()
      resolve()
    }
    const timer = clock.setTimeout(wake, Math.min(ms, TIMER_MS_MAX))
    const off = onAbort(signal, (error) => {
      clock.clearTimeout(timer)
      reject(error)
    })
  })
}

/** Gives `operation` at most `ms`. It is told by its signal; whether it stops or not, the time is kept. */
export async function withTimeout<T>(
  operation: (signal: AbortSignal) => T | PromiseLike<T>,
  ms: number,
  signal?: AbortSignal,
  clock?: Clock,
): Promise<T> {
  throwIfAborted(signal)
  const linked = timeout(ms, signal, clock)
  try {
    return await race(Promise.resolve(operation(linked.signal)), linked.signal)
  } finally {
    linked.release()
  }
}

function errorOf(signal: AbortSignal | undefined): CancellationError {
  const reason: unknown = signal?.reason
  return reason instanceof CancellationError ? reason : new CancellationError(reason)
}

interface Link {
  readonly linked: LinkedSignal
  abort(error: CancellationError): void
  follow(signal: AbortSignal | undefined): void
  /** Calls `off` when the link is aborted or released. */
  atEnd(off: Off): void
}

function createLink(): Link {
  const controller = new AbortController()
  const { signal } = controller
  const offs: Off[] = []
  const release = (): void => {
    for (const off of offs.splice(0)) off()
  }
  const abort = (error: CancellationError): void => {
    release()
    controller.abort(error)
  }
  return {
    linked: { signal, release },
    abort,
    follow(other) {
      if (!signal.aborted) offs.push(onAbort(other, abort))
    },
    atEnd: (off) => void offs.push(off),
  }
}
