/** How often: throttle, debounce, a rate. The newest argument always wins (S1.18, S1.21, W1.5). */
import { systemClock } from '../setup.js'
import type { Clock } from '../types.js'

/** A function that is called less often than it is asked to. It is made for one function, so it cannot be shared. */
export interface Paced<A extends readonly unknown[]> {
  (...args: A): void
  /** Forgets the call that waits. */
  cancel(): void
  /** Makes the call that waits now. */
  flush(): void
}

export interface ThrottleOptions {
  /** Whether a call after a silence runs at once; true unless given. */
  readonly leading?: boolean | undefined
  /** Whether the last of the calls in between runs at the end of the interval; true unless given. */
  readonly trailing?: boolean | undefined
  /** Only differences of its `now` count; monotonic unless given. */
  readonly clock?: Clock | undefined
}

/** The rate of a user interface (S1.18): inside 2..10 Hz, 5 when nothing is said. */
export function clampHz(hz: number = 5): number {
  return Math.min(10, Math.max(2, hz || 5))
}

/** At most one call in `intervalMs`. Give `1000 / clampHz(hz)` for a user interface. */
export function throttle<A extends readonly unknown[]>(
  f: (...args: A) => void,
  intervalMs: number = 100,
  { leading = true, trailing = true, clock }: ThrottleOptions = {},
): Paced<A> {
  const wait = (silence: number): number => {
    const left = silence < intervalMs ? Math.min(intervalMs, intervalMs - silence) : leading ? 0 : intervalMs
    return trailing || !left ? left : -1
  }
  return pace(f, wait, false, clock)
}

/** One call when there was no other for `ms`. */
export function debounce<A extends readonly unknown[]>(
  f: (...args: A) => void,
  ms: number = 300,
  clock?: Clock,
): Paced<A> {
  return pace(f, () => ms || 1, true, clock)
}

/** `wait` says after how many ms of a silence to call: 0 is at once, less is never. */
function pace<A extends readonly unknown[]>(
  f: (...args: A) => void,
  wait: (silence: number) => number,
  isPostponed: boolean,
  clock: Clock = { ...systemClock, now: () => performance.now() },
): Paced<A> {
  let last = -Infinity
  let next: A | undefined
  let timer: unknown
  const cancel = (): void => {
    clock.clearTimeout(timer)
    next = undefined
  }
  const flush = (): void => {
    const args = next
    if (!args) return
    cancel()
    last = clock.now()
    f(...args)
  }
  const call = (...args: A): void => {
    if (isPostponed) cancel()
    const isWaiting = next
    const ms = wait(clock.now() - last)
    if (ms >= 0) next = args
    if (ms > 0 && !isWaiting) timer = clock.setTimeout(flush, ms)
    if (!ms) flush()
  }
  return Object.assign(call, { cancel, flush })
}

/** So many in any window of time; its memory is that of `limit` numbers (S1.18). */
export class RateLimiter {
  readonly #limit: number
  readonly #windowMs: number
  readonly #now: () => number
  #times: number[] = []
  #count = 0

  /** `now` only goes forward; of a monotonic clock unless given. */
  constructor(limit: number, windowMs: number = 1000, now: () => number = () => performance.now()) {
    this.#limit = Math.max(1, Math.floor(limit))
    this.#windowMs = windowMs
    this.#now = now
  }

  /** Whether one more is allowed now; it is then counted. */
  isAllowed(): boolean {
    const now = this.#now()
    const place = this.#count % this.#limit
    if (now - (this.#times[place] ?? -Infinity) < this.#windowMs) return false
    this.#times[place] = now
    this.#count++
    return true
  }

  /** How many were allowed in the window that ends now. */
  getCurrentRate(): number {
    const since = this.#now() - this.#windowMs
    return this.#times.filter((time) => time > since).length
  }

  reset(): void {
    this.#times = []
    this.#count = 0
  }
}
