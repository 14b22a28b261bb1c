/**
 * The connection's life: a table of what each event does in each phase. It acts only through `Life`, so there is no
 * clock, socket or randomness here; a missing cell does not compile.
 *
 * Invariants (each has a test of its number in machine.test.ts):
 *  M1 a drop never ends the tries, unless the close code is terminal or the server's config says so (W3.1, X16)
 *  M2 at most one ping is outstanding, and nothing but a received frame takes its deadline away (X12)
 *  M3 a deadline that is noticed late is answered with one more ping before the connection is given up
 *  M4 delays lie in [min, max], but the first retry after a plain drop lies in [0, min]
 *  M5 the delays begin anew only after 30 s of health, a welcome alone is not enough
 *  M6 a paused, idle or closed connection opens no socket by itself
 *  M7 an announced leave is waited for in the server's window, not in ours
 */
import type { WsConfig } from './protocol/index.js'
import { nothing as stay } from './store.js'

/** From `new WebSocket` to `welcome`. */
export const WELCOME_MS = 10_000
/** From `welcome` to the first ping, at most (S3.24). */
export const FIRST_PING_MS = 1_000
/** A connection that lived so long begins the delays anew. */
export const HEALTHY_MS = 30_000
/** A timer that comes so much later than asked means a sleeping machine or a throttled tab. */
export const LATE_MS = 1_000

const OVERLOAD = 1013

interface Waiting {
  readonly name: 'waiting'
  readonly until: number
}
interface Connecting {
  readonly name: 'connecting'
  /** When a welcome must have come. */
  readonly until: number
  readonly leaveAt?: number | undefined
}
interface Open {
  readonly name: 'open'
  readonly since: number
  /** When to ping; when a ping must have been answered; when to leave. */
  readonly until: number
  /**
   * What `until` stands for. `first`: a ping that measures, whatever is received before it (S3.24); it has no deadline,
   * because its answer may wait behind a large snapshot. `last`: the deadline was met late once, there is no second excuse.
   */
  readonly next: 'first' | 'ping' | 'answer' | 'last'
  readonly leaveAt?: number | undefined
}
export type Phase =
  | { readonly name: 'idle' | 'paused' }
  | { readonly name: 'closed'; readonly fatal?: { readonly code: number; readonly reason: string } }
  | Waiting
  | Connecting
  | Open

/** What may happen, and what is known of it. */
export interface Events {
  start: void
  stop: void
  pause: void
  resume: void
  retry: void
  probe: void
  /** `deadline` has come. */
  tick: void
  frame: void
  welcomed: void
  /** Between how many ms from now the server wants us back. */
  goaway: readonly [number, number]
  /** The socket is gone, or of no use. `suspicious`: it may have died of its compression. */
  lost: { readonly code: number; readonly reason: string; readonly suspicious?: boolean }
}

/** What the table acts on. */
export interface Life {
  phase: Phase
  /** Tries since the last welcome. */
  attempt: number
  /** Failures since the last 30 s of health: the exponent of the next delay. */
  failures: number
  /** Suspicious deaths in a row. */
  suspicions: number
  /** Ask for no compression. */
  uncompressed: boolean
  readonly config: WsConfig
  now(): number
  random(): number
  open(): void
  ping(): void
  /** An attempt or a connection has ended: let go of its socket. */
  down(code: number, reason: string, failed: boolean): void
}

type Handler<P extends Phase, T extends keyof Events> = (life: Life, phase: P, value: Events[T]) => void
/** One event in every phase, in the order of `phases`. */
type Row<T extends keyof Events> = readonly [
  idle: Handler<Phase, T>,
  paused: Handler<Phase, T>,
  waiting: Handler<Waiting, T>,
  closed: Handler<Phase, T>,
  connecting: Handler<Connecting, T>,
  open: Handler<Open, T>,
]
const phases: readonly Phase['name'][] = ['idle', 'paused', 'waiting', 'closed', 'connecting', 'open']

const halt = (life: Life): void => leave(life, { name: 'paused' })
const end = (life: Life): void => leave(life, { name: 'closed' })

const table: { readonly [T in keyof Events]: Row<T> } = {
  // ......... idle, paused, waiting, closed, connecting, open
  start: [begin, begin, begin, begin, stay, stay],
  stop: [end, end, end, end, end, end],
  pause: [stay, stay, halt, stay, halt, halt],
  resume: [stay, begin, stay, stay, stay, stay],
  retry: [stay, stay, begin, stay, stay, stay],
  probe: [stay, stay, stay, stay, stay, probe],
  tick: [stay, stay, connect, stay, giveUp, beat],
  frame: [stay, stay, stay, stay, stay, heard],
  welcomed: [stay, stay, stay, stay, welcomed, stay],
  goaway: [stay, stay, stay, stay, announced, announced],
  lost: [stay, stay, stay, stay, lost, lost],
}

