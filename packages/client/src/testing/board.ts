import { defaultConfig } from '../config.js'
import { applyPatch } from '../patch.js'
import type {
  Accepted,
  ClientFrame,
  JsonValue,
  LogEntry,
  PatchOp,
  Rejection,
  ServerConfig,
  ServerFrame,
} from '../protocol/index.js'
import type { Clock } from '../types.js'
import { FakeNetwork, type FakeSocket } from './network.js'

/** Changes and lines that the board keeps for those who come back. */
const RING = 1000

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>
type CommandHandler = (args: JsonValue, frame: Frame<'cmd'>) => JsonValue | undefined
interface Change {
  readonly version: number
  readonly patch: PatchOp[]
}

export interface FakeBoardOptions {
  readonly clock: Clock
  readonly state?: JsonValue
  readonly epoch?: string
  readonly token?: string
  readonly config?: ServerConfig
  /** One way, ms. */
  readonly latencyMs?: number
}

/** A small server that speaks the protocol: snapshots, patches, resume, logs, heartbeat and commands. */
export class FakeBoard {
  readonly network: FakeNetwork = new FakeNetwork()
  readonly commands: Map<string, CommandHandler> = new Map<string, CommandHandler>()
  /** While false, connections are refused. */
  isUp = true
  state: JsonValue
  epoch: string
  version = 1
  readonly #options: FakeBoardOptions
  readonly #changes: Change[] = []
  readonly #outcomes = new Map<string, Accepted>()
  readonly #lines: LogEntry[] = []
  readonly #served = new Map<FakeSocket, { version: number; seq: number }>()
  #seq = 0

  constructor(options: FakeBoardOptions) {
    this.#options = options
    this.state = options.state ?? { jobs: {}, results: {} }
    this.epoch = options.epoch ?? 'e1'
    this.network.onsocket = (socket) => this.#knock(socket)
  }

  /** Connections that have been greeted. */
  get sessions(): number {
    return this.#served.size
  }

  /** Changes the state by one version and tells everybody. */
  commit(...patch: PatchOp[]): number {
    this.state = applyPatch(this.state, patch)
    this.version++
    this.#changes.push({ version: this.version, patch })
    if (this.#changes.length > RING) this.#changes.shift()
    for (const socket of this.#served.keys()) this.#catchUp(socket)
    return this.version
  }

  /** Writes lines to the log and tells everybody. */
  log(...messages: string[]): void {
    const ts = new Date(this.#options.clock.now()).toISOString()
    for (const message of messages) {
      this.#lines.push({ seq: ++this.#seq, ts, channel: 'job', emoji: '⚙', level: 'info', message, color: 'blue' })
      if (this.#lines.length > RING) this.#lines.shift()
    }
    for (const [socket, served] of this.#served) {
      const entries = this.#lines.filter((line) => line.seq > served.seq)
      const prevSeq = served.seq
      served.seq = this.#seq
      this.#send(socket, { type: 'logs.append', entries, prevSeq, toSeq: this.#seq })
    }
  }

  /** Ends all connections. */
  drop(code = 1006, reason = ''): void {
    this.#served.clear()
    for (const socket of this.network.sockets) socket.drop(code, reason)
  }

  /** Begins another history, as after a restore. */
  restore(epoch: string, state: JsonValue, version = 1): void {
    this.drop(1001)
    Object.assign(this, { epoch, state, version })
    this.#changes.length = this.#lines.length = this.#seq = 0
  }

  #knock(socket: FakeSocket): void {
    socket.onframe = (frame) => this.#later(() => this.#frame(socket, frame))
    this.#later(() => (this.isUp ? socket.accept() : socket.drop()))
  }

  #later(f: () => void): void {
    this.#options.clock.setTimeout(f, this.#options.latencyMs ?? 1)
  }

  #send(socket: FakeSocket, frame: ServerFrame): void {
    const text = JSON.stringify(frame)
    this.#later(() => socket.receive(text))
  }

  #frame(socket: FakeSocket, frame: ClientFrame): void {
    if (socket.readyState !== 1) return
    switch (frame.type) {
      case 'hello':
        return this.#greet(socket, frame)
      case 'ping': {
        const { version, seq: logSeq } = this.#served.get(socket) ?? { version: 0, seq: 0 }
        const serverTime = this.#options.clock.now()
        return this.#send(socket, { ...frame, type: 'pong', serverTime, epoch: this.epoch, version, logSeq })
      }
      case 'state.resync':
        return this.#continue(socket, frame.have, 'resync')
      case 'logs.replay':
        return this.#history(socket, frame.sinceSeq, true)
      case 'cmd':
        return this.#command(socket, frame)
    }
  }

