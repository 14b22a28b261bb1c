/** Commands under way. Each has one outcome, and one key through all connections, so it is carried out once. */
import { CallboardError } from './error.js'
import type { Accepted, ClientFrame, JsonValue, Limits, ServerFrame } from './protocol/index.js'
import type { Setup } from './setup.js'
import type { CommandOptions } from './types.js'

/** Waits for an outcome unless told otherwise; with a key, which lets it wait for a connection, as long as may be. */
const TIMEOUT_MS = 30_000
/** The server keeps outcomes 10 minutes: a command sent again later would be carried out twice. */
const TIMEOUT_MS_MAX = 540_000
/** Commands under way or waiting here. More are refused. */
const PENDING = 1024

type Ack = Extract<ServerFrame, { type: 'ack' }>
type Failure = Extract<ServerFrame, { type: 'error' }>

interface Entry {
  readonly text: string
  isSent: boolean
  settle(outcome: Accepted | CallboardError): void
}

/** What commands need of the session. */
export interface CommandOwner {
  /** Names this client; part of the default key. */
  readonly instance: string
  /** What the server takes; unknown before the first welcome. */
  readonly limits: Limits | undefined
  /** Whether commands can be sent now, and if they never can, why. */
  reach(): 'open' | 'down' | CallboardError
  send(text: string): void
}

export class Commands {
  readonly #setup: Setup
  readonly #owner: CommandOwner
  readonly #pending = new Map<string, Entry>()
  #count = 0

  constructor(setup: Setup, owner: CommandOwner) {
    this.#setup = setup
    this.#owner = owner
  }

  readonly command = async (name: string, args: JsonValue, options: CommandOptions = {}): Promise<Accepted> => {
    const id = `c${++this.#count}`
    const frame: ClientFrame = { type: 'cmd', id, name, args, key: options.key ?? `${this.#owner.instance}:${id}` }
    const text = JSON.stringify(frame)
    this.#check(text, options.key)
    return new Promise((resolve, reject) => {
      const { clock } = this.#setup
      const { signal, key, timeoutMs = key ? TIMEOUT_MS_MAX : TIMEOUT_MS } = options
      const settle = (outcome: Accepted | CallboardError): void => {
        this.#pending.delete(id)
        clock.clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
        if (outcome instanceof CallboardError) reject(outcome)
        else resolve(outcome)
        this.pump()
      }
      const stop = (): void => settle(new CallboardError('cancelled', 'aborted'))
      const late = (): void => settle(new CallboardError('timeout', `no answer to ${name}`))
      const timer = clock.setTimeout(late, Math.min(timeoutMs, TIMEOUT_MS_MAX))
      signal?.addEventListener('abort', stop)
      this.#pending.set(id, { text, isSent: false, settle })
      if (signal?.aborted) stop()
      this.pump()
    })
  }

  #check(text: string, key: string | undefined): void {
    const reach = this.#owner.reach()
    if (reach instanceof CallboardError) throw reach
    if (reach === 'down' && key === undefined) throw new CallboardError('offline', 'no connection')
    // The server would close the connection over it (1009), and would do so again after each retry.
    const most = this.#owner.limits?.maxMessageBytes ?? Infinity
    if (new Blob([text]).size > most) throw new CallboardError('too_large', `over ${most} bytes`)
    if (this.#pending.size >= PENDING) throw new CallboardError('overloaded', 'too many commands')
  }

  /** Sends what waits, as far as the server lets us; on a new connection also what was sent on the last one. */
  pump(): void {
    if (this.#owner.reach() !== 'open') return
    let room = this.#owner.limits?.maxInflight ?? 1
    for (const entry of this.#pending.values()) {
      if (room-- <= 0) return
      if (entry.isSent) continue
      entry.isSent = true
      this.#owner.send(entry.text)
    }
  }

  /** The connection is gone: what has no outcome is to be sent again. */
  down(): void {
    for (const entry of this.#pending.values()) entry.isSent = false
  }

  ack({ type, id, ok, epoch, ...accepted }: Ack): void {
    this.#pending.get(id)?.settle(accepted)
  }

  /** Whether the error was about a command of ours. */
  error(failure: Failure): boolean {
    const entry = this.#pending.get(failure.re ?? '')
    entry?.settle(new CallboardError(failure.code, failure.message, failure))
    return !!entry
  }

  /** Nothing will be sent any more. */
  fail(error: CallboardError): void {
    for (const entry of this.#pending.values()) entry.settle(error)
  }
}
