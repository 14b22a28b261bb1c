/** How long to wait before the next try, and how often to try (X1, X2). `spec/backoff.json` holds for Rust as well. */

/**
 * Delays that grow between tries. The delay after `n` failures is `initialMs · factor^(n-1)`, at most `maxMs`, spread
 * by `± jitter`, and then held inside `minMs..maxMs`: unlike in seed 1 the jitter never leaves the band (S1.2).
 */
export interface Backoff {
  /** The delay after the first failure, before jitter. */
  readonly initialMs: number
  /** Growth per failure, at least 1. */
  readonly factor: number
  readonly minMs: number
  readonly maxMs: number
  /** Spread as a part of the delay, 0..1. It keeps many clients from coming back in step. */
  readonly jitter: number
  /** How many calls are made at most, the first one included; `Infinity` is without end. */
  readonly maxAttempts: number
}

/** What may be left out, and the other way to count (X1): three retries are four calls. */
export interface BackoffOptions extends Partial<Backoff> {
  readonly maxRetries?: number
}

const steady = { initialMs: 1000, factor: 2, minMs: 1000, maxMs: 30_000, jitter: 0, maxAttempts: Infinity }

/** The rule of each seed, so that its acceptance table can be run (X2). */
export const presets: {
  readonly [K in 'generation' | 'orchestration' | 'orchestratorCore' | 'stateSync' | 'orchflow']: Backoff
} = {
  /** Seed 0's reconnect (S0.34). */
  generation: { ...steady, initialMs: 3000, minMs: 3000, maxMs: 24_000 },
  /** Seed 1's retry (S1.1); what holds when nothing is said. */
  orchestration: { ...steady, minMs: 0, jitter: 0.25, maxAttempts: 3 },
  /** Seed 2's policy: three retries. */
  orchestratorCore: { ...steady, maxAttempts: 4 },
  /** Seed 3's reconnect (S3.15, S3.23). */
  stateSync: { ...steady, factor: 1.8, maxMs: 15_000, jitter: 0.2 },
  /** Seed 4's reconnect (S4.16). */
  orchflow: { ...steady, maxAttempts: 5 },
}

/** A backoff in which what makes no sense is read as the nearest that does: at least one call, a factor of 1 or more. */
export function createBackoff(options: BackoffOptions = {}): Backoff {
  const { maxRetries, ...given } = options
  const { initialMs, factor, minMs, maxMs, jitter, maxAttempts } = { ...presets.orchestration, ...given }
  const most = positive(maxMs, presets.orchestration.maxMs)
  const calls = maxRetries === undefined ? maxAttempts : maxRetries + 1
  return {
    initialMs: positive(initialMs, 0),
    factor: factor >= 1 ? factor : 1,
    minMs: Math.min(positive(minMs, 0), most),
    maxMs: most,
    jitter: Math.min(1, positive(jitter, 0)),
    maxAttempts: calls >= 1 ? calls : 1,
  }
}

/** The delay in whole ms after `failures` calls have failed; `chance` is in 0..1, and 0.5 its middle. */
export function delayMs(backoff: Backoff, failures: number, chance: number = 0.5): number {
  const { initialMs, factor, minMs, maxMs, jitter } = createBackoff(backoff)
  // Nothing times infinity is no number; a backoff that starts at nothing stays there.
  const grown = initialMs && initialMs * factor ** Math.max(0, failures - 1)
  const spread = Math.min(grown, maxMs) * (1 + jitter * (2 * chance - 1))
  return Math.round(Math.min(maxMs, Math.max(minMs, spread)))
}

/** Whether another call may follow after `failures` calls have failed. */
export function allowsAnother(backoff: Backoff, failures: number): boolean {
  return failures < backoff.maxAttempts
}

function positive(value: number, otherwise: number): number {
  return value >= 0 ? value : otherwise
}
