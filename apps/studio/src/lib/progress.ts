/** Progress that is pleasant to watch: the number glides, the remaining time does not jump (X15). */
import { clampFraction } from './format'

/** How fast the shown number follows the true one: after this time two thirds of the way are gone. */
const GLIDE_MS = 180
/** The weight of a new estimate of the end against the ones before. */
const WEIGHT = 0.3
/** Fewer reports than this say nothing about the rate. */
const SAMPLES_MIN = 3

/** The fraction to show `elapsedMs` after `shown`, on the way to `target`. A step back (a new attempt) is taken at once. */
export function glide(shown: number, target: number, elapsedMs: number): number {
  const to = clampFraction(target)
  if (to <= shown || to === 1) return to
  const next = shown + (to - shown) * (1 - Math.exp(-elapsedMs / GLIDE_MS))
  return to - next < 0.0005 ? to : next
}

/** One report of a running attempt. */
export interface ProgressReport {
  readonly attempt: number
  readonly value: number
  /** The server's own estimate. */
  readonly etaMs?: number | undefined
}

/**
 * The time that is left, smoothed per attempt. Takes the server's estimate when there is one, else the rate since the first
 * report. Times are relative milliseconds of one steady clock. Says nothing while it knows too little or nothing moves.
 */
export class Remaining {
  #attempt = -1
  #first: { at: number; value: number } | undefined
  #last = -1
  #samples = 0
  #endsAt: number | undefined

  /** Takes a report; one that repeats the last value changes nothing. */
  report(now: number, report: ProgressReport): void {
    if (report.attempt !== this.#attempt) this.#restart(report.attempt)
    if (report.value === this.#last) return
    this.#last = report.value
    this.#samples += 1
    this.#first ??= { at: now, value: report.value }
    const left = report.etaMs ?? this.#byRate(now, report.value)
    if (left === undefined) return
    const endsAt = now + left
    this.#endsAt = this.#endsAt === undefined ? endsAt : this.#endsAt + (endsAt - this.#endsAt) * WEIGHT
  }

  /** Milliseconds that are left at `now`, or `undefined` when nobody can say. */
  at(now: number): number | undefined {
    return this.#endsAt === undefined ? undefined : Math.max(0, this.#endsAt - now)
  }

  #restart(attempt: number): void {
    this.#attempt = attempt
    this.#first = undefined
    this.#last = -1
    this.#samples = 0
    this.#endsAt = undefined
  }

  #byRate(now: number, value: number): number | undefined {
    const first = this.#first
    if (first === undefined || this.#samples < SAMPLES_MIN) return undefined
    const rate = (value - first.value) / (now - first.at)
    return rate > 0 && Number.isFinite(rate) ? (1 - value) / rate : undefined
  }
}
