/** Something that several use: made for the first of them, kept while there is one, closed after the last (S0.41). */
import { nothing } from '../store.js'
import type { Clock } from '../types.js'

/** How to make it, to get it going and to end it. */
export interface Resource<T> {
  open(): T
  /** Gets it going. Shared by all who wait for it; a failure is told to all of them, and the next one tries again. */
  start(value: T): Promise<void>
  close(value: T): void
  /** It may be closed while it gets going; otherwise that is waited for. */
  readonly isInterruptible?: boolean | undefined
}

/** One user's claim. */
export interface SharedLease<T> {
  readonly value: T
  /** Resolves when it is going. */
  ready(): Promise<void>
  /** Gives the claim back; again does nothing. */
  release(): void
}

export class Shared<T> {
  readonly #resource: Resource<T>
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #leases = new Set<object>()
  #held: { readonly value: T; isStarted: boolean; starting?: Promise<void> | undefined } | undefined
  #timer: unknown

  constructor(resource: Resource<T>, clock: Clock, lingerMs: number) {
    this.#resource = resource
    this.#clock = clock
    this.#lingerMs = lingerMs
  }

  get consumers(): number {
    return this.#leases.size
  }

  /** What is held, if anything is. */
  get value(): T | undefined {
    return this.#held?.value
  }

  get isStarted(): boolean {
    return this.#held?.isStarted ?? false
  }

  acquire(): SharedLease<T> {
    const token = {}
    this.#leases.add(token)
    this.#clock.clearTimeout(this.#timer)
    this.#held ??= { value: this.#resource.open(), isStarted: false }
    const held = this.#held
    return {
      value: held.value,
      ready: () => this.#ready(),
      release: () => {
        if (this.#leases.delete(token) && !this.#leases.size) void this.#linger()
      },
    }
  }

  /** Shared by all who ask while it is under way; forgotten once it is over (S0.42). */
  async #ready(): Promise<void> {
    const held = this.#held
    if (!held || held.isStarted) return
    const start = async (): Promise<void> => {
      try {
        await this.#resource.start(held.value)
        held.isStarted = true
      } finally {
        held.starting = undefined
      }
    }
    held.starting ??= start()
    return held.starting
  }

  /** A start that is under way is waited for, so that nothing is closed in the middle of it (S0.43). */
  async #linger(): Promise<void> {
    if (!this.#resource.isInterruptible) await this.#held?.starting?.catch(nothing)
    if (this.#leases.size) return
    const close = (): void => {
      const held = this.#held
      this.#held = undefined
      if (held) this.#resource.close(held.value)
    }
    this.#clock.clearTimeout(this.#timer)
    if (this.#lingerMs) this.#timer = this.#clock.setTimeout(close, this.#lingerMs)
    else close()
  }
}
