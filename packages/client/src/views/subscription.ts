import { CallboardError } from '../error.js'
import { Mirror, type Break } from '../mirror.js'
import type { ClientFrame, ServerFrame } from '../protocol/index.js'
import type { Session } from '../session.js'
import { createStore, type Store } from '../store.js'
import type { ViewOptions } from './index.js'

/** The state must arrive, or go on arriving, within this time after it was asked for. */
const STATE_MS = 10_000

/**
 * One subscription and its mirror. It asks with each connection, goes on from where it was, and keeps the rule of the main
 * one: what cannot be continued is asked for again, once.
 */
export class Subscription {
  readonly mirror: Mirror = new Mirror()
  readonly stale: Store<boolean> = createStore(true)
  readonly error: Store<CallboardError | undefined> = createStore<CallboardError | undefined>(undefined)
  readonly #session: Session
  readonly #name: string
  readonly #options: ViewOptions
  #isWaiting = false
  #timer: unknown

  constructor(session: Session, name: string, options: ViewOptions) {
    this.#session = session
    this.#name = name
    this.#options = options
  }

  /** Asks for the view on a connection that has just been greeted, or is open. */
  begin(): void {
    const { paths, maxRateMs } = this.#options
    const resume = this.mirror.position.get()
    this.error.set(undefined)
    this.#send({ type: 'subscribe', id: this.#name, sub: this.#name, paths: [...paths], maxRateMs, resume } as ClientFrame)
    this.#wait(true)
  }

  /** Nobody wants it any more. */
  end(): void {
    this.#send({ type: 'unsubscribe', id: `${this.#name}-end`, sub: this.#name })
    this.interrupt()
  }

  /** The connection is gone: what is shown stays. */
  interrupt(): void {
    this.mirror.interrupt()
    this.#wait(false)
    this.stale.set(true)
  }

  /** Whether the frame was for this view. */
  take(frame: ServerFrame): boolean {
    if (frame.type === 'error' && frame.re === this.#name) this.#refused(frame)
    else if (frame.type === 'ack' && frame.id === this.#name) this.#accepted(frame)
    else if (!('sub' in frame) || frame.sub !== this.#name) return false
    else if (frame.type === 'state.snapshot') this.#snapshot(frame)
    else if (frame.type === 'state.patch') this.#patch(frame)
    return true
  }

  #refused({ code, message, ...more }: Extract<ServerFrame, { type: 'error' }>): void {
    this.#wait(false)
    this.stale.set(true)
    this.error.set(new CallboardError(code, message, more))
  }

  /** What goes on from where it was may have nothing to say. */
  #accepted({ result }: Extract<ServerFrame, { type: 'ack' }>): void {
    if ((result as { start?: string } | undefined)?.start === 'resumed') this.#arrived()
  }

  #snapshot(frame: Extract<ServerFrame, { type: 'state.snapshot' }>): void {
    try {
      if (this.mirror.snapshot(frame)) this.#arrived()
      else this.#wait(true)
    } catch (error) {
      this.#session.connection.lost(4003, `${error}`)
    }
  }

  #patch(frame: Extract<ServerFrame, { type: 'state.patch' }>): void {
    const broken = this.mirror.patch(frame)
    if (broken) this.#resync(broken)
    else this.#session.setup.frame(this.#flush)
  }

  readonly #flush = (): void => {
    const broken = this.mirror.flush()
    if (broken) this.#resync(broken)
    else if (this.#isWaiting && this.mirror.position.get()) this.#arrived()
  }

  #resync({ reason }: Break): void {
    const have = reason === 'gap' ? this.mirror.position.get() : undefined
    if (this.#isWaiting) return
    this.#send({ type: 'state.resync', sub: this.#name, reason, have } as ClientFrame)
    this.#session.meter.count('resyncs')
    this.#wait(true)
  }

  #arrived(): void {
    this.#wait(false)
    this.stale.set(false)
  }

  #wait(isWaiting: boolean): void {
    const { clock } = this.#session.setup
    clock.clearTimeout(this.#timer)
    this.#isWaiting = isWaiting
    if (!isWaiting) return
    this.stale.set(true)
    this.#timer = clock.setTimeout(() => this.#session.connection.lost(4003, 'no state in time'), STATE_MS)
  }

  #send(frame: ClientFrame): void {
    this.#session.connection.send(frame)
  }
}
