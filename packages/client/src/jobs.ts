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
  const result = outcome<R>(client, id, accepted)
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

function follow(store: ReadableStore<Job | undefined>, f: (progress: Progress) => void): Off {
  let last: Progress | undefined
  return store.subscribe((job) => {
    const next = job?.progress
    if (next && next !== last) f((last = next))
  })
}

/** The result once the job is finished. Rejects when it did not succeed or was never accepted. */
function outcome<R>(client: Client, id: string, accepted: Promise<Accepted>): Promise<R> {
  let offs: Off[]
  const result = new Promise<R>((resolve, reject) => {
    let version = Infinity
    let isAsking = false
    const settle = (job: Job): void => {
      if (job.state === 'succeeded') resolve((job.result ?? null) as R)
      else if (job.state === 'failed' || job.state === 'cancelled') reject(failure(job))
    }
    const check = (): void => {
      const job = client.jobs.get(id)
      if (job) settle(job)
      else if (!isAsking && (client.position.get()?.version ?? -1) >= version) ask()
    }
    // Accepted, and no longer in the live state: it ended while we were away.
    const ask = (): void => {
      isAsking = true
      client
        .http<Job>(`api/jobs/${encodeURIComponent(id)}`)
        .then(settle, (error: CallboardError) => error.code === 'not_found' && reject(error))
        .finally(() => {
          isAsking = false
        })
    }
    const isClosed = ({ phase }: Telemetry): void => {
      if (phase === 'closed') reject(new CallboardError('closed', 'the client is closed'))
    }
    offs = [client.jobs.item(id).listen(check), client.position.listen(check), client.telemetry.listen(isClosed)]
    accepted.then((ack) => {
      version = ack.version
      check()
    }, reject)
  })
  return result.finally(() => {
    for (const off of offs) off()
  })
}

function failure({ state, error, cancel }: Job): CallboardError {
  const isCancelled = state === 'cancelled'
  const message = (isCancelled ? cancel?.reason : error?.message) ?? `it is ${state}`
  return new CallboardError(isCancelled ? state : 'job_failed', message, { details: error as JsonValue | undefined })
}
