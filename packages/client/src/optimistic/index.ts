/**
 * Jobs as they will be once the server has said so: what was asked for here is laid over the confirmed state at once, in
 * the order it was asked for, and is taken away by its own command's outcome, never by a guess (X6). A rejected command
 * leaves no trace but its error; an accepted one is dropped in the very change that brings its effect.
 */
import { BucketMap } from '../buckets.js'
import { CollectionView } from '../collection.js'
import { CallboardError } from '../error.js'
import { sessions } from '../internals.js'
import { isOver } from '../jobs.js'
import { equal, freezeDeep } from '../patch.js'
import type { Accepted, CommandName, Job, JsonValue } from '../protocol/index.js'
import type { Client, Collection, CommandOptions, JobHandle, Off, StartOptions } from '../types.js'

/** A job; `optimistic` while a command of ours about it has no confirmed effect. */
export type OptimisticJob = Job & { readonly optimistic?: true }

/** What was asked for, as a pure change of one job. */
interface Overlay {
  readonly id: string
  readonly change: (job: OptimisticJob | undefined) => OptimisticJob | undefined
  /** Where its effect is visible; known once it is accepted. */
  version?: number
}

/** A client's jobs with what was asked for laid over them. */
export interface Optimistic {
  readonly jobs: Collection<OptimisticJob>
  /** Commands whose effect is not confirmed yet. */
  readonly pending: number
  /** Like `client.start`; the job is in `jobs` at once, under the id that it keeps. */
  start<R = JsonValue>(kind: string, args: JsonValue, options?: StartOptions): JobHandle<R>
  /** Asks for a cancel; until it is confirmed the job says who asked, and keeps its state. */
  cancel(id: string, reason?: string, options?: CommandOptions): Promise<Accepted>
  /** Deletes a finished job; it is gone at once, and back if the server refuses. */
  delete(id: string, options?: CommandOptions): Promise<Accepted>
  /** Ends the view; what is under way goes on. */
  close(): void
}

/** Lays what is asked for here over the jobs of `client`. */
export function createOptimistic(client: Client): Optimistic {
  const layers = new Layers(client)
  return {
    jobs: layers.view,
    get pending() {
      return layers.size
    },
    start(kind, args, options = {}) {
      const id = options.id ?? newId(client)
      const job = expected(id, kind, args, options)
      const overlay = layers.add(id, (confirmed) => confirmed ?? job)
      const handle = client.start<never>(kind, args, { ...options, id })
      layers.settle(overlay, handle.accepted)
      return { ...handle, store: layers.view.item(id) }
    },
    cancel(id, reason, options) {
      const cancel = { requestedAt: new Date().toISOString(), by: '', ...(reason && { reason }) }
      const change: Overlay['change'] = (job) => (job && isOver(job) ? job : job && { ...job, cancel, optimistic: true })
      return layers.command(id, change, 'jobs.cancel', { id, ...(reason && { reason }) }, options)
    },
    delete: (id, options) => layers.command(id, () => undefined, 'jobs.delete', { id }, options),
    close: () => layers.close(),
  }
}

class Layers {
  readonly view: CollectionView<OptimisticJob> = new CollectionView<OptimisticJob>(new BucketMap<OptimisticJob>())
  readonly #client: Client
  readonly #overlays = new Set<Overlay>()
  readonly #offs: readonly Off[]
  #shown = new BucketMap<OptimisticJob>()

  constructor(client: Client) {
    this.#client = client
    this.#show(client.jobs.ids())
    this.#offs = [
      // The position is the new one already, so that an overlay goes in the change that brings its effect.
      client.jobs.listen((changed) => this.#show([...changed, ...this.#confirmed()])),
      client.position.listen(() => this.#show(this.#confirmed())),
      // Versions of another history say nothing: what was accepted is in the snapshot, or lost with the history.
      client.on('epoch', () => this.#forget()),
    ]
  }

  get size(): number {
    return this.#overlays.size
  }

  add(id: string, change: Overlay['change']): Overlay {
    const overlay: Overlay = { id, change }
    this.#overlays.add(overlay)
    this.#show([id])
    return overlay
  }

  command(
    id: string,
    change: Overlay['change'],
    name: CommandName,
    args: JsonValue,
    options: CommandOptions | undefined,
  ): Promise<Accepted> {
    const overlay = this.add(id, change)
    const accepted = this.#client.command(name, args, options)
    this.settle(overlay, accepted)
    return accepted
  }

  /** Keeps the overlay until its effect is visible, or takes it away when there will be none. */
  settle(overlay: Overlay, accepted: Promise<Accepted>): void {
    const show = (): void => this.#show(this.#confirmed())
    accepted.then(
      ({ version }) => {
        overlay.version = version
        show()
      },
      () => {
        overlay.version = -1
        show()
      },
    )
  }

  close(): void {
    for (const off of this.#offs) off()
    this.#overlays.clear()
  }

  #forget(): void {
    for (const overlay of this.#overlays) if (overlay.version !== undefined) overlay.version = -1
    this.#show(this.#confirmed())
  }

  /** Drops the overlays that the mirror has reached, and names their jobs. */
  #confirmed(): string[] {
    const at = this.#client.position.get()?.version ?? 0
    const reached = [...this.#overlays].filter(({ version = Infinity }) => version <= at)
    for (const overlay of reached) this.#overlays.delete(overlay)
    return reached.map(({ id }) => id)
  }

  #show(ids: readonly string[]): void {
    if (!ids.length) return
    const draft = this.#shown.edit()
    for (const id of ids) {
      const job = this.#folded(id)
      if (!job) draft.delete(id)
      else if (!equal(draft.get(id), job)) draft.set(id, job)
    }
    this.#shown = draft
    this.view.swap(draft)()
  }

  #folded(id: string): OptimisticJob | undefined {
    let job: OptimisticJob | undefined = this.#client.jobs.get(id)
    for (const overlay of this.#overlays) if (overlay.id === id) job = freezeDeep(overlay.change(job))
    return job
  }
}

/** The record that the server is expected to make of it. */
function expected(id: string, kind: string, args: JsonValue, options: StartOptions): OptimisticJob {
  const { key, signal, queue = 'default', priority = 0, title = kind, maxAttempts = 1, ...rest } = options
  const state = rest.scheduledAt ? 'scheduled' : 'queued'
  const createdAt = new Date().toISOString()
  const known = { id, kind, args, queue, priority, title, maxAttempts, state, attempt: 0, createdAt, createdBy: '' } as const
  return freezeDeep({ ...rest, ...known, optimistic: true })
}

function newId(client: Client): string {
  const session = sessions.get(client)
  if (!session) throw new CallboardError('unsupported', 'a client that was not made by createClient needs options.id')
  return session.ids()
}
