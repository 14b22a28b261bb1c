import { defaultConfig } from '../config.js'
import { applyPatch } from '../patch.js'
import type {
  Accepted,
  ClientFrame,
  Job,
  JsonValue,
  LogEntry,
  LogRequest,
  PatchOp,
  Rejection,
  ServerConfig,
  ServerFrame,
  SnapshotReason,
  StatePosition,
} from '../protocol/index.js'
import type { Clock } from '../types.js'
import { checksum } from '../check/checksum.js'
import { changesBetween } from '../history/index.js'
import { Faults } from './faults.js'
import { Lines } from './lines.js'
import { FakeNetwork, type FakeSocket } from './network.js'
import { selected } from './selected.js'

/** Changes that the board keeps for those who come back. */
const RING = 1000

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>

/** Carries a command out and gives its result. It throws a `Rejection` (`{ code, message }`) to refuse. */
export type CommandHandler = (args: JsonValue, frame: Frame<'cmd'>) => JsonValue | undefined

interface Change {
  readonly version: number
  readonly patch: PatchOp[]
  /** What it led to. */
  readonly state: JsonValue
}

export interface FakeBoardOptions {
  readonly clock: Clock
  readonly state?: JsonValue
  readonly epoch?: string
  readonly token?: string
  readonly config?: ServerConfig
  /** One way, ms; 1 unless given. */
  readonly latencyMs?: number
  /** Greets, and leaves all else to `send`: for scripts of frames. */
  readonly scripted?: boolean
}

/** What a subscription selects, and up to where it has been served. */
interface Cursor {
  readonly sub: string
  readonly paths: readonly string[]
  version: number
}

/** What a connection has been given, and the lines that it wants. */
interface Served {
  readonly cursors: Map<string, Cursor>
  seq: number
  logs: LogRequest
  /** It asked to be told what the checksum of the state is. */
  readonly wantsChecks: boolean
}

const MAIN = 'main'

/** A small server that speaks the protocol: snapshots, patches, resume, logs, heartbeat and commands. */
export class FakeBoard {
  readonly network: FakeNetwork = new FakeNetwork()
  readonly commands: Map<string, CommandHandler> = new Map<string, CommandHandler>()
  /** What goes wrong on the way to the clients. */
  readonly faults: Faults = new Faults()
  /** All that clients sent and that arrived, in order. */
  readonly received: ClientFrame[] = []
  /** While false, connections are refused. */
  isUp = true
  state: JsonValue
  epoch: string
  version = 1
  readonly #options: FakeBoardOptions
  readonly #changes: Change[] = []
  /** The state before the oldest change that is kept. */
  #first: JsonValue
  readonly #outcomes = new Map<string, Accepted>()
  readonly #lines = new Lines()
  readonly #served = new Map<FakeSocket, Served>()

  constructor(options: FakeBoardOptions) {
    this.#options = options
    this.state = options.state ?? { jobs: {}, results: {} }
    this.#first = this.state
    this.epoch = options.epoch ?? 'e1'
    this.network.onsocket = (socket) => this.#knock(socket)
  }

  /** Connections that have been greeted and are open. */
  get sessions(): number {
    return this.#open().length
  }

