import { Chain } from './chain.js'
import { check, limit } from './limit.js'

/**
 * What happens to an item that finds the queue full. `oldest`: the head makes room. `newest`: the item is dropped.
 * `reject`: the item is refused; the caller keeps it, so it is not counted as dropped.
 */
export type DropStrategy = 'oldest' | 'newest' | 'reject'

export interface QueueOptions<T> {
  /** 100 unless given. 0 holds nothing. */
  readonly maxSize?: number | undefined
  /** Without end unless given. Of items that alone are larger it holds at most one, and then nothing else. */
  readonly maxBytes?: number | undefined
  /** Whole bytes of an item, asked once, when it comes in. Nothing unless given. */
  readonly sizeOf?: ((item: T) => number) | undefined
  /** `oldest` unless given. */
  readonly dropStrategy?: DropStrategy | undefined
  /** Called with each item that is dropped, once the queue is in order again. */
  readonly onDrop?: ((item: T) => void) | undefined
}

export interface QueueStats {
  readonly size: number
  readonly maxSize: number
  readonly totalBytes: number
  readonly maxBytes: number
  readonly droppedCount: number
  readonly rejectedCount: number
  readonly isFull: boolean
  readonly isEmpty: boolean
}

/** A queue with a limit, a rule for when it is full, and counters of what was lost (S1.10). Every step is O(1). */
export class BoundedQueue<T> implements Iterable<T> {
  readonly #items = new Chain<readonly [item: T, bytes: number]>()
  readonly #options: QueueOptions<T>
  readonly #maxSize: number
  readonly #maxBytes: number
  #bytes = 0
  #dropped = 0
  #rejected = 0

  constructor(options: QueueOptions<T> = {}) {
    const { maxSize, maxBytes, dropStrategy = 'oldest' } = options
    const isKnown = ['oldest', 'newest', 'reject'].includes(dropStrategy)
    check(isKnown, 'dropStrategy', dropStrategy, 'oldest, newest or reject')
    this.#options = { ...options, dropStrategy }
    this.#maxSize = limit('maxSize', maxSize, 100)
    this.#maxBytes = limit('maxBytes', maxBytes, Infinity)
  }

  get size(): number {
    return this.#items.size
  }

  get isEmpty(): boolean {
    return !this.size
  }

  get isFull(): boolean {
    return this.size >= this.#maxSize
  }

  /** Takes an item in; whether it is in. */
  enqueue(item: T): boolean {
    const { dropStrategy, onDrop, sizeOf } = this.#options
    const bytes = limit('sizeOf', sizeOf?.(item), 0)
    const dropped: T[] = []
    const hasRoom = (): boolean => !this.isFull && (this.isEmpty || this.#bytes + bytes <= this.#maxBytes)
    while (dropStrategy === 'oldest' && this.size && !hasRoom()) dropped.push(this.dequeue() as T)
    const isIn = hasRoom()
    if (isIn) {
      this.#items.push([item, bytes])
      this.#bytes += bytes
    } else if (dropStrategy === 'reject') this.#rejected++
    else dropped.push(item)
    this.#dropped += dropped.length
    for (const lost of dropped) onDrop?.(lost)
    return isIn
  }

  /** The oldest item, taken out. */
  dequeue(): T | undefined {
    const [item, bytes] = this.#items.shift() ?? [undefined, 0]
    this.#bytes -= bytes
    return item
  }

  /** The oldest item. */
  peek(): T | undefined {
    return this[Symbol.iterator]().next().value as T | undefined
  }

  /** All items, oldest first, taken out. They are not counted as dropped. */
  drain(): T[] {
    const items = [...this]
    this.clear()
    return items
  }

  clear(): void {
    while (this.size) this.dequeue()
  }

  toArray(): T[] {
    return [...this]
  }

  *[Symbol.iterator](): Generator<T> {
    for (const [item] of this.#items) yield item
  }

  getStats(): QueueStats {
    return {
      size: this.size,
      maxSize: this.#maxSize,
      totalBytes: this.#bytes,
      maxBytes: this.#maxBytes,
      droppedCount: this.#dropped,
      rejectedCount: this.#rejected,
      isFull: this.isFull,
      isEmpty: this.isEmpty,
    }
  }

  /** Begins to count anew and returns the old number. */
  resetDroppedCount(): number {
    const count = this.#dropped
    this.#dropped = 0
    return count
  }
}

/** What an item counts that JSON cannot hold. */
const OPAQUE_BYTES = 100

/**
 * A bounded queue that is bounded in bytes as well: 1 MiB unless given, an item counting twice the length of its JSON
 * (S1.11). `totalBytes` is the exact sum of what is held, and what is dropped for its bytes is counted and reported
 * like any other (W1.3).
 */
export class MessageBuffer<T> extends BoundedQueue<T> {
  constructor(options: QueueOptions<T> = {}) {
    super({ maxBytes: 1 << 20, sizeOf: jsonBytes, ...options })
  }
}

function jsonBytes(item: unknown): number {
  try {
    return JSON.stringify(item).length * 2
  } catch {
    return OPAQUE_BYTES
  }
}
