/**
 * Commands that outlive the page and the connection (S2.24): stored first, sent when there is a server, in the order in
 * which they were asked for, and carried out once however often they are sent.
 *
 * What the seed's queue gets wrong is right here (W2.8): entries are named at random and not by the time, one that was
 * being sent when the page went away is sent again, one that fails does not hold up the others, and delays grow.
 */
import { CallboardError } from '../error.js'
import { sessions } from '../internals.js'
import type { Accepted, CommandName, JsonValue } from '../protocol/index.js'
import { createBackoff, delayMs, type Backoff } from '../resilience/backoff.js'
import { systemClock } from '../setup.js'
import { createStore, nothing, type Store } from '../store.js'
import type { Client, Clock, Off, ReadableStore, StartOptions } from '../types.js'
import type { OutboxEntry } from './entry.js'
import type { OutboxStorage } from './storage.js'

export type { OutboxEntry } from './entry.js'
export { keyedStorage, memoryStorage, type KeyedStorage, type OutboxStorage } from './storage.js'

/** Entries that are kept. More are refused with `overloaded`. */
const ENTRIES = 1000
/** Entries that are sent at once. */
const SENDING = 8
/** The server remembers the start of a job for so long, ms: 30 days. After that its id still keeps it from a second run. */
const REMEMBERED_MS = 30 * 86_400_000

export interface OutboxOptions {
  readonly storage: OutboxStorage
  /** Tries that the server may fail before an entry is refused; 5 unless given. Having no connection is no try. */
  readonly maxTries?: number
  /** The delays between those tries; from 1 s doubling to 60 s, jittered, unless given. */
  readonly backoff?: Backoff
  readonly clock?: Clock
  readonly random?: () => number
}

export interface Outbox {
  /** What is not carried out yet, oldest first. */
  readonly entries: ReadableStore<readonly OutboxEntry[]>
  /** Settles when what an earlier page left behind is here. */
  readonly ready: Promise<void>
  /**
   * Asks for a job, now or when there is a connection; gives its id once the request is stored. When it cannot be stored
   * it is sent like any other command.
   */
  start(kind: string, args: JsonValue, options?: Omit<StartOptions, 'key' | 'signal'> & OutboxPlace): Promise<string>
  /** The same for another command. It may be carried out twice when it is sent again after ten minutes. */
  command(name: CommandName, args: JsonValue, place?: OutboxPlace): Promise<string>
  /** Sends a refused entry again, with all tries. */
  retry(id: string): Promise<void>
  /** Forgets an entry. What was sent already may be carried out. */
  discard(id: string): Promise<void>
  /** Stops sending. What is stored stays. */
  close(): void
}

export interface OutboxPlace {
  /** See {@link OutboxEntry.lane}. */
  readonly lane?: string
}

const usual = createBackoff({ initialMs: 1000, factor: 2, minMs: 500, maxMs: 60_000, jitter: 0.25 })

/** An outbox before `client`. At most one for each storage of a page. */
export function createOutbox(client: Client, options: OutboxOptions): Outbox {
  const box = new Box(client, options)
  return {
    entries: box.entries,
    ready: box.ready,
    start(kind, args, { lane, ...rest } = {}) {
      const id = rest.id ?? box.newId()
      const once = { idempotencyKey: `outbox:${id}`, idempotencyTtlMs: REMEMBERED_MS }
      return box.put('jobs.dispatch', { ...once, ...rest, id, kind, args } as unknown as JsonValue, id, lane)
    },
    command: (name, args, { lane } = {}) => box.put(name, args, box.newId(), lane),
    retry: (id) => box.retry(id),
    discard: (id) => box.drop(id),
    close: () => box.close(),
  }
}

class Box {
  readonly entries: Store<readonly OutboxEntry[]> = createStore<readonly OutboxEntry[]>([])
  readonly ready: Promise<void>
  readonly #client: Client
  readonly #options: OutboxOptions
  readonly #clock: Clock
  /** Entries under way, and when a failed one may be sent again. */
  readonly #sending = new Set<string>()
  readonly #due = new Map<string, number>()
  readonly #off: Off
  #timer: unknown
  #isClosed = false

  constructor(client: Client, options: OutboxOptions) {
    this.#client = client
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#off = client.telemetry.listen(() => this.#pump())
    this.ready = options.storage.load().then((stored) => {
      const known = new Set(this.entries.get().map(({ id }) => id))
      const left = stored.filter(({ id }) => !known.has(id)).sort((a, b) => a.at - b.at)
      this.#show([...left, ...this.entries.get()])
    })
    this.ready.catch(nothing)
  }

