import type { ClientErrorCode } from './error.js'
import type {
  Accepted,
  CommandName,
  DispatchArgs,
  Job,
  JsonValue,
  LogEntry,
  LogRequest,
  Progress,
  ResultRecord,
  ServerConfig,
  ServerFrame,
  StatePosition,
} from './protocol/index.js'

/** Ends a subscription. Calling it again does nothing. */
export type Off = () => void

/** A JSON object whose members are not known here. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** A value that changes. Values are frozen and shared: `===` means unchanged. */
export interface ReadableStore<T> {
  /** The present value. Never allocates when nothing changed. */
  get(): T
  /** Calls `f` after each change. */
  listen(f: (value: T) => void): Off
  /** Calls `f` now and after each change (the contract of Svelte stores). */
  subscribe(f: (value: T) => void): Off
}

/** Many records by id. Records are frozen; ids and arrays are in the order of the ids (UUIDv7: of creation). */
export interface Collection<T> {
  get(id: string): T | undefined
  has(id: string): boolean
  readonly size: number
  /** All ids, ascending. The same array until an id comes or goes. */
  ids(): readonly string[]
  /** All records in the order of `ids()`. The same array until a record changes. */
  toArray(): readonly T[]
  /** Calls `f` after each batch of changes, with the ids that were added, changed or removed. */
  listen(f: (changed: ReadonlySet<string>) => void): Off
  /** One record. Its listeners are called only when that record changes. */
  item(id: string): ReadableStore<T | undefined>
}

/** Where lines are missing: `count` positions from `fromSeq` to `toSeq`, both included. */
export interface LogGap {
  readonly gap: true
  readonly fromSeq: number
  readonly toSeq: number
  readonly count: number
}

/** A line, or the mark of lines that were lost. */
export type LogRow = LogEntry | LogGap

/** The newest lines of the board's log, oldest first, in a ring whose size the server suggests (S3.14, S3.17). */
export interface LogStore {
  /** Rises with every change. */
  readonly rev: number
  /** Rows held. */
  readonly size: number
  /** Rows held at most. */
  readonly capacity: number
  /** The same array until something changes. */
  toArray(): readonly LogRow[]
  listen(f: () => void): Off
  /** Forgets the rows here; the server keeps its own (S3.29). */
  clear(): void
}

/**
 * What the connection is doing. `resyncing`: connected, the state is on its way. `waiting`: a retry is due at
 * `nextRetryAt`. `offline`: the same, and the machine says that it has no network. `idle`: not started, or paused.
 */
export type ConnectionPhase = 'idle' | 'connecting' | 'open' | 'waiting' | 'offline' | 'resyncing' | 'closed'

/** The connection's facts. Times are epoch ms, durations ms. */
export interface Telemetry {
  readonly phase: ConnectionPhase
  /** The number of the present try since the last connection, from 1; 0 while connected. */
  readonly attempt: number
  /** Tries that failed since the last connection. */
  readonly consecutiveFailures: number
  readonly nextRetryAt?: number
  readonly lastConnectedAt?: number
  readonly lastDisconnectedAt?: number
  /** How long the last outage was. The present one lasts since `lastDisconnectedAt`. */
  readonly downtimeMs: number
  /** Of all outages that ended. */
  readonly totalDowntimeMs: number
  /** Times connected. */
  readonly connections: number
  /** The last round trip of a ping. */
  readonly rttMs?: number
  /** Of the messages, before compression. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly messages: number
  readonly patches: number
  readonly snapshots: number
  /** Requests for the state that were sent because it could not be continued. */
  readonly resyncs: number
  /** Patches or log lines that were found missing. */
  readonly gaps: number
  /** Not cleared by a success. */
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number }
  /** Whether this connection is compressed. */
  readonly compression: boolean
  /** What is shown may be old: not connected, or the state is on its way. */
  readonly stale: boolean
  readonly paused: boolean
  /** Why no further try is made; only a call of `connect()` starts again. */
  readonly fatal?: { readonly code: string; readonly message: string }
}

