/** Lives the life of machine.ts: owns the socket, the timer and the token. */
import { deadline, happen, type Events, type Life, type Phase } from './machine.js'
import { SUBPROTOCOL, type ClientFrame, type ServerFrame, type WsConfig } from './protocol/index.js'
import { nothing } from './store.js'
import { tokenOf, type Setup } from './setup.js'
import type { Meter } from './telemetry.js'

/** How long it is remembered that compression fails on this way (design: sync 1.8). */
const UNCOMPRESSED_MS = 30 * 86_400_000
/** A socket that is cut before so many frames may have died of its compression. */
const EARLY_FRAMES = 3

/** What the connection needs of its owner, and tells it. */
export interface Owner {
  readonly config: WsConfig
  hello(token: string | undefined): ClientFrame
  frame(frame: ServerFrame): void
  /** A message is no frame. */
  problem(code: string, message: string): void
  readonly meter: Meter
  /** An attempt or a connection has ended. */
  down(code: number, reason: string, failed: boolean): void
  /** The phase is another. */
  changed(): void
}

export class Connection implements Life {
  phase: Phase = { name: 'idle' }
  attempt = 0
  failures = 0
  suspicions = 0
  declare uncompressed: boolean
  /** Pings sent; the id of the last one. */
  pings = 0
  declare readonly random: () => number
  declare readonly now: () => number
  readonly #setup: Setup
  readonly #owner: Owner
  readonly #queue: (() => void)[] = []
  #socket: WebSocket | null = null
  /** Tells a late token of an attempt that is over. */
  #opening: object | undefined
  /** Frames received since the socket opened. */
  #frames = EARLY_FRAMES
  #timer: unknown
  #due = Infinity

  constructor(setup: Setup, owner: Owner) {
    this.#setup = setup
    this.#owner = owner
    this.random = setup.random
    this.now = () => setup.clock.now()
    this.uncompressed = this.#uncompressedUntil() > this.now()
  }

  get config(): WsConfig {
    return this.#owner.config
  }

  get isCompressed(): boolean {
    return !!this.#socket?.extensions?.includes('deflate')
  }

  /** Lets an event happen; what happens meanwhile waits for its turn. */
  dispatch<T extends keyof Events>(event: T, ...[value]: Events[T] extends void ? [] : [Events[T]]): void {
    const queue = this.#queue
    if (queue.push(() => this.#turn(event, value as Events[T])) > 1) return
    try {
      for (; queue[0]; queue.shift()) queue[0]()
    } finally {
      queue.length = 0
      this.#arm()
    }
  }

  #turn<T extends keyof Events>(event: T, value: Events[T]): void {
    const { name } = this.phase
    happen(this, event, value)
    const next = this.phase.name
    if (name === next) return
    if (next === 'open' && this.uncompressed) this.#uncompressedUntil(this.now() + UNCOMPRESSED_MS)
    this.#owner.changed()
  }

  /** Sends a frame if there is a socket. */
  send(frame: ClientFrame | string): void {
    if (this.#socket?.readyState !== 1) return
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
    this.#socket.send(text)
    this.#owner.meter.count('bytesOut', text.length)
  }

  ping(): void {
    this.send({ type: 'ping', ts: this.now(), id: `${++this.pings}` })
  }

  /** Gives the connection up, or learns that it is gone. */
  lost(code: number, reason: string): void {
    const isSuspicious = code === 1002 || code === 1007 || (code === 1006 && this.#frames < EARLY_FRAMES)
    this.dispatch('lost', { code, reason, suspicious: isSuspicious && (this.isCompressed || this.uncompressed) })
  }

  down(code: number, reason: string, failed: boolean): void {
    const socket = this.#socket
    this.#opening = undefined
    if (socket) {
      this.#socket = socket.onopen = socket.onmessage = socket.onclose = null
      // Only 1000 and 3000-4999 are ours to send. A socket that is closed already does not mind.
      socket.close(code > 3000 ? code : 1000)
    }
    this.#owner.down(code, reason, failed)
  }

  async open(): Promise<void> {
    const opening = (this.#opening = {})
    try {
      const token = await tokenOf(this.#setup.token)
      if (opening === this.#opening) this.#connect(token)
    } catch (error) {
      if (opening === this.#opening) this.lost(0, `${error}`)
    }
  }

  #connect(token: string | undefined): void {
    const { WebSocket: Socket, socket: url } = this.#setup
    const socket = new Socket(this.uncompressed ? `${url}?deflate=0` : url, SUBPROTOCOL)
    this.#socket = socket
    this.#frames = EARLY_FRAMES
    socket.onopen = () => {
      this.#frames = 0
      this.send(this.#owner.hello(token))
    }
    socket.onmessage = ({ data }) => this.#receive(data)
    socket.onerror = nothing
    socket.onclose = ({ code, reason }) => this.lost(code, reason)
  }

  #receive(data: string): void {
    this.dispatch('frame')
    this.#frames++
    this.#owner.meter.count('bytesIn', data.length)
    this.#owner.meter.count('messages')
    try {
      this.#owner.frame(JSON.parse(data))
    } catch (error) {
      this.#owner.problem('bad_message', `${error}`)
      // A broken compression; without one the versions tell what was lost.
      if (this.isCompressed && error instanceof SyntaxError) this.lost(1007, `${error}`)
    }
  }

  #arm(): void {
    const { clock } = this.#setup
    const due = deadline(this.phase)
    if (due === this.#due) return
    this.#due = due
    clock.clearTimeout(this.#timer)
    if (due === Infinity) return
    this.#timer = clock.setTimeout(() => {
      this.#due = 0
      this.dispatch('tick')
    }, due - this.now())
  }

  /** Until when compression is known to fail here; remembers it if given. Storage may be full or forbidden. */
  #uncompressedUntil(until?: number): number {
    const { storage, socket } = this.#setup
    const key = `callboard:${socket}`
    try {
      if (until) storage?.setItem(key, `${until}`)
      return Number(storage?.getItem(key))
    } catch {
      return 0
    }
  }
}