/** Lets an event happen. */
export function happen<T extends keyof Events>(life: Life, event: T, value: Events[T]): void {
  const handler = table[event][phases.indexOf(life.phase.name)] as Handler<Phase, T>
  handler(life, life.phase, value)
}

/** When `tick` is due. */
export function deadline(phase: Phase): number {
  const { until = Infinity, leaveAt = Infinity } = phase as Partial<Open>
  return Math.min(until, leaveAt)
}

function connect(life: Life): void {
  life.attempt++
  life.phase = { name: 'connecting', until: life.now() + WELCOME_MS }
  life.open()
}

/** Somebody asked for it: the delays begin anew. */
function begin(life: Life): void {
  life.failures = 0
  connect(life)
}

/** Somebody asked for the end. */
function leave(life: Life, phase: Phase): void {
  life.attempt = 0
  life.phase = phase
  life.down(1000, '', false)
}

function giveUp(life: Life, phase: Connecting): void {
  lost(life, phase, { code: 4001, reason: 'no welcome in time' })
}

function welcomed(life: Life, { leaveAt }: Connecting): void {
  const since = life.now()
  const until = since + Math.min(FIRST_PING_MS, life.config.heartbeatIntervalMs)
  life.attempt = 0
  life.phase = { name: 'open', since, until, next: 'first', leaveAt }
}

function heard(life: Life, phase: Open): void {
  if (phase.next !== 'first') silentUntil(life, phase, life.now() + life.config.heartbeatIntervalMs)
}

/** A ping is due then, if nothing more is heard. */
function silentUntil(life: Life, phase: Open, until: number): void {
  life.phase = { ...phase, until, next: 'ping' }
}

function probe(life: Life, phase: Open, _value: unknown, next: Open['next'] = 'answer'): void {
  if (phase.next === next) return
  life.phase = { ...phase, until: life.now() + life.config.heartbeatTimeoutMs, next }
  life.ping()
}

/** Leaves as announced, pings, or gives up. */
function beat(life: Life, phase: Open): void {
  const now = life.now()
  const second = phase.since + life.config.heartbeatIntervalMs
  if (phase.leaveAt !== undefined && now >= phase.leaveAt) {
    leave(life, { name: 'idle' })
    connect(life)
  } else if (phase.next === 'first' && now < second) {
    silentUntil(life, phase, second)
    life.ping()
  } else if (phase.next === 'first' || phase.next === 'ping') probe(life, phase, undefined)
  // M3: frames may wait in a queue that a sleeping machine did not read.
  else if (phase.next === 'answer' && now > phase.until + LATE_MS) probe(life, phase, undefined, 'last')
  else lost(life, phase, { code: 4000, reason: 'no answer in time' })
}

function announced(life: Life, phase: Connecting | Open, [least, most]: Events['goaway']): void {
  life.phase = { ...phase, leaveAt: life.now() + least + life.random() * Math.max(0, most - least) }
}

/** What follows the end of a socket that nobody asked for. */
function lost(life: Life, phase: Connecting | Open, { code, reason, suspicious }: Events['lost']): void {
  const now = life.now()
  const isOpen = phase.name === 'open'
  if (isOpen && now - phase.since >= HEALTHY_MS) life.failures = 0
  const isPlainDrop = isOpen && life.failures === 0 && code !== OVERLOAD
  const delay = isPlainDrop ? life.random() * life.config.reconnectMinMs : delayMs(life)
  life.phase = { name: 'waiting', until: Math.max(now, phase.leaveAt ?? now + delay) }
  life.failures++
  doubt(life, suspicious)
  if (code >= 4500) life.phase = { name: 'closed', fatal: { code, reason } }
  else if (!life.config.reconnectEnabled) life.phase = { name: 'closed' }
  life.down(code, reason, true)
}

/** Two suspicious deaths in a row change between compressed and not (design: sync 1.8). */
function doubt(life: Life, suspicious = false): void {
  life.suspicions = suspicious ? life.suspicions + 1 : 0
  if (life.suspicions < 2) return
  life.suspicions = 0
  life.uncompressed = !life.uncompressed
}

/** clamp(b·(1 ± jitter), min, max) with b = min(max, min·factor^n): spread also where the delays no longer grow. */
export function delayMs({ failures, config, random }: Pick<Life, 'failures' | 'config' | 'random'>): number {
  const { reconnectMinMs: min, reconnectMaxMs: max, reconnectFactor: factor, reconnectJitter: jitter } = config
  const base = Math.min(max, min * factor ** failures)
  return Math.min(max, Math.max(min, Math.round(base * (1 + jitter * (2 * random() - 1)))))
}
