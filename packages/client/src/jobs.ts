import { CallboardError } from './error.js'
import type { Accepted, Job, JsonValue, Progress } from './protocol/index.js'
import { nothing } from './store.js'
import type { Client, JobHandle, Off, ReadableStore, StartOptions, Telemetry } from './types.js'

/** Asks for a job and follows it to its end. */
export function startJob<R>(
  client: Client,
  id: string,
  kind: string,
  args: JsonValue,
  options: StartOptions,
): JobHandle<R> {
  const { key, signal, ...rest } = options
  const dispatch = { ...rest, id, kind, args } as unknown as JsonValue
  const accepted = client.command('jobs.dispatch', dispatch, { key })
  const store = client.jobs.item(id)
  const result = ended(client, id, accepted).then((job) => {
    if (job.state === 'succeeded') return (job.result ?? null) as R
    throw failure(job, job.error)
  })
  // Whoever does not await the handle does not want to hear of its failure; the job itself shows it.
  result.catch(nothing)
  const cancel = async (reason?: string): Promise<void> => {
    await accepted
    await client.command('jobs.cancel', { id, reason } as JsonValue)
  }
  const abort = (): void => void cancel('aborted').catch(nothing)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return {
    id,
    store,
    accepted,
    cancel,
    progress: (f) => follow(store, f),
    then: (done, failed) => result.then(done, failed),
  }
}

/** Calls `f` with each new progress. */
export function follow(store: ReadableStore<Job | undefined>, f: (progress: Progress) => void): Off {
  let last: Progress | undefined
  return store.subscribe((job) => {
    const next = job?.progress
    if (next && next !== last) f((last = next))
  })
}

/**
 * A promise that `look` settles. It is asked whenever the record or the mirror moves, and told whether the mirror has reached
 * the version at which the command was accepted. A refusal, and the end of the client, reject it.
 */
export function settled<T>(
  client: Client,
  store: ReadableStore<unknown>,
  accepted: Promise<Accepted>,
  look: (isReached: boolean, resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
): Promise<T> {
  let offs: Off[]
  const result = new Promise<T>((resolve, reject) => {
    let version = Infinity
    const check = (): void => look((client.position.get()?.version ?? -1) >= version, resolve, reject)
    const isClosed = ({ phase }: Telemetry): false | void =>
      phase === 'closed' && reject(new CallboardError(phase, 'the client is closed'))
    offs = [store.listen(check), client.position.listen(check), client.telemetry.listen(isClosed)]
    accepted.then((ack) => {
      version = ack.version
      check()
    }, reject)
  })
  return result.finally(() => {
    for (const off of offs) off()
  })
}

/** The job once it is finished; also when it left the live state meanwhile. Rejects when there is none. */
export function ended(client: Client, id: string, accepted: Promise<Accepted>): Promise<Job> {
  let asking: Promise<unknown> | undefined
  return settled(client, client.jobs.item(id), accepted, (isReached, resolve, reject) => {
    const take = (job: Job): false | void => isOver(job) && resolve(job)
    const job = client.jobs.get(id)
    if (job) take(job)
    // Accepted, and no longer in the live state: it ended while we were away.
    else if (isReached) {
      asking ??= client
        .http<Job>(`api/jobs/${encodeURIComponent(id)}`)
        .then(take, (error: CallboardError) => error.code === 'not_found' && reject(error))
        .finally(() => (asking = undefined))
    }
  })
}

/** Whether nothing more happens to it by itself. */
export function isOver({ state }: { readonly state: string }): boolean {
  return /^(succ|fail|cancel)/.test(state)
}

/** Why a job that is over did not succeed. */
export function failure({ state, error, cancel }: Job, details: unknown): CallboardError {
  const isCancelled = state === 'cancelled'
  const message = (isCancelled ? cancel?.reason : error?.message) ?? `it is ${state}`
  return new CallboardError(isCancelled ? state : 'job_failed', message, { details: details as JsonValue | undefined })
}
