/**
 * The state without a WebSocket: where a proxy lets none through, it is asked for over HTTP until one is open (S0.35). A
 * server that gives ETags says cheaply that nothing is new; one that gives none is asked all the same. What is older than
 * what is shown is never taken (W0.3).
 */
import { sessions } from '../internals.js'
import { systemClock } from '../setup.js'
import { createStore, type Store } from '../store.js'
import { Relay } from './relay.js'
import type { JsonValue, StatePosition } from '../protocol/index.js'
import type { Client, Clock, ReadableStore } from '../types.js'

/** How often the state is asked for, unless told otherwise. */
export const POLL_MS = 5_000
/** So many tries of the WebSocket must have failed before. */
export const FAILURES = 2

export interface PollingOptions {
  readonly intervalMs?: number | undefined
  readonly failures?: number | undefined
  readonly clock?: Clock | undefined
}

/** What the fallback is doing. */
export interface PollingFacts {
  readonly active: boolean
  /** Times asked, and of these how often nothing was new. */
  readonly polls: number
  readonly unchanged: number
  /** Failures since the last answer. */
  readonly failures: number
  /** When the last answer came, epoch ms: what is shown is as old as this. */
  readonly lastAnswerAt?: number
}

export interface PollingFallback extends ReadableStore<PollingFacts> {
  /** Asks now, if the connection is away. */
  refresh(): Promise<void>
  detach(): void
}

interface Answer extends StatePosition {
  readonly data: JsonValue
}

/** Asks for the state, and sends commands over HTTP, while the client's WebSocket cannot be had. */
export function attachPolling(client: Client, options: PollingOptions = {}): PollingFallback {
  const poller = new Poller(client, options)
  const { facts } = poller
  return {
    get: facts.get,
    listen: facts.listen,
    subscribe: facts.subscribe,
    refresh: () => poller.refresh(),
    detach: () => poller.detach(),
  }
}

class Poller {
  readonly facts: Store<PollingFacts> = createStore<PollingFacts>(
    Object.freeze({ active: false, polls: 0, unchanged: 0, failures: 0 }),
  )
  readonly #client: Client
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #least: number
  readonly #off: () => void
  readonly #relay: Relay | undefined
  #tag: string | null = null
  #timer: unknown
  #asking: Promise<void> | undefined

  constructor(client: Client, { intervalMs = POLL_MS, failures = FAILURES, clock = systemClock }: PollingOptions) {
    this.#client = client
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#least = failures
    const session = sessions.get(client)
    this.#relay = session && new Relay(client, session, () => void this.refresh())
    this.#off = client.telemetry.subscribe(() => this.#look())
  }

  detach(): void {
    this.#off()
    this.#stop()
  }

  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** The state is needed from elsewhere only while the connection is away, and wanted. */
  get #isAway(): boolean {
    const { phase } = this.#client.telemetry.get()
    return phase === 'waiting' || phase === 'offline' || phase === 'connecting'
  }

  #look(): void {
    const isNeeded = this.#isAway && this.#client.telemetry.get().consecutiveFailures >= this.#least
    const { active } = this.facts.get()
    if (active && !this.#isAway) this.#stop()
    else if (!active && isNeeded) {
      this.#put({ active: true })
      void this.#turn()
    }
  }

  #stop(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#relay?.stop()
    this.#put({ active: false })
  }

  async #turn(): Promise<void> {
    this.#relay?.pump()
    await this.refresh()
    if (!this.facts.get().active) return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(() => void this.#turn(), this.#intervalMs)
  }

  async #ask(): Promise<void> {
    if (!this.#isAway) return
    try {
      const response = await this.#client.fetch('api/state', { headers: this.#tag ? { 'if-none-match': this.#tag } : {} })
      const isNew = response.status !== 304
      if (isNew) {
        this.#take((await response.json()) as Answer)
        this.#tag = response.headers.get('etag')
      }
      const { polls, unchanged } = this.facts.get()
      this.#put({ polls: polls + 1, unchanged: unchanged + (isNew ? 0 : 1), failures: 0, lastAnswerAt: this.#clock.now() })
    } catch {
      // The connection's own telemetry says what is wrong; the next turn asks again.
      const { polls, failures } = this.facts.get()
      this.#put({ polls: polls + 1, failures: failures + 1 })
    }
  }

  /** As a snapshot, unless the connection has come meanwhile or the answer is not newer than what is shown. */
  #take({ epoch, version, data }: Answer): void {
    const mine = this.#client.position.get()
    const isOld = mine?.epoch === epoch && version <= mine.version
    if (isOld || !this.#isAway) return
    sessions.get(this.#client)?.frame({ type: 'state.snapshot', epoch, stateVersion: version, data, reason: 'connect' })
  }

  #put(changes: Partial<PollingFacts>): void {
    const before = this.facts.get()
    if (Object.entries(changes).every(([key, value]) => before[key as keyof PollingFacts] === value)) return
    this.facts.set(Object.freeze({ ...before, ...changes }))
  }
}
