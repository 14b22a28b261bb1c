import type { Clock } from '../types.js'

interface Timer {
  readonly id: number
  readonly due: number
  readonly f: () => void
}

/** Lets promises that are settled be heard. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/** Time that stands until it is moved. */
export class ManualClock implements Clock {
  #now: number
  #ids = 0
  readonly #timers = new Map<number, Timer>()

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  setTimeout(f: () => void, ms: number): number {
    const id = ++this.#ids
    this.#timers.set(id, { id, due: this.#now + Math.max(0, ms), f })
    return id
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number)
  }

  /** Moves time, timer by timer; promises settle between them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due)
      this.#fire(next)
      await settle()
    }
    this.#now = end
  }

  /** Time passes while nothing runs, as on a sleeping machine; then what is due runs late. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms
    await this.advance(0)
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers.values()].filter((timer) => timer.due <= end)
    return due.sort((a, b) => a.due - b.due || a.id - b.id)[0]
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer.id)
    timer.f()
  }
}
