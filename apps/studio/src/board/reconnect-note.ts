/** What happened while the page was away, in one or two sentences. Pure: two pictures of the board in, words out. */
import type { Job, JobState } from '@callboard/client'
import { plural } from '../lib/format'
import { isTerminal } from '../lib/states'

/** What is compared of one job. */
export interface JobFacts {
  readonly state: JobState
  readonly attempt: number
}

/** The board at one moment, as far as the comparison needs it. */
export interface BoardFacts {
  readonly epoch: string
  /** Rises with every start of the server. */
  readonly boots: number
  readonly jobs: ReadonlyMap<string, JobFacts>
}

/** The facts of the jobs that are not finished, and of those in `keep`. */
export function jobFacts(jobs: Iterable<Job>, keep?: ReadonlyMap<string, unknown>): Map<string, JobFacts> {
  const facts = new Map<string, JobFacts>()
  for (const job of jobs) {
    const wanted = !isTerminal(job.state) || keep?.has(job.id) === true
    if (wanted) facts.set(job.id, { state: job.state, attempt: job.attempt })
  }
  return facts
}

/** Whether jobs that a restart interrupted still wait for their next attempt, so that the note can wait a moment for them. */
export function isRecovering(before: BoardFacts, after: BoardFacts): boolean {
  if (before.boots === after.boots || before.epoch !== after.epoch) return false
  return interrupted(before, after).some((pair) => pair.now.state === 'queued' && pair.now.attempt === pair.then.attempt)
}

/** The note. */
export function describeReturn(before: BoardFacts, after: BoardFacts): string {
  if (before.epoch !== after.epoch) {
    return 'Reconnected. The server began a new history, so everything was loaded again.'
  }
  const finished = [...before.jobs.keys()].filter((id) => {
    const now = after.jobs.get(id)
    return now !== undefined && isTerminal(now.state)
  }).length
  const meanwhile = finished === 0 ? '' : ` ${plural(finished, 'job')} finished meanwhile.`
  if (before.boots === after.boots) return `Reconnected.${meanwhile || ' Nothing was missed.'}`
  return `Reconnected. The server restarted; ${describeAgain(interrupted(before, after))}.${meanwhile}`
}

interface Pair {
  readonly then: JobFacts
  readonly now: JobFacts
}

/** Jobs that ran before and whose attempt did not survive. */
function interrupted(before: BoardFacts, after: BoardFacts): Pair[] {
  const pairs: Pair[] = []
  for (const [id, then] of before.jobs) {
    const now = after.jobs.get(id)
    if (then.state !== 'running' || now === undefined || isTerminal(now.state)) continue
    if (now.attempt > then.attempt || now.state !== 'running') pairs.push({ then, now })
  }
  return pairs
}

function describeAgain(pairs: readonly Pair[]): string {
  const again = pairs.filter((pair) => pair.now.attempt > pair.then.attempt)
  const waiting = pairs.length - again.length
  const parts: string[] = []
  if (again.length > 0) {
    const attempts = new Set(again.map((pair) => pair.now.attempt))
    const [first] = attempts
    const as = attempts.size === 1 && first !== undefined ? `as attempt ${first}` : 'as new attempts'
    parts.push(`${plural(again.length, 'job')} ${again.length === 1 ? 'runs' : 'run'} again ${as}`)
  }
  if (waiting > 0) parts.push(`${plural(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'} to run again`)
  return parts.length === 0 ? 'no running job was interrupted' : parts.join(', ')
}