/** Time, injected so that tests can own it. */
export interface Clock {
  /** Epoch ms. */
  now(): number
  setTimeout(f: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** Where the client remembers what outlives it: that compression fails on this way. `localStorage` fits. */
export interface KeyValueStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** A token, or how to get one. Asked before each connection and HTTP request. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>)

export interface ClientOptions {
  /** The board's base: `http(s)://` or `ws(s)://`, a path prefix is kept; the socket is at `<url>/ws`. */
  url: string
  token?: TokenSource | undefined
  /** Who connects, for the server's list of clients. */
  name?: string | undefined
  /**
   * `false`: none of the state. `state`, `jobs` and `results` stay empty, and a job's handle cannot be awaited; parts of
   * the state are had with `/views`.
   */
  state?: false | undefined
  /** Which lines to receive; `false`: none. */
  logs?: LogRequest | false | undefined
  /** `globalThis.WebSocket` unless given. Node before 22 needs one, e.g. of the package `ws`. */
  WebSocket?: typeof WebSocket | undefined
  fetch?: typeof fetch | undefined
  /** Rows of `logs`; the server's suggestion unless given. */
  logCapacity?: number | undefined
  clock?: Clock | undefined
  /** In [0, 1); spreads the retries. */
  random?: (() => number) | undefined
  storage?: KeyValueStorage | undefined
  /**
   * When patches are shown: all that came since the last call are applied as one batch. The next animation frame of a
   * visible page, at once elsewhere, unless given. Acks and snapshots find everything applied in any case.
   */
  frame?: ((flush: () => void) => void) | undefined
}

export interface CommandOptions {
  /** Makes the command idempotent, and lets it wait for a connection instead of failing with `offline`. */
  key?: string | undefined
  /** Stops waiting; the command may have been carried out. */
  signal?: AbortSignal | undefined
  /** How long to wait for the outcome, at most 9 min (outcomes are kept 10 min). 30 s, or 9 min with a key, unless given. */
  timeoutMs?: number | undefined
}

/** What may be said about a job beside its kind and arguments. `timeoutMs` is that of an attempt. */
export interface StartOptions extends Omit<DispatchArgs, 'kind' | 'args'> {
  key?: string | undefined
  /** Cancels the job. */
  signal?: AbortSignal | undefined
}

/**
 * A job that was asked for. Awaiting it gives the job's result; it rejects with `job_failed` (`details` is the
 * job's error) or `cancelled`, or with the reason why the job was not accepted. Dropping it cancels nothing.
 */
export interface JobHandle<R = JsonValue> extends PromiseLike<R> {
  /** A UUIDv7 made here (or `options.id`), kept by the server. */
  readonly id: string
  readonly store: ReadableStore<Job | undefined>
  /** Settles when the server has the job, durably. */
  readonly accepted: Promise<Accepted>
  /** Calls `f` with each new progress. */
  progress(f: (progress: Progress) => void): Off
  cancel(reason?: string): Promise<void>
}

export type Welcome = Extract<ServerFrame, { type: 'welcome' }>
export type Goaway = Extract<ServerFrame, { type: 'goaway' }>

/** What can be heard with `client.on`. */
export interface ClientEvents {
  /** Versions `from`..`to` were missed, the state is asked for again; or log lines, which are lost for good. */
  gap: { readonly stream: 'state' | 'logs'; readonly from: number; readonly to: number }
  /** The state was asked for again. */
  resync: { readonly reason: string }
  /** The board has another history: it was restored or began anew. */
  epoch: { readonly from: string; readonly to: string }
  error: { readonly code: string; readonly message: string }
  /** A connection ended. */
  close: { readonly code: number; readonly reason: string }
  /** The server is leaving; the client connects again by itself. */
  goaway: Goaway
}

/** A mirror of one board, and the way to command it. Nothing starts before `connect()`. */
export interface Client {
  /** Connects and stays connected: retries are jittered and unlimited. Also starts again after `closed`. */
  connect(): void
  /** Ends the connection and fails what is under way with `closed`. The state stays readable. */
  close(): void
  /** Disconnects until `resume()`; the state stays readable and is marked stale. */
  pause(): void
  resume(): void
  /** Tries now instead of at `nextRetryAt`, and begins the delays anew. */
  retryNow(): void
  /** Asks for a sign of life now instead of after a silence; used when a tab becomes visible. */
  probe(): void
  /** Tells what the machine knows about its network; `true` also retries now. Only `phase` depends on it. */
  setOnline(online: boolean): void

  /** The document without `/jobs` and `/results`, which are collections. `undefined` before the first snapshot. */
  readonly state: ReadableStore<JsonObject | undefined>
  readonly jobs: Collection<Job>
  readonly results: Collection<ResultRecord>
  readonly position: ReadableStore<StatePosition | undefined>
  readonly logs: LogStore
  readonly telemetry: ReadableStore<Telemetry>
  /** The server's parameters as adopted; defaults before the first connection (S3.15). */
  readonly serverConfig: ReadableStore<ServerConfig>
  readonly welcome: ReadableStore<Welcome | undefined>

  /**
   * Sends a command. Fails with `offline` at once when not connected, unless a `key` is given. A command whose
   * outcome is not known when the connection drops is sent again with the same key, so it is carried out once.
   */
  command(name: CommandName, args: JsonValue, options?: CommandOptions): Promise<Accepted>
  start<R = JsonValue>(kind: string, args: JsonValue, options?: StartOptions): JobHandle<R>
  job(id: string): ReadableStore<Job | undefined>
  /** A request below the base, with the token. Answers other than 2xx reject with `CallboardError`. */
  http<T>(path: string, init?: RequestInit): Promise<T>
  /** The same, giving the response itself: for bytes. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  on<E extends keyof ClientEvents>(event: E, f: (value: ClientEvents[E]) => void): Off
}

export type { ClientErrorCode }