  newId(): string {
    const session = sessions.get(this.#client)
    if (!session) throw new CallboardError('unsupported', 'an outbox needs a client that was made by createClient')
    return session.ids()
  }

  async put(name: CommandName, args: JsonValue, id: string, lane: string | undefined): Promise<string> {
    if (this.#isClosed) throw new CallboardError('closed', 'the outbox is closed')
    if (this.entries.get().length >= ENTRIES) throw new CallboardError('overloaded', `over ${ENTRIES} entries wait`)
    const entry: OutboxEntry = { id, name, args, at: this.#clock.now(), tries: 0, ...(lane !== undefined && { lane }) }
    try {
      await this.#options.storage.save(entry)
    } catch {
      await this.#send(entry)
      return id
    }
    this.#show([...this.entries.get(), entry])
    return id
  }

  async retry(id: string): Promise<void> {
    const entry = this.#find(id)
    if (!entry) throw new CallboardError('not_found', `${id} is not in the outbox`)
    const { refused, error, ...rest } = entry
    this.#due.delete(id)
    await this.#replace({ ...rest, tries: 0 })
  }

  async drop(id: string): Promise<void> {
    this.#due.delete(id)
    this.#show(this.entries.get().filter((entry) => entry.id !== id))
    await this.#options.storage.remove(id)
  }

  close(): void {
    this.#isClosed = true
    this.#off()
    this.#clock.clearTimeout(this.#timer)
  }

  #find(id: string): OutboxEntry | undefined {
    return this.entries.get().find((entry) => entry.id === id)
  }

  #show(entries: readonly OutboxEntry[]): void {
    this.entries.set(Object.freeze(entries))
    this.#pump()
  }

  async #replace(entry: OutboxEntry): Promise<void> {
    this.#show(this.entries.get().map((known) => (known.id === entry.id ? entry : known)))
    // Not stored, it is only that a later page knows less of it.
    await this.#options.storage.save(entry).catch(nothing)
  }

  /** Sends what may be sent, and wakes again when the next one may. */
  #pump(): void {
    if (this.#isClosed || this.#client.telemetry.get().phase !== 'open') return
    const now = this.#clock.now()
    const lanes = new Set<string>()
    for (const entry of this.entries.get()) {
      const isHeld = entry.lane !== undefined && lanes.has(entry.lane)
      if (entry.refused || isHeld) continue
      if (entry.lane !== undefined) lanes.add(entry.lane)
      const isLater = (this.#due.get(entry.id) ?? 0) > now
      if (isLater || this.#sending.has(entry.id) || this.#sending.size >= SENDING) continue
      this.#sending.add(entry.id)
      void this.#attempt(entry)
    }
    this.#clock.clearTimeout(this.#timer)
    const later = [...this.#due.values()].filter((due) => due > now)
    if (later.length) this.#timer = this.#clock.setTimeout(() => this.#pump(), Math.min(...later) - now)
  }

  async #attempt(entry: OutboxEntry): Promise<void> {
    try {
      await this.#send(entry)
      this.#sending.delete(entry.id)
      await this.drop(entry.id)
    } catch (error) {
      this.#sending.delete(entry.id)
      await this.#failed(entry, error as CallboardError)
    }
  }

  async #send({ id, name, args }: OutboxEntry): Promise<Accepted | void> {
    try {
      return await this.#client.command(name, args, { key: `outbox:${id}` })
    } catch (error) {
      // There is such a job: then it is ours, from a try whose answer was lost long ago.
      const isKnown = name === 'jobs.dispatch' && (error as CallboardError).code === 'conflict'
      if (!isKnown || !(await this.#exists(id))) throw error
    }
  }

  async #exists(id: string): Promise<boolean> {
    const job = this.#client.http(`api/jobs/${encodeURIComponent(id)}`)
    return job.then(
      () => true,
      () => false,
    )
  }

  async #failed(sent: OutboxEntry, { code, message, retryable }: CallboardError): Promise<void> {
    const entry = this.#find(sent.id)
    // Discarded meanwhile, or nobody was there: then it was no try.
    if (!entry || code === 'offline' || code === 'closed') return this.#pump()
    const tries = entry.tries + 1
    const { maxTries = 5, backoff = usual, random = Math.random } = this.#options
    const isOver = !retryable || tries >= maxTries
    if (!isOver) this.#due.set(entry.id, this.#clock.now() + delayMs(backoff, tries, random()))
    await this.#replace({ ...entry, tries, error: { code, message }, ...(isOver && { refused: true as const }) })
  }
}