  /** Changes the state by one version and tells everybody. */
  commit(...patch: PatchOp[]): number {
    this.state = applyPatch(this.state, patch)
    this.version++
    this.#changes.push({ version: this.version, patch, state: this.state })
    if (this.#changes.length > RING) this.#first = this.#changes.shift()?.state ?? null
    for (const [socket, { cursors }] of this.#open()) {
      for (const cursor of cursors.values()) this.#catchUp(socket, cursor)
    }
    return this.version
  }

  /** Puts a job into the state, in the place of one of the same id; what is not given is that of a job just queued. */
  putJob(given: Partial<Job> & Pick<Job, 'id'>): Job {
    const { jobs = {} } = this.state as unknown as { jobs?: Record<string, Job> }
    const createdAt = new Date(this.#options.clock.now()).toISOString()
    const job: Job = jobs[given.id] ?? { ...fresh, createdAt, title: given.id, id: given.id }
    const next = { ...job, ...given }
    this.commit({ op: 'add', path: `/jobs/${given.id}`, value: next as unknown as JsonValue })
    return next
  }

  /** Writes lines to the log and tells everybody. */
  log(...lines: readonly (string | (Partial<LogEntry> & Pick<LogEntry, 'message'>))[]): void {
    const ts = new Date(this.#options.clock.now()).toISOString()
    for (const line of lines) {
      const given = typeof line === 'string' ? { message: line } : line
      this.#lines.write({ ts, channel: 'job', emoji: '⚙', level: 'info', color: 'blue', ...given })
    }
    for (const [socket, served] of this.#open()) {
      const frame = this.#lines.append(served.seq, served.logs)
      served.seq = this.#lines.seq
      if (frame) this.#send(socket, frame)
    }
  }

  /** Says what the checksum of the state is, to those who asked for it: first for which version, then the sum. */
  check(): void {
    const { epoch, version } = this
    const sum = checksum(this.state)
    for (const [socket, { wantsChecks }] of this.#open()) {
      if (!wantsChecks) continue
      this.#send(socket, { type: 'state.check', epoch, version })
      this.#send(socket, { type: 'state.check', epoch, version, sum })
    }
  }

  /** Sends frames to everybody as they are, whatever the board knows. */
  send(...frames: readonly ServerFrame[]): void {
    for (const [socket] of this.#open()) for (const frame of frames) this.#send(socket, frame)
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
    this.#first = state
    this.#changes.length = 0
    this.#lines.clear()
  }

  #open(): [FakeSocket, Served][] {
    return [...this.#served].filter(([socket]) => socket.readyState === 1)
  }

  #knock(socket: FakeSocket): void {
    socket.onframe = (frame) => this.#later(() => this.#frame(socket, frame))
    this.#later(() => (this.isUp ? socket.accept() : socket.drop()))
  }

  #later(f: () => void, delayMs = 0): void {
    this.#options.clock.setTimeout(f, (this.#options.latencyMs ?? 1) + delayMs)
  }

  #send(socket: FakeSocket, frame: ServerFrame): void {
    const { texts, delayMs } = this.faults.deliver(frame)
    for (const text of texts) this.#later(() => socket.receive(text), delayMs)
  }

  #frame(socket: FakeSocket, frame: ClientFrame): void {
    if (socket.readyState !== 1) return
    this.received.push(frame)
    if (frame.type === 'hello') return this.#greet(socket, frame)
    const served = this.#served.get(socket)
    if (!served || this.#options.scripted) return
    switch (frame.type) {
      case 'ping': {
        const { seq: logSeq, cursors } = served
        const { version } = cursors.get(MAIN) ?? this
        const serverTime = this.#options.clock.now()
        return this.#send(socket, { ...frame, type: 'pong', serverTime, epoch: this.epoch, version, logSeq })
      }
      case 'state.resync':
        return this.#resync(socket, served, frame)
      case 'subscribe':
        return this.#subscribe(socket, served, frame)
      case 'unsubscribe':
        served.cursors.delete(frame.sub)
        return this.#send(socket, { type: 'ack', id: frame.id, ok: true, epoch: this.epoch, version: this.version })
      case 'logs.replay':
        return this.#history(socket, served, frame.sinceSeq, true)
      case 'logs.subscribe':
        served.logs = frame.filter
        if (frame.filter.enabled !== false) this.#history(socket, served, served.seq, false)
        return
      case 'cmd':
        return this.#command(socket, frame)
    }
  }

  #greet(socket: FakeSocket, { auth, subs, caps, logs = {} }: Frame<'hello'>): void {
    const { token, config = defaultConfig, clock, scripted } = this.#options
    if (token !== undefined && auth?.token !== token) return socket.drop(4500, 'the token is not valid')
    const main = subs ? subs.find(({ sub }) => sub === MAIN) : { sub: MAIN, paths: [''], resume: undefined }
    const resume = main?.resume
    const served: Served = { cursors: new Map(), seq: 0, logs, wantsChecks: caps?.includes('check') ?? false }
    this.#served.set(socket, served)
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
      limits: { maxMessageBytes: 1 << 20, maxInflight: 64, maxSubs: 64 },
      subs: main ? { main: this.#canResume(resume) ? 'resumed' : 'snapshot' } : {},
    })
    if (scripted) return
    const reason = resume && resume.epoch !== this.epoch ? 'epoch' : 'connect'
    if (main) this.#begin(socket, served, { sub: MAIN, paths: main.paths, version: this.version }, resume, reason)
    const isSame = logs.resume?.epoch === this.epoch
    if (logs.enabled !== false) this.#history(socket, served, isSame ? (logs.resume?.seq ?? 0) : 0, false)
  }

  #canResume(have: StatePosition | undefined): have is StatePosition {
    if (have?.epoch !== this.epoch) return false
    return have.version === this.version || this.#changes.some((change) => change.version === have.version + 1)
  }

  #resync(socket: FakeSocket, { cursors }: Served, { sub = MAIN, have }: Frame<'state.resync'>): void {
    const cursor = cursors.get(sub)
    if (cursor) return this.#continue(socket, cursor, have, 'resync')
    const message = `this connection has no subscription "${sub}"`
    this.#send(socket, { type: 'error', code: 'not_found', message, retryable: false })
  }

  #subscribe(socket: FakeSocket, served: Served, { id, sub, paths, resume }: Frame<'subscribe'>): void {
    const { epoch, version } = this
    const message = paths.length ? served.cursors.has(sub) && `there is a subscription "${sub}" already` : 'no paths'
    if (message) return this.#send(socket, { type: 'error', re: id, code: 'invalid_args', message, retryable: false })
    const result = { start: this.#canResume(resume) ? 'resumed' : 'snapshot' }
    this.#send(socket, { type: 'ack', id, ok: true, epoch, version, result })
    this.#begin(socket, served, { sub, paths, version }, resume, resume && resume.epoch !== epoch ? 'epoch' : 'view')
  }

  #begin(
    socket: FakeSocket,
    { cursors }: Served,
    cursor: Cursor,
    have: StatePosition | undefined,
    reason: SnapshotReason,
  ): void {
    cursors.set(cursor.sub, cursor)
    this.#continue(socket, cursor, have, reason)
  }

  #continue(socket: FakeSocket, cursor: Cursor, have: StatePosition | undefined, reason: SnapshotReason): void {
    const { epoch, version: stateVersion } = this
    const canResume = this.#canResume(have)
    cursor.version = canResume ? have.version : stateVersion
    if (canResume) return this.#catchUp(socket, cursor)
    const data = selected(this.state, cursor.paths)
    this.#send(socket, { ...named(cursor), type: 'state.snapshot', epoch, stateVersion, data, reason })
  }

  #catchUp(socket: FakeSocket, cursor: Cursor): void {
    const { version: fromVersion, paths } = cursor
    const patch = paths.includes('') ? this.#opsSince(fromVersion) : this.#changesSince(fromVersion, paths)
    // What touches nothing of a view is not told.
    if (!patch) return
    cursor.version = this.version
    this.#send(socket, { ...named(cursor), type: 'state.patch', epoch: this.epoch, fromVersion, toVersion: this.version, patch })
  }

  #opsSince(version: number): PatchOp[] {
    return this.#changes.filter((change) => change.version > version).flatMap((change) => change.patch)
  }

  #changesSince(version: number, paths: readonly string[]): PatchOp[] | undefined {
    const before = this.#changes.find((change) => change.version === version)?.state ?? this.#first
    const patch = changesBetween(selected(before, paths), selected(this.state, paths))
    return patch.length ? patch : undefined
  }

  #history(socket: FakeSocket, served: Served, sinceSeq: number, replay: boolean): void {
    served.seq = this.#lines.seq
    this.#send(socket, { ...this.#lines.history(this.epoch, sinceSeq, served.logs), ...(replay && { replay }) })
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

/** The main subscription is not named. */
function named({ sub }: Cursor): { sub?: string } {
  return sub === MAIN ? {} : { sub }
}

/** What a job has that was just queued. */
const fresh: Omit<Job, 'id' | 'title' | 'createdAt'> = {
  kind: 'echo',
  queue: 'default',
  state: 'queued',
  priority: 0,
  args: {},
  attempt: 0,
  maxAttempts: 1,
  createdBy: 'test',
}
