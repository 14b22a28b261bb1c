import type { Off, ReadableStore } from './types.js'

/** Calls what is not ours. Its mistake is reported as uncaught, and taken for nobody else's (W1.6). */
export function attempt<T>(f: (value: T) => void, value: T): void {
  try {
    f(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** Listeners. One that throws does not keep the others from hearing. */
export class Emitter<T> {
  readonly #entries = new Set<{ readonly f: (value: T) => void }>()

  get size(): number {
    return this.#entries.size
  }

  listen(f: (value: T) => void): Off {
    const entry = { f }
    this.#entries.add(entry)
    return () => void this.#entries.delete(entry)
  }

  emit(value: T): void {
    for (const entry of [...this.#entries]) if (this.#entries.has(entry)) attempt(entry.f, value)
  }
}

/** A store of these two. */
export function readable<T>(get: () => T, listen: (f: (value: T) => void) => Off): ReadableStore<T> {
  return {
    get,
    listen,
    subscribe(f) {
      const off = listen(f)
      attempt(f, get())
      return off
    },
  }
}

/** A value with listeners. */
export interface Store<T> extends ReadableStore<T> {
  /** Changes the value at once and returns what tells the listeners, so that several stores can change as one. */
  swap(value: T): () => void
  set(value: T): void
}

export function createStore<T>(value: T): Store<T> {
  const emitter = new Emitter<T>()
  const swap = (next: T): (() => void) => {
    if (value === next) return nothing
    value = next
    return () => emitter.emit(next)
  }
  return {
    ...readable(
      () => value,
      (f) => emitter.listen(f),
    ),
    swap,
    set: (next) => swap(next)(),
  }
}

/** Does nothing. */
export const nothing = (): void => {}
