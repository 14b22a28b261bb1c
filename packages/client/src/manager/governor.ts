/** What a manager knows beside its connection: who wants what, and which watchers that takes (S0.41-S0.46). */
import { systemClock } from '../setup.js'
import { createStore, nothing, type Store } from '../store.js'
import type { Clock, Off, ReadableStore } from '../types.js'
import type { PauseReason } from './environment.js'
import { Shared } from './shared.js'

/** Results wanted while nobody shows the history, and while somebody does (S0.44). */
export const HISTORY_LIMIT = 10
export const HISTORY_LIMIT_SHOWN = 50

export type NoticeType = 'success' | 'error' | 'warning' | 'info'
export type Notify = (message: string, type?: NoticeType) => void

/** What a consumer wants. */
export interface AcquireOptions {
  /** Hears what is told to all (S0.41). */
  readonly notify?: ((message: string, type: NoticeType) => void) | undefined
  /** Which of its wishes drive watchers; `false`: none, a missing member: yes (S0.41). */
  readonly autoSync?: boolean | { readonly history?: boolean; readonly url?: boolean } | undefined
  /** Whether it shows the history. */
  readonly showsHistory?: boolean | undefined
  /** Counts as a user, but starts nothing: it looks at what others started (S0.43). */
  readonly readOnly?: boolean | undefined
}

/** What is governed, and how. */
export interface Governed<T> {
  open(url: string, notify: Notify): T
  /** With the history limit that holds now; a later one is told by `setHistoryLimit`. */
  start(value: T, historyLimit: number): Promise<void>
  close(value: T): void
  /** No reasons: go on. */
  pause?(value: T, reasons: readonly PauseReason[]): void
  setHistoryLimit?(value: T, limit: number): void
  /** The address is another; without it the value is closed and another one opened. */
  move?(value: T, url: string): void
  /** It may be closed while it starts; otherwise that is waited for. */
  readonly isInterruptible?: boolean | undefined
}

export interface GovernorLease<T> {
  readonly value: T
  readonly ready: () => Promise<void>
  readonly showHistory: (isShown: boolean) => void
  readonly release: () => void
}

export interface Governor<T> {
  acquire(options?: AcquireOptions): GovernorLease<T>
  readonly value: ReadableStore<T | undefined>
  readonly consumers: number
  readonly historyLimit: ReadableStore<number>
  readonly notify: Notify
}

export interface GovernorOptions<T> {
  readonly governed: Governed<T>
  readonly url: string | ReadableStore<string>
  readonly environment: ReadableStore<readonly PauseReason[]>
  readonly lingerMs: number
  readonly clock?: Clock | undefined
}

/** Governs one value for all who acquire it. */
export function createGovernor<T>(options: GovernorOptions<T>): Governor<T> {
  return new Watch(options)
}

interface Consumer {
  readonly notify: AcquireOptions['notify']
  readonly followsHistory: boolean
  readonly followsUrl: boolean
  showsHistory: boolean
}

class Watch<T> implements Governor<T> {
  readonly value: Store<T | undefined> = createStore<T | undefined>(undefined)
  readonly historyLimit: Store<number> = createStore(HISTORY_LIMIT)
  readonly #options: GovernorOptions<T>
  readonly #consumers = new Set<Consumer>()
  readonly #shared: Shared<Store<T | undefined>>
  #offUrl: Off | undefined
  #offEnvironment: Off = nothing
  #applied: readonly PauseReason[] = []

  constructor(options: GovernorOptions<T>) {
    this.#options = options
    const { isInterruptible } = options.governed
    const resource = { open: () => this.#open(), start: () => this.#start(), close: () => this.#close(), isInterruptible }
    this.#shared = new Shared(resource, options.clock ?? systemClock, options.lingerMs)
  }

  get consumers(): number {
    return this.#consumers.size
  }

  readonly notify: Notify = (message, type = 'info') => {
    for (const { notify } of [...this.#consumers]) notify?.(message, type)
  }

  acquire({ notify, autoSync = true, showsHistory = false, readOnly = false }: AcquireOptions = {}): GovernorLease<T> {
    const { history = true, url = true } = typeof autoSync === 'object' ? autoSync : { history: autoSync, url: autoSync }
    const consumer: Consumer = { notify, followsHistory: history, followsUrl: url, showsHistory }
    const lease = this.#shared.acquire()
    this.#consumers.add(consumer)
    this.#sync()
    let last = this.value.get() as T
    const present = (): T => (last = this.#consumers.has(consumer) ? (this.value.get() as T) : last)
    return {
      get value() {
        return present()
      },
      ready: () => (readOnly ? Promise.resolve() : lease.ready()),
      showHistory: (isShown) => {
        consumer.showsHistory = isShown
        this.#sync()
      },
      release: () => {
        present()
        if (!this.#consumers.delete(consumer)) return
        this.#sync()
        lease.release()
      },
    }
  }

  #open(): Store<T | undefined> {
    this.value.set(this.#options.governed.open(this.#url(), this.notify))
    return this.value
  }

  /** The environment is applied by force once it is going (S0.46). */
  async #start(): Promise<void> {
    const { governed, environment } = this.#options
    const value = this.value.get() as T
    await governed.start(value, this.historyLimit.get())
    this.#offEnvironment()
    this.#applied = []
    this.#offEnvironment = environment.subscribe((reasons) => this.#pause(reasons))
  }

  /** What holds already is not applied again. */
  #pause(reasons: readonly PauseReason[]): void {
    const value = this.value.get()
    if (value === undefined || reasons.join() === this.#applied.join()) return
    this.#applied = reasons
    this.#options.governed.pause?.(value, reasons)
  }

  #close(): void {
    const value = this.value.get()
    this.#offEnvironment()
    this.#offEnvironment = nothing
    this.value.set(undefined)
    if (value !== undefined) this.#options.governed.close(value)
  }

  /** Recomputes what the consumers want together. */
  #sync(): void {
    const consumers = [...this.#consumers]
    const isShown = consumers.some((one) => one.followsHistory && one.showsHistory)
    const limit = isShown ? HISTORY_LIMIT_SHOWN : HISTORY_LIMIT
    if (limit !== this.historyLimit.get()) {
      this.historyLimit.set(limit)
      const value = this.value.get()
      if (value !== undefined && this.#shared.isStarted) this.#options.governed.setHistoryLimit?.(value, limit)
    }
    this.#followUrl(consumers.some((one) => one.followsUrl))
  }

  /** One watcher for all, and none when nobody wants it (S0.45). */
  #followUrl(isWanted: boolean): void {
    const { url } = this.#options
    if (typeof url === 'string' || isWanted === (this.#offUrl !== undefined)) return
    this.#offUrl?.()
    this.#offUrl = isWanted ? url.listen((address) => this.#move(address)) : undefined
  }

  #move(address: string): void {
    const { governed } = this.#options
    const value = this.value.get()
    if (value === undefined) return
    if (governed.move) return governed.move(value, address)
    this.value.set(governed.open(address, this.notify))
    governed.close(value)
    if (this.#shared.isStarted) void this.#start().catch(nothing)
  }

  #url(): string {
    const { url } = this.#options
    return typeof url === 'string' ? url : url.get()
  }
}
