import { clampHz, throttle } from '../resilience/pace.js'
import { createStore, readable } from '../store.js'
import type { Clock, Job, Off, ReadableStore } from '../index.js'
import { ProgressSmoother, type Estimate } from './smoother.js'

/** A job's progress to be shown. `value` and `message` are what was reported last. */
export interface ShownProgress extends Estimate {
  readonly value: number
  readonly message?: string
  readonly attempt: number
}

export interface ProgressOptions {
  /** How often listeners hear of it, inside 2..10; 5 unless given (S1.18). A new attempt and the end come at once. */
  readonly hz?: number | undefined
  readonly clock?: Clock | undefined
}

/**
 * The progress of one job, for example of `client.job(id)`: smoothed, with a rate and the time that is left, for each
 * attempt anew (X3). The server's estimate fills in while our own is not known. Nothing is watched before somebody
 * listens, and nothing after the last one left.
 */
export function createProgress(
  job: ReadableStore<Job | undefined>,
  { hz, clock }: ProgressOptions = {},
): ReadableStore<ShownProgress | undefined> {
  const now = (): number => (clock ?? performance).now()
  const shown = createStore<ShownProgress | undefined>(undefined)
  let smoother = new ProgressSmoother()
  let latest: ShownProgress | undefined
  let seen: Job | undefined
  let count = 0
  let off: Off = () => {}
  const show = throttle(() => shown.set(latest), 1000 / clampHz(hz), { clock })
  const take = (next: Job | undefined): void => {
    if (next?.progress === seen?.progress && next?.attempt === seen?.attempt && next?.state === seen?.state) return
    const isSame = next?.attempt === latest?.attempt && next?.state === 'running'
    if (next?.attempt !== seen?.attempt) smoother = new ProgressSmoother()
    latest = next && shownOf(next, smoother, now())
    seen = next
    show()
    if (!isSame) show.flush()
  }
  const listen = (f: (value: ShownProgress | undefined) => void): Off => {
    const leave = shown.listen(f)
    if (!count++) off = job.subscribe(take)
    return () => {
      leave()
      if (--count) return
      off()
      show.cancel()
    }
  }
  return readable(shown.get, listen)
}

function shownOf(job: Job, smoother: ProgressSmoother, at: number): ShownProgress | undefined {
  const { progress, attempt } = job
  if (!progress) return undefined
  const { value, message, etaMs } = progress
  const estimate = smoother.addSample(value, at)
  const rest = job.state === 'running' ? (estimate.etaMs ?? etaMs) : undefined
  const { smoothed, rate } = estimate
  return Object.freeze({
    value,
    attempt,
    smoothed,
    rate,
    ...(message && { message }),
    ...(rest !== undefined && rest !== null && { etaMs: rest }),
  })
}
