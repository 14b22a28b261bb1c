/** How the system stands, and who asks it (S0.27-S0.29). */
import { CallboardError } from '../error.js'
import { equal } from '../patch.js'
import { createStore } from '../store.js'
import type { Clock, ReadableStore } from '../types.js'
import { isRecord, recordOf, type Input } from './words.js'

export interface SystemStatus {
  readonly gpu_available: boolean
  readonly queue_length: number
  readonly status: string
  readonly gpu_status: string
  readonly memory_used: number
  readonly memory_total: number
  readonly [member: string]: unknown
}

/** The status and what is known about it. */
export interface SystemFacts {
  readonly systemStatus: SystemStatus
  /** It was asked for once, with whatever outcome. */
  readonly ready: boolean
  readonly lastUpdated: string | null
  /** The server has such an answer. */
  readonly apiAvailable: boolean
  readonly queueManagerActive: boolean
  readonly isConnected: boolean
  readonly pollIntervalMs: number
}

export const DEFAULT_POLL_INTERVAL_MS = 10_000

const initial: SystemFacts = recordOf({
  systemStatus: {
    gpu_available: false,
    queue_length: 0,
    status: 'unknown',
    gpu_status: 'Unknown',
    memory_used: 0,
    memory_total: 0,
  },
  ready: false,
  lastUpdated: null,
  apiAvailable: true,
  queueManagerActive: false,
  isConnected: false,
  pollIntervalMs: DEFAULT_POLL_INTERVAL_MS,
})

export interface GenerationSystem {
  readonly facts: ReadableStore<SystemFacts>
  /** Merges, one level deep (S0.28). */
  updateSystemStatus(partial: Input): void
  /** Takes a server's answer; what is none is left out (S0.36). */
  applySystemStatusPayload(payload: unknown): void
  markHydrated(at?: Date): void
  markUnavailable(at?: Date): void
  resetSystemStatus(): void
  setConnectionState(isConnected: boolean): void
  setQueueManagerActive(isActive: boolean): void
  setPollInterval(ms: unknown): void
  /** Everything but the status itself as it was at first. */
  resetConnection(): void
}

/** A positive whole number of milliseconds, else the default (S0.28, S0.35). */
export function pollIntervalOf(ms: unknown): number {
  const value = Math.floor(Number(ms))
  return Number.isFinite(value) && value > 0 ? value : DEFAULT_POLL_INTERVAL_MS
}

export function createSystem(now: () => number): GenerationSystem {
  const facts = createStore(initial)
  const put = (changes: Partial<SystemFacts>): void => {
    const next = { ...facts.get(), ...changes }
    if (!equal(next, facts.get())) facts.set(recordOf(next))
  }
  const when = (at: Date = new Date(now())): string => at.toISOString()
  return {
    facts,
    updateSystemStatus: (partial) => put({ systemStatus: { ...facts.get().systemStatus, ...partial } }),
    applySystemStatusPayload(payload) {
      if (!isRecord(payload)) return
      const { metrics, message, updated_at, type, ...status } = payload
      const at = updated_at || status['last_updated']
      put({
        systemStatus: { ...facts.get().systemStatus, ...status },
        ready: true,
        apiAvailable: true,
        lastUpdated: typeof at === 'string' ? at : when(),
      })
    },
    markHydrated: (at) => put({ ready: true, apiAvailable: true, lastUpdated: when(at) }),
    markUnavailable: (at) => put({ ready: true, apiAvailable: false, lastUpdated: when(at) }),
    resetSystemStatus: () => put({ systemStatus: initial.systemStatus, ready: false, lastUpdated: null, apiAvailable: true }),
    setConnectionState: (isConnected) => put({ isConnected }),
    setQueueManagerActive: (queueManagerActive) => put({ queueManagerActive }),
    setPollInterval: (ms) => put({ pollIntervalMs: pollIntervalOf(ms) }),
    resetConnection: () => put({ ...initial, systemStatus: facts.get().systemStatus }),
  }
}

/** Asks one server how it stands, for all who want to know (S0.29). */
export interface StatusController {
  /** One question at a time: who asks meanwhile waits for the same answer. */
  refresh(): Promise<void>
  /** Asks unless it has been asked, then goes on asking. */
  ensureHydrated(): Promise<void>
}

export interface StatusControllers {
  /** The controller of that server; the first user starts it, the last one ends it. */
  acquire(url: string): { readonly controller: StatusController; readonly release: () => void }
  readonly size: number
}

export interface StatusControllerOptions {
  readonly system: GenerationSystem
  readonly clock: Clock
  readonly load: (url: string) => Promise<unknown>
}

export function createStatusControllers(options: StatusControllerOptions): StatusControllers {
  const entries = new Map<string, { readonly controller: Controller; users: number }>()
  return {
    get size() {
      return entries.size
    },
    acquire(url) {
      const key = url.trim().replace(/\/+$/, '').toLowerCase()
      const entry = entries.get(key) ?? { controller: new Controller(options, url), users: 0 }
      entries.set(key, entry)
      if (!entry.users++) entry.controller.begin()
      let isReleased = false
      return {
        controller: entry.controller,
        release() {
          if (isReleased) return
          isReleased = true
          if (--entry.users) return
          entry.controller.end()
          entries.delete(key)
        },
      }
    },
  }
}

class Controller implements StatusController {
  readonly #options: StatusControllerOptions
  readonly #url: string
  #asking: Promise<void> | undefined
  #timer: unknown
  #isOn = false

  constructor(options: StatusControllerOptions, url: string) {
    this.#options = options
    this.#url = url
  }

  begin(): void {
    this.#isOn = true
    this.#next()
  }

  end(): void {
    this.#isOn = false
    this.#options.clock.clearTimeout(this.#timer)
  }

  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async ensureHydrated(): Promise<void> {
    if (!this.#options.system.facts.get().ready) await this.refresh()
    if (this.#options.system.facts.get().apiAvailable) this.begin()
  }

  #next(): void {
    const { clock, system } = this.#options
    clock.clearTimeout(this.#timer)
    if (!this.#isOn) return
    this.#timer = clock.setTimeout(() => {
      void this.refresh().finally(() => this.#next())
    }, system.facts.get().pollIntervalMs)
  }

  async #ask(): Promise<void> {
    const { system, load } = this.#options
    try {
      const payload = await load(this.#url)
      if (!isRecord(payload)) return system.markHydrated()
      system.resetSystemStatus()
      system.applySystemStatusPayload(payload)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** A server without such an answer is not asked again; any other failure is a status of its own. */
  #failed(error: unknown): void {
    const { system } = this.#options
    if (error instanceof CallboardError && error.code === 'not_found') {
      system.resetSystemStatus()
      system.markUnavailable()
      this.end()
    } else {
      system.updateSystemStatus({ status: 'error', gpu_status: 'Unknown' })
      system.markHydrated()
    }
  }
}

