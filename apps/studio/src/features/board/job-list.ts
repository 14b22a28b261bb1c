/** Which jobs the board lists and in what order: the newest first, whatever happens to them, so that rows stay where they are. */
import type { Job, JobState } from '@callboard/client'

/** What to list. */
export interface JobFilter {
  readonly states: readonly JobState[]
  /** Words that must all occur in the id, kind or title. */
  readonly text: string
}

interface Known {
  readonly createdAt: string
  readonly state: JobState
  readonly listed: boolean
}

/** Shorter words would be found by chance in the digits of every id. */
const ID_PART_MIN = 4

/** Whether a job has all the words, in any of its id, kind and title. */
export function hasWords(job: Pick<Job, 'id' | 'kind' | 'title'>, text: string): boolean {
  const id = job.id.toLowerCase()
  const words = `${job.kind}\n${job.title}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word) || id === word || (word.length >= ID_PART_MIN && id.includes(word)))
}

/**
 * The list, kept up job by job: a change of progress costs nothing here, {@link JobList.order} stays the same array as long
 * as the same jobs are listed, and a job that comes is put where it belongs without a look at the others.
 */
export class JobList {
  #filter: JobFilter
  #known = new Map<string, Known>()
  #counts = new Map<JobState, number>()
  #order: readonly string[] = []

  constructor(filter: JobFilter) {
    this.#filter = filter
  }

  /** Ids, newest first. */
  get order(): readonly string[] {
    return this.#order
  }

  /** How many jobs are in these states, listed or not. */
  count(states: readonly JobState[]): number {
    return states.reduce((sum, state) => sum + (this.#counts.get(state) ?? 0), 0)
  }

  /** How many jobs there are. */
  get size(): number {
    return this.#known.size
  }

  /** Whether this job is listed. */
  has(id: string): boolean {
    return this.#known.get(id)?.listed ?? false
  }

  /** Starts over with these jobs and this filter. */
  reset(jobs: Iterable<Job>, filter: JobFilter): void {
    this.#filter = filter
    this.#known = new Map()
    this.#counts = new Map()
    for (const job of jobs) this.#put(job)
    this.#order = []
    this.#place([...this.#known.keys()].filter((id) => this.#known.get(id)?.listed))
  }

  /** Takes in what became of some jobs; says whether {@link JobList.order} or a count changed. */
  apply(changed: Iterable<string>, get: (id: string) => Job | undefined): boolean {
    let counted = false
    const gone = new Set<string>()
    const come: string[] = []
    for (const id of changed) {
      const before = this.#known.get(id)
      const job = get(id)
      const after = job === undefined ? this.#drop(id) : this.#put(job)
      counted ||= before?.state !== after?.state
      const moved = before?.createdAt !== after?.createdAt
      if (before?.listed && (moved || !after?.listed)) gone.add(id)
      if (after?.listed && (moved || !before?.listed)) come.push(id)
    }
    if (gone.size > 0) this.#order = this.#order.filter((id) => !gone.has(id))
    if (come.length > 0) this.#place(come)
    return counted || gone.size > 0 || come.length > 0
  }

  #put(job: Job): Known {
    const before = this.#known.get(job.id)
    const listed = this.#filter.states.includes(job.state) && hasWords(job, this.#filter.text)
    if (before?.state === job.state && before.listed === listed && before.createdAt === job.createdAt) return before
    if (before !== undefined) this.#tally(before.state, -1)
    this.#tally(job.state, 1)
    const known = { createdAt: job.createdAt, state: job.state, listed }
    this.#known.set(job.id, known)
    return known
  }

  #drop(id: string): undefined {
    const before = this.#known.get(id)
    if (before !== undefined) this.#tally(before.state, -1)
    this.#known.delete(id)
    return undefined
  }

  #tally(state: JobState, by: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + by)
  }

  /** Puts ids that are not in the order where they belong. */
  #place(come: string[]): void {
    const newestFirst = come.map((id) => ({ id, at: this.#createdAt(id) })).sort((a, b) => compare(b.at, a.at) || compare(b.id, a.id))
    const order: string[] = []
    let from = 0
    for (const { id, at } of newestFirst) {
      const to = this.#after(id, at, from)
      for (; from < to; from += 1) order.push(this.#order[from] as string)
      order.push(id)
    }
    this.#order = order.concat(this.#order.slice(from))
  }

  /** The first place from `from` on whose job is older. */
  #after(id: string, at: string, from: number): number {
    let [low, high] = [from, this.#order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.#order[middle] as string
      if ((compare(this.#createdAt(there), at) || compare(there, id)) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #createdAt(id: string): string {
    return this.#known.get(id)?.createdAt ?? ''
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
