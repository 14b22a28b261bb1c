/** One action on all jobs that a query means: counted first, then done by a job that can be followed and awaited. */
import { createIds } from '../ids.js'
import { ended, failure, follow as followJob } from '../jobs.js'
import { nothing } from '../store.js'
import type { Accepted, BulkAction, BulkCount, BulkResult, BulkValues, JsonValue, Progress } from '../protocol/index.js'
import type { Client, Off } from '../types.js'

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
  const answer = send(client, { ...options, action, query })
  const accepted = answer.then(({ result }) => (result as { id: string }).id)
  const result = accepted.then(async (id) => {
    const job = await ended(client, id, answer)
    if (job.state === 'succeeded') return job.result as unknown as BulkResult
    throw failure(job, job.result)
  })
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
  accepted.then((id) => {
    if (!isOver) off = followJob(client.job(id), f)
  }, nothing)
  return () => {
    isOver = true
    off?.()
  }
}
