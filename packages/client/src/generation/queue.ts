/** The jobs of the generation store, in the order in which they were put in (S0.1-S0.17). */
import { createStore, type Store } from '../store.js'
import type { ReadableStore } from '../types.js'
import {
  goodOf,
  idOf,
  identitiesOf,
  numberOrNull,
  objectOrNull,
  percentOf,
  recordOf,
  statusOf,
  textOrNull,
  type GenerationStatus,
  type Input,
  type ProgressUnit,
} from './words.js'

/** A job as the store keeps it (S0.2). Members that are not named here pass through. */
export interface GenerationJob {
  readonly id: string
  readonly jobId: string
  readonly uiId: string
  readonly backendId: string
  readonly prompt: string | null
  readonly name: string | null
  readonly status: GenerationStatus
  /** The server's own word, so that a cancelled job is not a failed one (W0.4). */
  readonly state: string | null
  /** 0..100. */
  readonly progress: number
  readonly message: string | null
  readonly error: string | null
  readonly params: Input | null
  readonly result: Input | null
  readonly created_at: string
  readonly startTime: string
  readonly finished_at: string | null
  readonly current_step: number | null
  readonly total_steps: number | null
  readonly steps: number | null
  readonly width: number | null
  readonly height: number | null
  readonly cfg_scale: number | null
  readonly seed: number | null
  readonly [member: string]: unknown
}

/** News of a job that runs. */
export interface ProgressMessage {
  readonly job_id: string | number
  readonly progress: number
  readonly status: string
  readonly current_step?: number
  readonly total_steps?: number
}

export interface QueueOptions {
  readonly now: () => number
  /** What the progress is that comes in; `fraction` unless given (X3). */
  readonly unit?: ProgressUnit
  readonly warn?: (message: string) => void
}

export interface GenerationQueue {
  /** The same array until something changes (S0.17). */
  readonly jobs: ReadableStore<readonly GenerationJob[]>
  enqueueJob(input: Input): GenerationJob
  setJobs(list: readonly Input[]): void
  /** Takes what is good of a server's list; what is no list is ignored (S0.7, S0.36). */
  ingestQueue(list: unknown): void
  updateJob(id: unknown, partial: Input): void
  removeJob(id: unknown): void
  clearCompletedJobs(): void
  handleProgressMessage(message: ProgressMessage): void
  getJobByIdentifier(id: unknown): GenerationJob | undefined
  getCancellableJobs(): readonly GenerationJob[]
  reset(): void
}

/** Only what waits or runs can be cancelled (S0.11); what is unknown can not (X4). */
export function isJobCancellable(job: Pick<GenerationJob, 'status'>): boolean {
  return job.status === 'queued' || job.status === 'processing'
}

const ranks: readonly GenerationStatus[] = ['processing', 'queued', 'completed', 'failed', 'unknown']

/** What runs, what waits, what is done, what failed; the newest first within each (S0.15, X18). */
export function sortedJobs(jobs: readonly GenerationJob[]): readonly GenerationJob[] {
  const keyed = jobs.map((job) => ({ job, rank: ranks.indexOf(job.status), time: timeOf(job) }))
  keyed.sort((a, b) => a.rank - b.rank || (a.time === b.time ? 0 : b.time - a.time))
  return Object.freeze(keyed.map(({ job }) => job))
}

/** Ascending with age; what cannot be read is older than everything. */
function timeOf({ created_at, startTime }: GenerationJob): number {
  const [created, started] = [Date.parse(created_at), Date.parse(startTime)]
  return !Number.isNaN(created) ? created : !Number.isNaN(started) ? started : Number.MIN_SAFE_INTEGER
}

export function createQueue(options: QueueOptions): GenerationQueue {
  return new Queue(options)
}

class Queue implements GenerationQueue {
  readonly jobs: Store<readonly GenerationJob[]> = createStore<readonly GenerationJob[]>(Object.freeze([]))
  readonly #now: () => number
  readonly #unit: ProgressUnit
  readonly #warn: (message: string) => void

  constructor({ now, unit = 'fraction', warn = () => {} }: QueueOptions) {
    this.#now = now
    this.#unit = unit
    this.#warn = warn
  }

