/** What is known of the connection, as the generation store tells it (S0.30-S0.33, S0.37). */
import { CallboardError } from '../error.js'
import type { PauseReason } from '../manager/environment.js'
import { createStore } from '../store.js'
import type { Client, Off, ReadableStore, Telemetry } from '../types.js'
import { recordOf } from './words.js'

export type TransportPhase = 'idle' | 'connecting' | 'connected' | 'disconnected' | 'reconnecting' | 'paused'
export type ConnectionEvent = 'connect:start' | 'connect:success' | 'reconnect:scheduled' | 'disconnect' | 'error'

export interface ConnectionFault {
  readonly message: string
  readonly code?: string | number
  readonly reason?: string
  readonly wasClean?: boolean
  readonly attempt?: number
  readonly cause?: unknown
}

/** One moment of the connection's life (S0.31). */
export interface ConnectionSnapshot {
  readonly event: ConnectionEvent
  readonly timestamp: string
  readonly url: string
  readonly connected: boolean
  readonly reconnectAttempt: number
  readonly consecutiveFailures: number
  readonly nextRetryDelayMs: number | null
  readonly lastConnectedAt: string | null
  readonly lastDisconnectedAt: string | null
  readonly downtimeMs: number | null
  readonly error?: ConnectionFault | null
}

/** What went wrong, where (S0.37). */
export interface TransportError {
  readonly source: 'websocket' | 'http'
  readonly context: string
  readonly message: string
  readonly timestamp: string
  readonly statusCode?: number | string
  readonly attempt?: number
  readonly url?: string
  readonly details?: unknown
}

/** That it was paused or resumed, and why. */
export interface PauseEvent {
  readonly reasons: readonly PauseReason[]
  readonly timestamp: string
}

/** The connection's facts (S0.32). */
export interface TransportMetrics {
  readonly phase: TransportPhase
  readonly reconnectAttempt: number
  readonly consecutiveFailures: number
  readonly nextRetryDelayMs: number | null
  readonly lastConnectedAt: string | null
  readonly lastDisconnectedAt: string | null
  readonly downtimeMs: number | null
  readonly totalDowntimeMs: number
  /** Not cleared by a success. */
  readonly lastError: TransportError | null
  readonly lastEvent: ConnectionEvent | null
  readonly paused: boolean
  readonly pauseReasons: readonly PauseReason[]
  readonly pauseSince: string | null
  readonly lastPauseEvent: PauseEvent | null
  readonly lastResumeEvent: PauseEvent | null
}

const initial: TransportMetrics = recordOf<TransportMetrics>({
  phase: 'idle',
  reconnectAttempt: 0,
  consecutiveFailures: 0,
  nextRetryDelayMs: null,
  lastConnectedAt: null,
  lastDisconnectedAt: null,
  downtimeMs: null,
  totalDowntimeMs: 0,
  lastError: null,
  lastEvent: null,
  paused: false,
  pauseReasons: [],
  pauseSince: null,
  lastPauseEvent: null,
  lastResumeEvent: null,
})

const phases: Readonly<Record<ConnectionEvent, TransportPhase>> = {
  'connect:start': 'connecting',
  'connect:success': 'connected',
  'reconnect:scheduled': 'reconnecting',
  disconnect: 'disconnected',
  error: 'disconnected',
}

/** What went wrong, in words; nothing that says so is an `Unknown error` (S0.37). */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : error
  return typeof message === 'string' && message ? message : 'Unknown error'
}

export interface GenerationTransport {
  readonly metrics: ReadableStore<TransportMetrics>
  readonly lastSnapshot: ReadableStore<ConnectionSnapshot | null>
  record(snapshot: ConnectionSnapshot): void
  /** A request failed. */
  recordError(error: unknown, context: string, details?: unknown): void
  /** The phase is `paused` until `resumed` (S0.33). */
  paused(event: PauseEvent): void
  /** Remembered in any case; `connecting` follows a pause. */
  resumed(event: PauseEvent): void
  resetMetrics(): void
}

