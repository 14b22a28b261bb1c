/** What the generation store needs of a server, and how a Callboard gives it. */
import type { PauseReason } from '../manager/environment.js'
import { createOptimistic, type Optimistic, type OptimisticJob } from '../optimistic/index.js'
import type { JsonValue, ResultRecord } from '../protocol/index.js'
import type { Client, JsonObject, Off } from '../types.js'
import type { ProgressMessage } from './queue.js'
import type { CompletionMessage } from './results.js'
import { connectionOf, type ConnectionSnapshot } from './transport.js'
import { isRecord, type Input } from './words.js'

/** The answer to a start; without a `job_id` nothing is queued (S0.18). */
export interface StartResponse {
  readonly job_id?: string | number
  readonly status?: string
  readonly progress?: number
  readonly [member: string]: unknown
}

/** That a job failed. */
export interface ErrorMessage {
  readonly job_id: string | number
  readonly error?: string
  readonly status?: string
}

/** Where a backend tells what it hears. */
export interface GenerationSink {
  progress(message: ProgressMessage): void
  completion(message: CompletionMessage): void
  error(message: ErrorMessage): void
  queue(list: unknown): void
  results(list: unknown): void
  status(payload: unknown): void
  connection(moment: ConnectionSnapshot): void
}

/** A server that makes things. Every failure is a rejection; nothing is caught for the caller. */
export interface GenerationBackend {
  /** Its address; who asks how it stands is told by it (S0.29). */
  readonly url: string
  loadStatus(): Promise<unknown>
  loadJobs(): Promise<unknown>
  loadResults(limit: number): Promise<unknown>
  start(payload: Input): Promise<StartResponse>
  cancel(backendId: string): Promise<unknown>
  deleteResult(id: string | number): Promise<unknown>
  /** Begins to hear; tells `sink` until `disconnect`. */
  connect(sink: GenerationSink): void
  disconnect(): void
  reconnect(): void
  pause?(reasons: readonly PauseReason[]): void
  /** Lets go for good. */
  close?(): void
}

export interface CallboardBackendOptions {
  /** The kind of job that a start asks for. */
  readonly kind: string
  /** The board's base, as given to the client. */
  readonly url: string
  readonly now?: () => number
}

/**
 * A Callboard as a backend: jobs and results come from the mirror, with what was asked for here laid over them, so
 * that a list never takes away what was just started (X6, W0.3).
 */
export function callboardBackend(client: Client, options: CallboardBackendOptions): GenerationBackend {
  const { kind, url, now = Date.now } = options
  const board = createOptimistic(client)
  let offs: readonly Off[] = []
  const disconnect = (): void => {
    for (const off of offs) off()
    offs = []
  }
  return {
    url,
    loadStatus: async () => statusOfState(client.state.get(), client),
    loadJobs: async () => jobsOf(board, kind),
    loadResults: async (limit) => resultsOf(client, kind, limit),
    async start(payload) {
      const handle = board.start(kind, payload as JsonObject)
      await handle.accepted
      return { job_id: handle.id, status: 'queued', progress: 0 }
    },
    cancel: (id) => board.cancel(id),
    deleteResult: (id) => client.command('results.delete', { id: `${id}` } satisfies JsonValue),
    connect(sink) {
      disconnect()
      const isOfKind = (id: string): boolean => {
        const known = board.jobs.get(id)
        return !known || known.kind === kind
      }
      offs = [
        connectionOf(client, url, now, (moment) => sink.connection(moment)),
        board.jobs.listen((changed) => [...changed].some(isOfKind) && sink.queue(jobsOf(board, kind))),
        client.results.listen(() => sink.results(resultsOf(client, kind, client.results.size))),
        client.state.listen((state) => sink.status(statusOfState(state, client))),
      ]
      client.connect()
    },
    disconnect() {
      disconnect()
      client.close()
    },
    reconnect() {
      client.close()
      client.connect()
    },
    pause: (reasons) => (reasons.length ? client.pause() : client.resume()),
    close: () => board.close(),
  }
}

/** Jobs that are under way, and those that went wrong: what succeeded is a result. */
function jobsOf({ jobs }: Optimistic, kind: string): readonly Input[] {
  return jobs
    .toArray()
    .filter((job) => job.kind === kind && job.state !== 'succeeded')
    .map(jobInput)
}

function jobInput(job: OptimisticJob): Input {
  const { id, title, state, progress, error, args, createdAt, startedAt, finishedAt, optimistic } = job
  const params = isRecord(args) ? args : null
  return {
    ...params,
    id,
    name: title,
    status: state,
    state,
    progress: progress?.value ?? 0,
    message: progress?.message,
    current_step: progress?.step,
    total_steps: progress?.steps ?? params?.['steps'],
    error: error?.message,
    params,
    created_at: createdAt,
    startTime: startedAt ?? createdAt,
    finished_at: finishedAt,
    optimistic: optimistic ?? false,
  }
}

/** The newest first; ids rise with time. */
function resultsOf(client: Client, kind: string, limit: number): readonly Input[] {
  const records = client.results.toArray().filter((record) => record.kind === kind)
  return records.slice(-limit).reverse().map(resultInput)
}

function resultInput(record: ResultRecord): Input {
  const { id, title, createdAt, result, artifacts = [] } = record
  const picture = artifacts.find(({ mime }) => mime.startsWith('image/'))
  return {
    ...(isRecord(result) ? result : { value: result ?? null }),
    id,
    name: title,
    created_at: createdAt,
    status: 'succeeded',
    image_url: picture ? `api/artifacts/${picture.sha256}` : null,
    artifacts,
  }
}

function statusOfState(state: JsonObject | undefined, client: Client): Input | null {
  if (!state) return null
  const { meta, system } = state
  const open = client.jobs.toArray().filter((job) => job.state === 'queued' || job.state === 'scheduled').length
  return {
    queue_length: open,
    status: isRecord(meta) ? (meta['status'] ?? 'unknown') : 'unknown',
    ...(isRecord(system) ? system : {}),
  }
}
