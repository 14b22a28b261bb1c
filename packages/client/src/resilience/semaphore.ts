import type { Off } from '../types.js'
import { Chain } from './chain.js'
import { limit } from './limit.js'
import { onAbort } from './signal.js'

/** Gives a permit back. Calling it again does nothing, so that no permit can be given back twice. */
export type Release = Off

/** A number of permits; who finds none waits its turn (S1.9). */
export class Semaphore {
  readonly #waiting = new Chain<(release: Release) => void>()
  #permits: number
  #held = 0

  constructor(permits: number) {
    this.#permits = limit('permits', permits, 0)
  }

  /** Permits that can be had now. */
  get availablePermits(): number {
    return Math.max(0, this.#permits - this.#held)
  }

  get permits(): number {
    return this.#permits
  }

  get held(): number {
    return this.#held
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A permit, if one is free. */
  tryAcquire(): Release | undefined {
    return this.availablePermits ? this.#grant() : undefined
  }

  /** A permit, in the order of asking. Rejects with `CancellationError` when the signal is aborted before. */
  acquire(signal?: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      let off: Off = () => {}
      const link = this.#waiting.push((release) => {
        off()
        resolve(release)
      })
      off = onAbort(signal, (error) => {
        this.#waiting.remove(link)
        reject(error)
      })
      this.#serve()
    })
  }

  /** More or fewer permits from now on. What is held above the new number stays until it is given back. */
  setPermits(permits: number): void {
    this.#permits = limit('permits', permits, 0)
    this.#serve()
  }

  #grant(): Release {
    let isHeld = true
    this.#held++
    return () => {
      if (isHeld) this.#held--
      isHeld = false
      this.#serve()
    }
  }

  #serve(): void {
    while (this.availablePermits && this.#waiting.size) this.#waiting.shift()?.(this.#grant())
  }
}
