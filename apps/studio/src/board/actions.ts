/** What a person can do to jobs. The page shows it at once and takes it back, with the server's words, when it is refused. */
import type { Client, Job, JsonObject } from '@callboard/client'
import { shallowReactive } from 'vue'
import { isTerminal } from '../lib/states'
import { plural } from '../lib/format'
import { errorText } from './errors'
import type { Toasts } from './toasts'

/** Something that can be asked of a job. */
export type JobAction = 'cancel' | 'retry' | 'delete'

/** Whether an action fits a job as it is now. */
export function allows(action: JobAction, job: Job): boolean {
  switch (action) {
    case 'cancel':
      return !isTerminal(job.state) && job.cancel === undefined
    case 'retry':
    case 'delete':
      return isTerminal(job.state)
  }
}

/** The actions of one board. */
export class JobActions {
  readonly #client: Client
  readonly #toasts: Toasts
  /** Jobs with a cancel on its way that the state does not show yet. */
  readonly cancelling: Set<string> = shallowReactive(new Set())

  constructor(client: Client, toasts: Toasts) {
    this.#client = client
    this.#toasts = toasts
  }

  /** Whether a job is being stopped: on its way, or known to the server. */
  isCancelling(job: Job): boolean {
    return !isTerminal(job.state) && (job.cancel !== undefined || this.cancelling.has(job.id))
  }

  /** Does one action to one job; says whether the server accepted. */
  async run(action: JobAction, id: string): Promise<boolean> {
    if (action === 'cancel') this.cancelling.add(id)
    try {
      await this.#client.command(`jobs.${action}`, { id })
      this.#settle(id)
      return true
    } catch (error) {
      this.cancelling.delete(id)
      this.#toasts.add('error', `The job was not ${PAST[action]}: ${errorText(error)}`)
      return false
    }
  }

  /** Does one action to many jobs, a few at a time, and reports the refusals once. */
  async runAll(action: JobAction, ids: readonly string[]): Promise<void> {
    if (action === 'cancel') for (const id of ids) this.cancelling.add(id)
    const queue = [...ids]
    const refused: string[] = []
    const work = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        try {
          await this.#client.command(`jobs.${action}`, { id })
          this.#settle(id)
        } catch (error) {
          this.cancelling.delete(id)
          refused.push(errorText(error))
        }
      }
    }
    await Promise.all(Array.from({ length: BULK_AT_ONCE }, work))
    const [first] = refused
    if (first === undefined) return
    this.#toasts.add('error', `${plural(refused.length, 'job')} of ${ids.length} not ${PAST[action]}: ${first}`)
  }

  /** Starts a job; its id, or `undefined` with a note when it was refused. */
  async dispatch(kind: string, args: JsonObject): Promise<DispatchOutcome> {
    try {
      const accepted = await this.#client.command('jobs.dispatch', { kind, args })
      const id = idOf(accepted.result)
      return id === undefined ? { ok: false, why: 'The server accepted the job but did not name it.' } : { ok: true, id }
    } catch (error) {
      return { ok: false, why: errorText(error) }
    }
  }

  /** The answer may be here before the patch that shows its effect: the sign stays until the patch came, with room to spare. */
  #settle(id: string): void {
    setTimeout(() => this.cancelling.delete(id), SETTLE_MS)
  }

  /** Takes an entry out of the results. */
  async deleteResult(id: string): Promise<void> {
    try {
      await this.#client.command('results.delete', { id })
    } catch (error) {
      this.#toasts.add('error', `The result was not deleted: ${errorText(error)}`)
    }
  }
}

/** Whether a job was accepted. */
export type DispatchOutcome = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }

/** Patches follow their commit within the server's debounce window, far below this. */
const SETTLE_MS = 1000

/** Commands under way at once in a bulk action; the server takes 64 per connection. */
const BULK_AT_ONCE = 8

const PAST: Readonly<Record<JobAction, string>> = { cancel: 'cancelled', retry: 'retried', delete: 'deleted' }

/** Which states an action can be done in, in words. */
export const FITS: Readonly<Record<JobAction, string>> = {
  cancel: 'already finished or stopping',
  retry: 'not finished',
  delete: 'not finished',
}

function idOf(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('id' in result)) return undefined
  return typeof result.id === 'string' ? result.id : undefined
}
