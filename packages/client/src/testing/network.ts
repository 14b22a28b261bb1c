import type { ClientFrame, ServerFrame } from '../protocol/index.js'

/** A socket whose other end is a test. Nothing happens by itself. */
export class FakeSocket {
  readonly url: string
  readonly protocols: string | readonly string[]
  readyState = 0
  extensions = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null
  onerror: (() => void) | null = null
  /** How the client closed it. */
  closed: { readonly code: number; readonly reason: string } | undefined
  /** Called with each frame of the client. */
  onframe: ((frame: ClientFrame) => void) | undefined
  readonly #sent: ClientFrame[] = []

  constructor(url: string, protocols: string | readonly string[] = []) {
    this.url = url
    this.protocols = protocols
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame
    this.#sent.push(frame)
    this.onframe?.(frame)
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.closed = { code, reason }
  }

  /** What the client sent since the last call. */
  take(): ClientFrame[] {
    return this.#sent.splice(0)
  }

  /** The server accepts. */
  accept({ compressed = false }: { compressed?: boolean } = {}): this {
    this.readyState = 1
    this.extensions = compressed ? 'permessage-deflate' : ''
    this.onopen?.()
    return this
  }

  /** The server sends frames, or any text. */
  receive(...frames: readonly (ServerFrame | string)[]): this {
    for (const frame of frames) {
      if (this.readyState === 1) this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
    }
    return this
  }

  /** The connection ends on the server's side or between. */
  drop(code = 1006, reason = ''): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose?.({ code, reason, wasClean: code !== 1006 })
  }
}

/** Makes sockets for a client and keeps them for the test. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = []
  /** To be given to `createClient`. */
  readonly WebSocket: typeof WebSocket
  /** Called with each new socket. */
  onsocket: ((socket: FakeSocket) => void) | undefined

  constructor() {
    const open = (socket: FakeSocket): void => {
      this.sockets.push(socket)
      this.onsocket?.(socket)
    }
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols?: string | readonly string[]) {
        super(url, protocols)
        open(this)
      }
    } as unknown as typeof WebSocket
  }

  /** The newest socket. */
  get last(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }
}