export function createTransport(now: () => number): GenerationTransport {
  const metrics = createStore(initial)
  const lastSnapshot = createStore<ConnectionSnapshot | null>(null)
  const put = (changes: Partial<TransportMetrics>): void => metrics.set(recordOf({ ...metrics.get(), ...changes }))
  return {
    metrics,
    lastSnapshot,
    record(snapshot) {
      lastSnapshot.set(recordOf(snapshot))
      put(recorded(metrics.get(), snapshot))
    },
    recordError(error, context, details = null) {
      const timestamp = new Date(now()).toISOString()
      const statusCode = error instanceof CallboardError ? { statusCode: error.code } : {}
      put({ lastError: { source: 'http', context, message: messageOf(error), timestamp, ...statusCode, details } })
    },
    paused: (event) =>
      put({
        paused: true,
        phase: 'paused',
        pauseReasons: event.reasons,
        pauseSince: metrics.get().pauseSince ?? event.timestamp,
        lastPauseEvent: event,
      }),
    resumed: (event) =>
      put({
        lastResumeEvent: event,
        ...(metrics.get().paused && ({ paused: false, phase: 'connecting', pauseReasons: [], pauseSince: null } as const)),
      }),
    resetMetrics() {
      lastSnapshot.set(null)
      metrics.set(initial)
    },
  }
}

/** What a moment changes: times stay when it knows none, and downtime grows only with its end (S0.31). */
function recorded(before: TransportMetrics, snapshot: ConnectionSnapshot): Partial<TransportMetrics> {
  const { event, error, downtimeMs, timestamp, url } = snapshot
  const isSuccess = event === 'connect:success'
  return {
    phase: before.paused ? 'paused' : phases[event],
    lastEvent: event,
    reconnectAttempt: snapshot.reconnectAttempt,
    consecutiveFailures: snapshot.consecutiveFailures,
    nextRetryDelayMs: snapshot.nextRetryDelayMs,
    downtimeMs,
    lastConnectedAt: snapshot.lastConnectedAt ?? before.lastConnectedAt,
    lastDisconnectedAt: snapshot.lastDisconnectedAt ?? before.lastDisconnectedAt,
    totalDowntimeMs: before.totalDowntimeMs + (isSuccess ? (downtimeMs ?? 0) : 0),
    ...(error &&
      !isSuccess && {
        lastError: {
          source: 'websocket',
          context: event,
          message: messageOf(error.message),
          timestamp,
          url,
          details: error,
          ...(error.code !== undefined && { statusCode: error.code }),
          ...(error.attempt !== undefined && { attempt: error.attempt }),
        } as const,
      }),
  }
}

/** Tells a client's telemetry as the moments of a connection; each is true when it is told (S0.34's fault, W0.6). */
export function connectionOf(client: Client, url: string, now: () => number, tell: (moment: ConnectionSnapshot) => void): Off {
  let before = client.telemetry.get()
  return client.telemetry.listen((telemetry) => {
    for (const event of eventsBetween(before, telemetry)) tell(momentOf(event, telemetry, url, now()))
    before = telemetry
  })
}

const isUp = ({ phase }: Telemetry): boolean => phase === 'open' || phase === 'resyncing'

function eventsBetween(before: Telemetry, after: Telemetry): readonly ConnectionEvent[] {
  if (before.phase === after.phase && before.attempt === after.attempt) return []
  const events: ConnectionEvent[] = []
  if (isUp(before) && !isUp(after)) events.push('disconnect')
  else if (after.consecutiveFailures > before.consecutiveFailures) events.push('error')
  if (after.phase === 'waiting' || after.phase === 'offline') events.push('reconnect:scheduled')
  if (after.phase === 'connecting') events.push('connect:start')
  if (isUp(after) && !isUp(before)) events.push('connect:success')
  return events
}

function momentOf(event: ConnectionEvent, telemetry: Telemetry, url: string, now: number): ConnectionSnapshot {
  const { attempt, consecutiveFailures, nextRetryAt, lastConnectedAt, lastDisconnectedAt, downtimeMs, lastError } = telemetry
  const time = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())
  const isFault = event === 'error' || event === 'disconnect'
  return {
    event,
    timestamp: new Date(now).toISOString(),
    url,
    connected: isUp(telemetry),
    reconnectAttempt: attempt,
    consecutiveFailures,
    nextRetryDelayMs: nextRetryAt === undefined ? null : Math.max(0, nextRetryAt - now),
    lastConnectedAt: time(lastConnectedAt),
    lastDisconnectedAt: time(lastDisconnectedAt),
    downtimeMs: event === 'connect:success' ? downtimeMs : null,
    error: isFault && lastError ? { message: lastError.message, code: lastError.code, attempt } : null,
  }
}
