/** One board as seen from here: what the frames mean, and what the connection's life means for what is shown. */
import { Commands } from './commands.js'
import { defaultConfig } from './config.js'
import { Connection } from './connection.js'
import { CallboardError, codes } from './error.js'
import { createIds } from './ids.js'
import { LogRing } from './logs.js'
import { Mirror, type Break } from './mirror.js'
import { equal, freezeDeep } from './patch.js'
import {
  PROTOCOL,
  type ClientFrame,
  type Limits,
  type Served,
  type ServerConfig,
  type ServerFrame,
  type WsConfig,
} from './protocol/index.js'
import type { Setup } from './setup.js'
import { attempt, createStore, Emitter, type Store } from './store.js'
import { createMeter, type Changes, type Meter } from './telemetry.js'
import type { ClientEvents, ConnectionPhase, LogGap, Off, Welcome } from './types.js'
import { VERSION } from './version.js'

/** The state must arrive, or go on arriving, within this time after it was asked for. */
const RESYNC_MS = 10_000

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export class Session {
  readonly mirror: Mirror = new Mirror()
  declare readonly ring: LogRing
  declare readonly meter: Meter
  declare readonly commands: Commands
  declare readonly connection: Connection
  readonly serverConfig: Store<ServerConfig> = createStore(defaultConfig)
  readonly welcome: Store<Welcome | undefined> = createStore<Welcome | undefined>(undefined)
  declare readonly ids: () => string
  declare readonly instance: string
  /** What is said in `hello` that can be read here. */
  readonly caps: string[] = ['parts']
  /** Takes what is not for the mirror; set by the package's other entries, each of which asks the one before it. */
  aside: (frame: ServerFrame) => boolean = (frame) => ((frame as { sub?: string }).sub ?? 'main') !== 'main'
  /** Another way for frames, and whether one takes it (`/polling`). */
  relay: ((frame: ClientFrame | string) => boolean) | undefined
  declare readonly setup: Setup
  readonly #events = new Emitter<readonly [name: string, value: unknown]>()
  /** The version at which the state is complete that is on its way; `undefined`: none is. At most one is. */
  #awaited: number | undefined
  #timer: unknown
  #isOnline = true
  #downSince: number | undefined

  constructor(setup: Setup) {
    const { clock, logCapacity = defaultConfig.logs.capacity } = setup
    this.setup = setup
    this.ids = createIds(() => clock.now())
    this.instance = this.ids()
    this.ring = new LogRing(logCapacity)
    this.meter = createMeter(clock)
    this.commands = new Commands(setup, this)
    this.connection = new Connection(setup, this)
    this.mirror.state.listen((state) => this.#adopt(state?.['serverConfig'] as Partial<ServerConfig>))
  }

  get config(): WsConfig {
    return this.serverConfig.get().ws
  }

  get limits(): Limits | undefined {
    return this.welcome.get()?.limits
  }

  reach(): 'open' | 'down' | CallboardError {
    const { phase } = this.connection
    if (phase.name !== 'closed') return phase.name === 'open' || this.relay ? 'open' : 'down'
    const { code = 0, reason = 'the client is closed' } = phase.fatal ?? {}
    return new CallboardError(codes[code] ?? 'closed', reason)
  }

  send(frame: ClientFrame | string): void {
    this.relay?.(frame) || this.connection.send(frame)
  }

  readonly on = <E extends keyof ClientEvents>(event: E, f: (value: ClientEvents[E]) => void): Off =>
    this.#events.listen(([name, value]) => name === event && f(value as ClientEvents[E]))

  #emit<E extends keyof ClientEvents>(event: E, value: ClientEvents[E]): void {
    this.#events.emit([event, value])
  }

  /** What the machine knows about its network. */
  readonly setOnline = (online: boolean): void => {
    this.#isOnline = online
    this.update()
    if (online) this.connection.dispatch('retry')
  }

  /** Says what we have and want. */
  hello(token: string | undefined): ClientFrame {
    const { name = 'callboard-client', logs = {}, state } = this.setup
    const have = this.mirror.position.get()
    const seen = this.ring.position
    return {
      type: 'hello',
      protocol: PROTOCOL,
      client: { name, version: VERSION, instance: this.instance },
      auth: token ? { token } : undefined,
      subs: state === false ? [] : have && [{ sub: 'main', paths: [''], resume: have }],
      logs: logs ? { ...logs, resume: seen } : { enabled: false },
      caps: this.caps,
      connectionCount: this.meter.get().connections,
    } as ClientFrame
  }

  frame(frame: ServerFrame): void {
    // Everything but lines finds the state as it is, also where patches wait for the next frame.
    if (!/^(state\.patch|logs)/.test(frame.type)) this.#flush()
    if (this.aside(frame)) return
    switch (frame.type) {
      case 'welcome':
        return this.#welcomed(frame)
      case 'state.snapshot':
        return this.#snapshot(frame)
      case 'state.patch':
        this.meter.count('patches')
        return this.#patch(frame)
      case 'logs.history':
      case 'logs.append':
        return this.#logs(this.ring.receive(frame, this.welcome.get()?.epoch ?? ''))
      case 'ping':
        this.send({ type: 'pong', ts: frame.ts })
        return frame.at && this.#served(frame.at)
      case 'pong':
        if (frame.id === `${this.connection.pings}`) {
          this.meter.put({ rttMs: Math.max(0, this.connection.now() - frame.ts) })
        }
        return this.#served(frame)
      case 'ack':
        return this.commands.ack(frame)
      case 'error':
        if (!this.commands.error(frame)) this.problem(frame.code, frame.message)
        return
      case 'goaway':
        this.connection.dispatch('goaway', frame.reconnectAfterMs)
        return this.#emit('goaway', frame)
    }
  }

  /** Something was wrong that is nobody's answer. */
  problem(code: string, message: string): void {
    this.meter.put({ lastError: { code, message, at: this.connection.now() } })
    this.#emit('error', { code, message })
  }

  #welcomed(frame: Welcome): void {
    this.welcome.set(freezeDeep(frame))
    this.#adopt(frame.serverConfig)
    if (this.setup.state !== false) this.#await(frame.subs['main'] === 'resumed' ? frame.version : Infinity)
    this.#arrived()
    this.connection.dispatch('welcomed')
  }

  #snapshot(frame: Frame<'state.snapshot'>): void {
    const before = this.mirror.position.get()
    try {
      if (!this.mirror.snapshot(frame)) return this.#await(Infinity)
    } catch (error) {
      return this.connection.lost(4003, `${error}`)
    }
    this.meter.count('snapshots')
    this.#await()
    if (before && before.epoch !== frame.epoch) this.#emit('epoch', { from: before.epoch, to: frame.epoch })
  }

  #patch(frame: Frame<'state.patch'>): void {
    const broken = this.mirror.patch(frame)
    if (!broken) return attempt(this.setup.frame, this.#flush)
    this.#flush()
    this.resync(broken)
  }

  readonly #flush = (): void => this.resync(this.mirror.flush())

  /** Asks for the state if it broke off, unless it is on its way already. */
  resync(broken: Break | undefined): void {
    if (!broken) return this.#arrived()
    if (this.#awaited !== undefined) return
    const { reason, from, to } = broken
    const have = this.mirror.position.get()
    const isGap = reason === 'gap'
    this.meter.count('resyncs')
    this.#await(to)
    // What did not apply may have been built on something else: then only the whole will do.
    this.send({ type: 'state.resync', reason, have: isGap ? have : undefined } as ClientFrame)
    if (isGap) this.#gap('state', from, to)
    this.#emit('resync', { reason })
  }

  /** The heartbeat says what we have been served: a silent loss is found within one interval. */
  #served({ epoch, version, logSeq }: Served): void {
    const mine = this.mirror.position.get()
    if (mine && (epoch !== mine.epoch || version > mine.version)) {
      this.resync({ reason: 'gap', from: mine.version + 1, to: version })
    }
    const seen = this.ring.position
    if (epoch === seen?.epoch && logSeq > seen.seq) this.#logs(seen.seq)
  }

  /** Lines are lost, or those after one may be had again. */
  #logs(missing: LogGap | number | undefined): void {
    if (typeof missing === 'number') this.send({ type: 'logs.replay', sinceSeq: missing })
    else if (missing) this.#gap('logs', missing.fromSeq, missing.toSeq)
  }

  #gap(stream: 'state' | 'logs', from: number, to: number): void {
    this.meter.count('gaps')
    this.#emit('gap', { stream, from, to })
  }

  #adopt(config: Partial<ServerConfig> = {}): void {
    const before = this.serverConfig.get()
    const next = freezeDeep({ ...before, ...config })
    // Without delays tries would be a loop without a pause.
    if (equal(next, before) || !(next.logs?.capacity > 0 && next.ws?.reconnectMaxMs > 0)) return
    this.serverConfig.set(next)
    // The interval of the heartbeat may be another: the silence counts anew.
    this.connection.dispatch('frame')
    this.ring.resize(this.setup.logCapacity ?? next.logs.capacity)
  }

  /** The state is on its way, or its next part. */
  #await(version?: number): void {
    const { clock } = this.setup
    const late = (): void => this.connection.lost(4003, 'no state in time')
    clock.clearTimeout(this.#timer)
    if (version !== undefined) this.#timer = clock.setTimeout(late, RESYNC_MS)
    this.#awaited = version
    this.update()
  }

  /** The mirror has moved: is the state complete? */
  #arrived(): void {
    if ((this.mirror.position.get()?.version ?? -1) >= (this.#awaited ?? Infinity)) this.#await()
  }

  changed(): void {
    const { name } = this.connection.phase
    if (name === 'open') this.#up()
    else this.update()
    const reach = this.reach()
    if (reach instanceof CallboardError) this.commands.fail(reach)
    else this.commands.pump()
  }

  /** All counters are true in the first telemetry after a success (S0.34's fault, W0.6). */
  #up(): void {
    const { totalDowntimeMs } = this.meter.get()
    const now = this.connection.now()
    const downtimeMs = now - (this.#downSince ?? now)
    this.#downSince = undefined
    this.meter.count('connections')
    this.update({
      consecutiveFailures: 0,
      lastConnectedAt: now,
      ...(downtimeMs && { downtimeMs, totalDowntimeMs: totalDowntimeMs + downtimeMs }),
    })
  }

  /** What is shown stays, what was half-received goes. */
  down(code: number, reason: string, failed: boolean): void {
    const now = this.connection.now()
    const { consecutiveFailures, phase } = this.meter.get()
    const wasUp = phase === 'open' || phase === 'resyncing'
    if (failed) this.#downSince ??= now
    this.commands.down()
    this.mirror.interrupt()
    this.update({
      consecutiveFailures: consecutiveFailures + (failed && !wasUp ? 1 : 0),
      ...(wasUp && { lastDisconnectedAt: now }),
      ...(failed && { lastError: { ...named(code, reason), at: now } }),
    })
    this.#await()
    if (wasUp) this.#emit('close', { code, reason })
  }

  /** Brings the telemetry up to date, at once and as one. */
  update(changes: Changes = {}): void {
    const { phase, attempt, isCompressed } = this.connection
    const fatal = phase.name === 'closed' && phase.fatal
    const shown = this.#phase()
    this.meter.put({
      phase: shown,
      attempt,
      nextRetryAt: phase.name === 'waiting' ? phase.until : undefined,
      stale: shown !== 'open',
      paused: phase.name === 'paused',
      compression: isCompressed,
      fatal: fatal ? named(fatal.code, fatal.reason) : undefined,
      ...changes,
    })
  }

  #phase(): ConnectionPhase {
    const { name } = this.connection.phase
    if (name === 'paused') return 'idle'
    if (name === 'open') return this.#awaited === undefined ? 'open' : 'resyncing'
    return name === 'waiting' && !this.#isOnline ? 'offline' : name
  }
}

function named(code: number, reason: string): { code: string; message: string } {
  const name = codes[code] ?? `closed_${code}`
  return { code: name, message: reason || name }
}
