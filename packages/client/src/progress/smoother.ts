/** What is known of a progress. Frozen. */
export interface Estimate {
  /** Progress without its jumps, 0..1: never falls, is never ahead of the real one, and is 1 exactly when that is. */
  readonly smoothed: number
  /** Progress per second; 0 while it is not known. */
  readonly rate: number
  /** What is left of the time; none below three samples, without a positive rate, and at the end. */
  readonly etaMs?: number
}

/** Samples that a line is laid through. */
const SAMPLES = 50
/** Fewer say nothing (S1.16). */
const SAMPLES_MIN = 3
/** Samples closer together count as one, so that the window spans some seconds however often is reported. */
const SPACING_MS = 100
/** The longest time that is told, about 31 years, as in Rust. */
const ETA_MS_MAX = 1e12

interface Sample {
  readonly at: number
  readonly value: number
}

/**
 * Turns samples of one attempt's progress into an estimate; one smoother per attempt (W1.2). A straight line is laid
 * through the newest samples: its slope is the rate, its end the smoothed progress. On steady work that is exact, where
 * a moving average shows 55 % at the end. The same rule as `Estimator` in the crate `callboard-flow`.
 */
export class ProgressSmoother {
  #window: Sample[] = []
  #estimate: Estimate = Object.freeze({ smoothed: 0, rate: 0 })

  /** What was known after the last sample. */
  get estimate(): Estimate {
    return this.#estimate
  }

  /**
   * Takes in progress `value` at the time `at`, in ms from any origin, monotonic unless given. A value outside 0..1 is
   * moved to the nearer end, one below an earlier one is read as that one (X3), one that is no number is left out. A
   * time before the last one is read as that one.
   */
  addSample(value: number, at: number = performance.now()): Estimate {
    if (!Number.isNaN(value) && Number.isFinite(at)) {
      this.#keep(at, Math.min(1, Math.max(0, value)))
      this.#estimate = Object.freeze(this.#calculate())
    }
    return this.#estimate
  }

  #keep(at: number, value: number): void {
    const window = this.#window
    const last = window.at(-1)
    const before = window.at(-2)
    const sample = { at: Math.max(at, last?.at ?? at), value: Math.max(value, last?.value ?? 0) }
    // The slot of the newest sample begins at the one before it, so that a stream of close ones still advances.
    if (last?.at === sample.at || (before && sample.at - before.at < SPACING_MS)) window.pop()
    if (window.push(sample) > SAMPLES) window.shift()
  }

  #calculate(): Estimate {
    const last = this.#window.at(-1) as Sample
    const line = lineThrough(this.#window)
    const rate = (line?.slope ?? 0) * 1000
    if (last.value === 1) return { smoothed: 1, rate }
    // What was shown once is not taken back, also when the line bends.
    const smoothed = line ? Math.max(Math.min(line.end, last.value), this.#estimate.smoothed) : last.value
    return { smoothed, rate, ...(rate > 0 && { etaMs: Math.min(((1 - smoothed) / rate) * 1000, ETA_MS_MAX) }) }
  }
}

/**
 * Least squares in ms since the first sample and around the means, so that nothing is lost to large numbers: the
 * original took dates and got a rate of -0.000035 for 0.2 (W1.2).
 */
function lineThrough(window: readonly Sample[]): { readonly slope: number; readonly end: number } | undefined {
  const count = window.length
  if (count < SAMPLES_MIN) return undefined
  const origin = (window[0] as Sample).at
  const meanAt = window.reduce((sum, { at }) => sum + at - origin, 0) / count
  const meanValue = window.reduce((sum, { value }) => sum + value, 0) / count
  let shared = 0
  let spread = 0
  for (const { at, value } of window) {
    const off = at - origin - meanAt
    shared += off * (value - meanValue)
    spread += off * off
  }
  if (spread === 0) return undefined
  const slope = Math.max(0, shared / spread)
  return { slope, end: meanValue + slope * ((window[count - 1] as Sample).at - origin - meanAt) }
}
