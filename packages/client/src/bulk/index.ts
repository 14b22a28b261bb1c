/** One action on all jobs that a query means: counted first, then done by a job that can be followed and awaited. */
import { CallboardError } from '../error.js'
import { createIds } from '../ids.js'
import { nothing } from '../store.js'
import type { Accepted, BulkAction, BulkCount, BulkResult, BulkValues, Job, JsonValue, Progress } from '../protocol/index.js'
import type { Client, Off, Telemetry } from '../types.js'

const newId = createIds(Date.now)

export interface BulkOptions {
  /** What the action needs: `queue` to move to, `priority`, tags to `add` and `remove`, a `reason` to cancel. */
  readonly args?: BulkValues | undefined
  /** The `at` of a count: jobs that came later are not meant. */
  readonly at?: string | undefined
  /** How many jobs may be deleted; their number when they are more than 100. */
  readonly confirm?: number | undefined
}

/**
 * A bulk under way. Awaiting it gives its counts; it rejects with `cancelled` or `job_failed`, whose `details` are the counts by
 * then, or with the reason why it was not accepted. Dropping it cancels nothing.
 */
export interface BulkHandle extends PromiseLike<BulkResult> {
  /** The id of the job that does it, once the server has it. */
  readonly accepted: Promise<string>
  /** Calls `f` with each new progress. */
  progress(f: (progress: Progress) => void): Off
  /** Stops it after the step that it is in. */
  cancel(reason?: string): Promise<void>
}

/** What an action would do to how many jobs; nothing is done. */
export async function countBulk(
  client: Client,
  action: BulkAction,
  query: string,
  options: BulkOptions = {},
): Promise<BulkCount> {
  const { result } = await send(client, { ...options, action, query, dryRun: true })
  return result as unknown as BulkCount
}

/** Does it. `conflict` when more than 100 jobs would be deleted and `confirm` is not their number. */
export function runBulk(client: Client, action: BulkAction, query: string, options: BulkOptions = {}): BulkHandle {
  const accepted = send(client, { ...options, action, query }).then(({ result }) => (result as { id: string }).id)
  const result = accepted.then((id) => end(client, id))
  // Whoever does not await the handle does not want to hear of its failure; the job shows it.
  result.catch(nothing)
  return {
    accepted,
    progress: (f) => follow(client, accepted, f),
    cancel: async (reason) => {
      const id = await accepted
      await client.command('jobs.cancel', { id, ...(reason !== undefined && { reason }) })
    },
    then: (done, failed) => result.then(done, failed),
  }
}

function send(client: Client, args: object): Promise<Accepted> {
  // A key, so that a broken connection does not do it twice.
  return client.command('jobs.bulk', args as JsonValue, { key: `bulk:${newId()}` })
}

function follow(client: Client, accepted: Promise<string>, f: (progress: Progress) => void): Off {
  let off: Off | undefined
  let isOver = false
  let last: Progress | undefined
  accepted.then((id) => {
    if (isOver) return
    off = client.job(id).subscribe((job) => {
      const next = job?.progress
      if (next && next !== last) f((last = next))
    })
  }, nothing)
  return () => {
    isOver = true
    off?.()
  }
}

/** Waits for the end of the job, which may have left the live state by then. */
async function end(client: Client, id: string): Promise<BulkResult> {
  const offs: Off[] = []
  const job = await new Promise<Job>((resolve, reject) => {
    let isAsking = false
    const isOver = ({ finishedAt }: Job): boolean => finishedAt !== undefined
    const check = (): void => {
      const job = client.jobs.get(id)
      if (job ? isOver(job) : isAsking) return job && resolve(job)
      if (job) return
      // Not shown yet, or ended while we were away.
      isAsking = true
      client
        .http<Job>(`api/jobs/${encodeURIComponent(id)}`)
        .then((job) => isOver(job) && resolve(job), (error: CallboardError) => error.code === 'not_found' && reject(error))
        .finally(() => {
          isAsking = false
        })
    }
    const isClosed = ({ phase }: Telemetry): void => {
      if (phase === 'closed') reject(new CallboardError('closed', 'the client is closed'))
    }
    offs.push(client.jobs.item(id).listen(check), client.position.listen(check), client.telemetry.listen(isClosed))
    check()
  }).finally(() => {
    for (const off of offs) off()
  })
  const { state, error, cancel, result } = job
  if (state === 'succeeded') return result as unknown as BulkResult
  const isCancelled = state === 'cancelled'
  const message = (isCancelled ? cancel?.reason : error?.message) ?? `it is ${state}`
  throw new CallboardError(isCancelled ? 'cancelled' : 'job_failed', message, { details: result })
}
