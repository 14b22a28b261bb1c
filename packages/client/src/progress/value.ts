import { clampHz } from '../resilience/pace.js'

export interface ValueOptions {
  /** How often it is shown, inside 2..10; 5 unless given (S1.18). */
  readonly hz?: number | undefined
  /** After so long it has gone half of the way to a new value; 0, which does not smooth, unless given. */
  readonly halfLifeMs?: number | undefined
}

/**
 * A figure that moves without jumps and is shown only so often: a throughput, a temperature (S1.18). After one half-life it has
 * gone half of the way to a new value, however many samples came in between. The same rule as `ValueSmoother` in the crate
 * `callboard-flow`.
 */
export class ValueSmoother {
  readonly #intervalMs: number
  readonly #halfLifeMs: number
  #last: { readonly at: number; readonly value: number } | undefined
  #shownAt = -Infinity

  constructor({ hz, halfLifeMs = 0 }: ValueOptions = {}) {
    this.#intervalMs = 1000 / clampHz(hz)
    this.#halfLifeMs = Math.max(0, halfLifeMs)
  }

  /** The smoothed value now, shown or not; `undefined` before the first one. */
  get value(): number | undefined {
    return this.#last?.value
  }

  /**
   * Takes in `value` at the time `at`, in ms from any origin, monotonic unless given; whether it is time to show
   * `this.value`. With `force` the value is taken as it is and always shown: the end must not be held back. What is no
   * finite number is left out, and a time before the last one is read as that one.
   */
  shouldEmit(value: number, force: boolean = false, at: number = performance.now()): boolean {
    if (!Number.isFinite(value) || !Number.isFinite(at)) return false
    const last = this.#last
    const now = Math.max(at, last?.at ?? at)
    this.#last = { at: now, value: force || !last ? value : last.value + (value - last.value) * this.#weight(now - last.at) }
    if (!force && now - this.#shownAt < this.#intervalMs) return false
    this.#shownAt = now
    return true
  }

  #weight(passedMs: number): number {
    return this.#halfLifeMs ? 1 - 0.5 ** (passedMs / this.#halfLifeMs) : 1
  }
}