  #greet(socket: FakeSocket, { auth, subs, logs }: Frame<'hello'>): void {
    const { token, config = defaultConfig, clock } = this.#options
    if (token !== undefined && auth?.token !== token) return socket.drop(4500, 'the token is not valid')
    const resume = subs?.[0]?.resume
    this.#send(socket, {
      type: 'welcome',
      protocol: 1,
      server: { name: 'fake', version: '0', node: 'n' },
      session: `s${this.network.sockets.length}`,
      role: 'admin',
      epoch: this.epoch,
      version: this.version,
      serverTime: new Date(clock.now()).toISOString(),
      serverConfig: config,
      limits: { maxMessageBytes: 1 << 20, maxInflight: 64, maxSubs: 1 },
      subs: { main: this.#canResume(resume) ? 'resumed' : 'snapshot' },
    })
    this.#continue(socket, resume, resume && resume.epoch !== this.epoch ? 'epoch' : 'connect')
    const isSame = logs?.resume?.epoch === this.epoch
    if (logs?.enabled !== false) this.#history(socket, isSame ? (logs?.resume?.seq ?? 0) : 0, false)
  }

  #canResume(have: { epoch: string; version: number } | undefined): boolean {
    if (have?.epoch !== this.epoch) return false
    return have.version === this.version || this.#changes.some((change) => change.version === have.version + 1)
  }

  #continue(
    socket: FakeSocket,
    have: { epoch: string; version: number } | undefined,
    reason: 'connect' | 'resync' | 'epoch',
  ): void {
    const seq = this.#served.get(socket)?.seq ?? 0
    const version = have && this.#canResume(have) ? have.version : undefined
    this.#served.set(socket, { version: version ?? this.version, seq })
    if (version !== undefined) return this.#catchUp(socket)
    this.#send(socket, {
      type: 'state.snapshot',
      epoch: this.epoch,
      stateVersion: this.version,
      data: this.state,
      reason,
    })
  }

  #catchUp(socket: FakeSocket): void {
    const served = this.#served.get(socket)
    if (!served) return
    const fromVersion = served.version
    const patch = this.#changes.filter((change) => change.version > fromVersion).flatMap((change) => change.patch)
    served.version = this.version
    this.#send(socket, { type: 'state.patch', epoch: this.epoch, fromVersion, toVersion: this.version, patch })
  }

  #history(socket: FakeSocket, sinceSeq: number, replay: boolean): void {
    const entries = this.#lines.filter((line) => line.seq > sinceSeq)
    const prevSeq = Math.max(sinceSeq, (this.#lines[0]?.seq ?? 1) - 1)
    const served = this.#served.get(socket)
    if (served) served.seq = this.#seq
    const more = replay ? { replay } : {}
    const truncated = prevSeq > sinceSeq
    this.#send(socket, {
      type: 'logs.history',
      epoch: this.epoch,
      entries,
      prevSeq,
      toSeq: this.#seq,
      capacity: RING,
      truncated,
      ...more,
    })
  }

  #command(socket: FakeSocket, frame: Frame<'cmd'>): void {
    const { id, name, args = {}, key = id } = frame
    const before = this.#outcomes.get(key)
    const handler = this.commands.get(name)
    try {
      if (!handler) throw { code: 'unknown_command', message: `there is no ${name}` } satisfies Rejection
      const result = before ? before.result : handler(args, frame)
      const accepted: Accepted = before ?? { version: this.version, ...(result !== undefined && { result }) }
      this.#outcomes.set(key, accepted)
      this.#send(socket, { type: 'ack', id, ok: true, epoch: this.epoch, ...accepted, ...(before && { dup: true }) })
    } catch (error) {
      this.#send(socket, { type: 'error', re: id, retryable: false, ...(error as Rejection) })
    }
  }
}
