/**
 * The client's copy of the board. It applies the rule of the protocol, in its order (X11, S3.12): another epoch →
 * resync; a patch that leads to where we are → ignored; one that starts where we are → applied whole or not at all;
 * anything else → resync. What is shown stays until the next version is complete, then changes at once.
 *
 * Patches wait until `flush`, and are then applied as one batch: a container is copied and frozen once, whatever number of
 * them touch it, and listeners are told once.
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
  readonly reason: 'gap' | 'apply_failed' | 'checksum'
  readonly from: number
  readonly to: number
}

interface Assembly {
  readonly version: number
  readonly data: JsonValue
  readonly entries: PatchOp[]
  parts: number
}

export class Mirror {
  readonly state: Store<JsonObject | undefined> = createStore<JsonObject | undefined>(undefined)
  readonly jobs: CollectionView<Job> = new CollectionView<Job>(new BucketMap<Job>())
  readonly results: CollectionView<ResultRecord> = new CollectionView<ResultRecord>(new BucketMap<ResultRecord>())
  readonly position: Store<StatePosition | undefined> = createStore<StatePosition | undefined>(undefined)
  /** The document as held here: small, frozen, its wide members bucket maps. */
  #root: { readonly jobs: BucketMap<Job>; readonly results: BucketMap<ResultRecord> } | undefined
  #assembly: Assembly | undefined
  /** Patches that are not applied yet, and where they lead. */
  #waiting: PatchOp[][] = []
  #head: StatePosition | undefined

  /** Takes a snapshot or a part of one; whether it is complete. Throws when it cannot be used. */
  snapshot({ epoch, stateVersion: version, part = 0, data = {}, entries = [], more }: SnapshotFrame): boolean {
    if (part === 0) this.#assembly = { version, data, entries: [], parts: 0 }
    const assembly = this.#assembly
    if (assembly?.version !== version || assembly.parts++ !== part) throw new PatchError('no part')
    for (const [path, value] of entries) assembly.entries.push({ op: 'add', path, value })
    if (more) return false
    this.#assembly = undefined
    this.#commit(patched(assembly.data, assembly.entries), { epoch, version })
    return true
  }

  /** Takes a patch, to be applied with the next flush. Never throws; says what breaks the state's continuity. */
  patch({ epoch, fromVersion, toVersion: version, patch }: PatchFrame): Break | undefined {
    const at = this.#head?.version ?? 0
    const isMine = epoch === this.#head?.epoch
    if (isMine && version <= at) return undefined
    if (!isMine || fromVersion !== at) return { reason: 'gap', from: at + 1, to: isMine ? fromVersion : version }
    this.#waiting.push(patch)
    this.#head = { epoch, version }
    return undefined
  }

  /** Applies what waits, as one. What does not apply breaks the state's continuity. */
  flush(): Break | undefined {
    const head = this.#head
    const mine = this.position.get()
    if (!mine || head === mine) return undefined
    try {
      this.#commit(patched(this.#root, this.#waiting.flat()), head as StatePosition)
      return undefined
    } catch {
      this.#head = mine
      this.#waiting = []
      return { reason: 'apply_failed', from: mine.version + 1, to: (head as StatePosition).version }
    }
  }

  /** Forgets a snapshot that was under way; the connection that brought it is gone. */
  interrupt(): void {
    this.#assembly = undefined
    this.flush()
  }

  /** Everything changes before anybody is told. */
  #commit(document: unknown, position: StatePosition): void {
    const { jobs: some, results: others, ...rest } = document as { jobs?: Members<Job>; results?: Members<ResultRecord> }
    const jobs = merged(some, this.#root?.jobs)
    const results = merged(others, this.#root?.results)
    const before = this.state.get()
    const state = equal(before, rest) ? before : freezeDeep(rest as JsonObject)
    this.#root = { ...state, jobs, results }
    this.#waiting = []
    this.#head = freezeDeep(position)
    const tell = [
      this.jobs.swap(jobs),
      this.results.swap(results),
      this.state.swap(state),
      this.position.swap(this.#head),
    ]
    for (const f of tell) f()
  }
}

type Members<T> = BucketMap<T> | Readonly<Record<string, T>>

/** The new records, but the old ones where they are equal, so that `===` means unchanged also after a snapshot. */
function merged<T>(next: Members<T> = {}, before: BucketMap<T> = new BucketMap()): BucketMap<T> {
  if (next instanceof BucketMap) return next
  const draft = before.edit()
  for (const [id] of before.entries()) if (!Object.hasOwn(next, id)) draft.delete(id)
  for (const [id, record] of Object.entries(next)) if (!equal(before.get(id), record)) draft.set(id, freezeDeep(record))
  return draft
}
