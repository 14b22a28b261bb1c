/**
 * The client's copy of the board. It applies the rule of the protocol, in its order (X11, S3.12): another epoch →
 * resync; a patch that leads to where we are → ignored; one that starts where we are → applied whole or not at all;
 * anything else → resync. What is shown stays until the next version is complete, then changes at once.
 */
import { BucketMap } from './buckets.js'
import { CollectionView } from './collection.js'
import { equal, freezeDeep, patched, PatchError } from './patch.js'
import type { Job, JsonValue, PatchOp, ResultRecord, ServerFrame, StatePosition } from './protocol/index.js'
import { createStore, type Store } from './store.js'
import type { JsonObject } from './types.js'

export type SnapshotFrame = Extract<ServerFrame, { type: 'state.snapshot' }>
export type PatchFrame = Extract<ServerFrame, { type: 'state.patch' }>

/** Why the state cannot be continued; versions `from`..`to` are missing. */
export interface Break {
  readonly reason: 'gap' | 'apply_failed'
  readonly from: number
  readonly to: number
}

/** The document as held here: small, frozen, its wide members bucket maps. */
interface Root {
  readonly [key: string]: unknown
  readonly jobs: BucketMap<Job>
  readonly results: BucketMap<ResultRecord>
}

interface Assembly {
  readonly version: number
  readonly data: JsonValue
  readonly entries: PatchOp[]
  parts: number
}

export class Mirror {
  readonly state: Store<JsonObject | undefined> = createStore<JsonObject | undefined>(undefined)
  readonly jobs: CollectionView<Job> = new CollectionView<Job>(BucketMap.empty<Job>())
  readonly results: CollectionView<ResultRecord> = new CollectionView<ResultRecord>(BucketMap.empty<ResultRecord>())
  readonly position: Store<StatePosition | undefined> = createStore<StatePosition | undefined>(undefined)
  #root: Root | undefined
  #assembly: Assembly | undefined

  /** Takes a snapshot or a part of one; whether it is complete. Throws when it cannot be used. */
  snapshot({ epoch, stateVersion: version, part = 0, data = {}, entries = [], more }: SnapshotFrame): boolean {
    if (part === 0) this.#assembly = { version, data, entries: [], parts: 0 }
    const assembly = this.#assembly
    if (assembly?.version !== version || assembly.parts++ !== part) throw new PatchError('no such part')
    for (const [path, value] of entries) assembly.entries.push({ op: 'add', path, value })
    if (more) return false
    this.#assembly = undefined
    const { jobs, results, ...rest } = rooted(patched(rooted(assembly.data), assembly.entries))
    const before = this.#root
    const root = { ...rest, jobs: reused(jobs, before?.jobs), results: reused(results, before?.results) }
    this.#commit(root, { epoch, version })
    return true
  }

  /** Takes a patch. Never throws: what does not apply breaks the state's continuity. */
  patch({ epoch, fromVersion, toVersion: to, patch }: PatchFrame): Break | undefined {
    const mine = this.position.get() ?? { epoch: undefined, version: 0 }
    const from = mine.version + 1
    if (epoch !== mine.epoch) return { reason: 'gap', from, to }
    if (to < from) return undefined
    if (fromVersion !== mine.version) return { reason: 'gap', from, to: fromVersion }
    try {
      this.#commit(rooted(patched(this.#root, patch)), { epoch, version: to })
      return undefined
    } catch {
      return { reason: 'apply_failed', from, to }
    }
  }

  /** Forgets a snapshot that was under way; the connection that brought it is gone. */
  interrupt(): void {
    this.#assembly = undefined
  }

  /** Everything changes before anybody is told. */
  #commit(root: Root, { epoch, version }: StatePosition): void {
    const { jobs, results, ...rest } = root
    const state = this.state.get()
    this.#root = root
    const tell = [
      this.jobs.swap(jobs),
      this.results.swap(results),
      this.state.swap(equal(state, rest) ? state : freezeDeep(rest as JsonObject)),
      this.position.swap(freezeDeep({ epoch, version })),
    ]
    for (const f of tell) f()
  }
}

/** The document with its wide members as bucket maps. */
function rooted(document: unknown): Root {
  const { jobs, results } = document as Partial<Root>
  if (jobs instanceof BucketMap && results instanceof BucketMap) return document as Root
  return freezeDeep({ ...(document as object), jobs: bucketed(jobs), results: bucketed(results) }) as unknown as Root
}

function bucketed(member: object = {}): BucketMap<unknown> {
  if (member instanceof BucketMap) return member
  const draft = BucketMap.empty<unknown>().edit()
  for (const [id, record] of Object.entries(member)) draft.set(id, freezeDeep(record))
  return draft
}

/** The new records, but the old ones where they are equal, so that `===` means unchanged also after a snapshot. */
function reused<T>(next: BucketMap<T>, before: BucketMap<T> = next): BucketMap<T> {
  const draft = before.edit()
  for (const [id] of before.entries()) if (!next.has(id)) draft.delete(id)
  for (const [id, record] of next.entries()) if (!equal(before.get(id), record)) draft.set(id, record)
  return draft
}
