/**
 * A persistent map of two levels: many small maps in one array. Changing `n` records copies the array once and `n`
 * small maps, whatever the size of the whole; a plain object of 10 000 members would be copied whole (W0.2).
 */

/** A power of two. With 10 000 records a change copies about ten entries. */
const BUCKETS = 1024

type Bucket<T> = ReadonlyMap<string, T>

export class BucketMap<T> {
  readonly #buckets: readonly (Bucket<T> | undefined)[]
  #size: number
  /** The buckets that were copied since `edit`. */
  readonly #own = new Set<number>()

  constructor(buckets: readonly (Bucket<T> | undefined)[] = [], size = 0) {
    this.#buckets = buckets
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  get(id: string): T | undefined {
    return this.#buckets[slot(id)]?.get(id)
  }

  has(id: string): boolean {
    return this.get(id) !== undefined
  }

  *entries(): Generator<[string, T]> {
    for (const bucket of this.#buckets) yield* bucket ?? []
  }

  /** A copy that its maker may change until it is shown to others. */
  edit(): BucketMap<T> {
    return new BucketMap<T>(this.#buckets.slice(), this.#size)
  }

  set(id: string, value: T): void {
    const bucket = this.#bucket(id)
    if (!bucket.has(id)) this.#size++
    bucket.set(id, value)
  }

  delete(id: string): void {
    if (this.#bucket(id).delete(id)) this.#size--
  }

  #bucket(id: string): Map<string, T> {
    const index = slot(id)
    const buckets = this.#buckets as Map<string, T>[]
    if (!this.#own.has(index)) buckets[index] = new Map(buckets[index])
    this.#own.add(index)
    return buckets[index] as Map<string, T>
  }

  toJSON(): Record<string, T> {
    return Object.fromEntries(this.entries())
  }

  /** The ids whose records differ. */
  static changed<T>(before: BucketMap<T>, after: BucketMap<T>): Set<string> {
    const ids = new Set<string>()
    for (let index = 0; index < BUCKETS; index++) {
      const old = before.#buckets[index]
      const now = after.#buckets[index]
      if (old === now) continue
      for (const [id] of [...(old ?? []), ...(now ?? [])]) if (old?.get(id) !== now?.get(id)) ids.add(id)
    }
    return ids
  }
}

/** Over the whole id: those of one millisecond differ only at their end. */
function slot(id: string): number {
  let hash = 0
  for (let index = 0; index < id.length; index++) hash = (hash * 31 + id.charCodeAt(index)) % BUCKETS
  return hash
}