  /** Puts it in the place of one with the same identity, whole; else at the end (S0.5). */
  enqueueJob(input: Input): GenerationJob {
    const job = this.#made(input)
    const jobs = this.jobs.get()
    const at = [job.uiId, job.backendId].map((id) => jobs.findIndex(has(id))).find((index) => index >= 0)
    this.#publish(at === undefined ? [...jobs, job] : jobs.map((one, index) => (index === at ? job : one)))
    return job
  }

  setJobs(list: readonly Input[]): void {
    this.#publish(list.map((input) => this.#made(input)))
  }

  ingestQueue(list: unknown): void {
    if (Array.isArray(list)) this.#publish(goodOf(list, (entry) => this.#made(entry), this.#warn))
  }

  /** Merges; who the job is cannot be changed (S0.8). */
  updateJob(id: unknown, partial: Input): void {
    const before = this.getJobByIdentifier(id)
    if (!before) return
    const { uiId, backendId, progress } = before
    // What is kept is a percentage already: only what comes in is read in the producer's unit.
    const percent = 'progress' in partial ? percentOf(partial['progress'], this.#unit) : progress
    const job = this.#made({ ...before, ...partial, uiId, backendId }, percent)
    this.#publish(this.jobs.get().map((one) => (one === before ? job : one)))
  }

  removeJob(id: unknown): void {
    const key = idOf(id)
    if (key) this.#publish(this.jobs.get().filter((job) => !has(key)(job)))
  }

  clearCompletedJobs(): void {
    this.#publish(this.jobs.get().filter(({ status }) => status !== 'completed' && status !== 'failed'))
  }

  /** News of a job that is not known makes it known (S0.13). */
  handleProgressMessage({ job_id, progress, status, current_step, total_steps }: ProgressMessage): void {
    const backendId = idOf(job_id)
    if (!backendId) return
    const news = {
      status,
      progress,
      ...(typeof current_step === 'number' && { current_step }),
      ...(typeof total_steps === 'number' && { total_steps }),
    }
    const known = this.jobs.get().find((job) => job.backendId === backendId)
    if (known) this.updateJob(known.uiId, news)
    else this.enqueueJob({ ...news, uiId: backendId, backendId })
  }

  getJobByIdentifier(id: unknown): GenerationJob | undefined {
    const key = idOf(id)
    return key ? this.jobs.get().find(has(key)) : undefined
  }

  getCancellableJobs(): readonly GenerationJob[] {
    return Object.freeze(this.jobs.get().filter(isJobCancellable))
  }

  reset(): void {
    this.#publish([])
  }

  /** A mutation that changes nothing publishes nothing (X17). */
  #publish(jobs: readonly GenerationJob[]): void {
    const before = this.jobs.get()
    if (jobs.length === before.length && jobs.every((job, index) => job === before[index])) return
    this.jobs.set(Object.freeze(jobs))
  }

  #made(input: Input, percent: number = percentOf(input['progress'], this.#unit)): GenerationJob {
    const at = new Date(this.#now()).toISOString()
    const make = (): string => `job-${this.#now()}-${Math.floor(Math.random() * 2 ** 48).toString(16)}`
    const { uiId, backendId } = identitiesOf(input, make)
    const startTime = idOf(input['startTime']) || idOf(input['created_at']) || at
    const word = input['status']
    return recordOf({
      ...input,
      id: uiId,
      jobId: backendId,
      uiId,
      backendId,
      status: statusOf(word),
      state: textOrNull(input['status'] === undefined ? undefined : (input['state'] ?? word)),
      progress: percent,
      prompt: textOrNull(input['prompt']),
      name: textOrNull(input['name']),
      message: textOrNull(input['message']),
      error: textOrNull(input['error']),
      params: objectOrNull(input['params'], 'params'),
      result: objectOrNull(input['result'], 'result'),
      created_at: idOf(input['created_at']) || startTime,
      startTime,
      finished_at: textOrNull(input['finished_at']),
      current_step: numberOrNull(input['current_step']),
      total_steps: numberOrNull(input['total_steps']),
      steps: numberOrNull(input['steps']),
      width: numberOrNull(input['width']),
      height: numberOrNull(input['height']),
      cfg_scale: numberOrNull(input['cfg_scale']),
      seed: numberOrNull(input['seed']),
    })
  }
}

function has(id: string): (job: GenerationJob) => boolean {
  return ({ uiId, backendId }) => uiId === id || backendId === id
}
