import { BucketMap } from './buckets.js'
import { Emitter, nothing, readable } from './store.js'
import type { Collection, Off, ReadableStore } from './types.js'

/** The public face of a bucket map: sorted arrays made when read, listeners for all and for one. */
export class CollectionView<T> implements Collection<T> {
  readonly #all = new Emitter<ReadonlySet<string>>()
  readonly #items = new Map<string, Emitter<T | undefined>>()
  #map: BucketMap<T>
  #ids: readonly string[] = []
  #array: readonly T[] | undefined
  /** Ids that came or went since `#ids` was made. */
  readonly #moved = new Set<string>()
  /** Ids that changed since `#array` was made. */
  readonly #touched = new Set<string>()

  constructor(map: BucketMap<T>) {
    this.#map = map
  }

  get size(): number {
    return this.#map.size
  }

  get(id: string): T | undefined {
    return this.#map.get(id)
  }

  has(id: string): boolean {
    return this.#map.has(id)
  }

  /** Shows another map and returns what tells the listeners. */
  swap(next: BucketMap<T>): () => void {
    const before = this.#map
    const changed = BucketMap.changed(before, next)
    this.#map = next
    if (!changed.size) return nothing
    for (const id of changed) {
      this.#touched.add(id)
      if (before.has(id) !== next.has(id)) this.#moved.add(id)
    }
    return () => this.#tell(changed)
  }

  #tell(changed: ReadonlySet<string>): void {
    for (const id of changed) this.#items.get(id)?.emit(this.get(id))
    this.#all.emit(changed)
  }

  ids(): readonly string[] {
    if (this.#moved.size) {
      const kept = this.#ids.filter((id) => !this.#moved.has(id))
      // Mostly sorted: the engine's merge sort takes a long run in linear time.
      for (const id of this.#moved) if (this.has(id)) kept.push(id)
      this.#ids = kept.sort()
      this.#array = undefined
      this.#moved.clear()
    }
    return this.#ids
  }

  toArray(): readonly T[] {
    const ids = this.ids()
    const before = this.#array
    const touched = this.#touched
    if (before && !touched.size) return before
    // Looked up only where records changed: 0.1 ms of 10 000, all of them 1.4 ms.
    this.#array = ids.map((id, index) => (before && !touched.has(id) ? before[index] : this.get(id)) as T)
    touched.clear()
    return this.#array
  }

  listen(f: (changed: ReadonlySet<string>) => void): Off {
    return this.#all.listen(f)
  }

  item(id: string): ReadableStore<T | undefined> {
    const items = this.#items
    return readable(
      () => this.get(id),
      (f) => {
        const emitter = items.get(id) ?? new Emitter()
        items.set(id, emitter)
        const off = emitter.listen(f)
        return () => {
          off()
          // Called again, it must not take away what others listen to since.
          if (!items.get(id)?.size) items.delete(id)
        }
      },
    )
  }
}
