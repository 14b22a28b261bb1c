import { CallboardError } from './error.js'
import type { ClientOptions, Clock, TokenSource } from './types.js'

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
}

/** The options with what they leave out. */
export interface Setup extends ClientOptions {
  /** The base of HTTP requests, without a slash at its end. */
  readonly base: string
  /** The socket's address. */
  readonly socket: string
  readonly clock: Clock
  readonly random: () => number
  readonly frame: (flush: () => void) => void
  readonly WebSocket: typeof WebSocket
}

/** Before the page is painted next; at once where nothing is painted. */
const nextFrame = (flush: () => void): void =>
  void (globalThis.document?.visibilityState === 'visible' ? requestAnimationFrame(flush) : flush())

export function setupOf(options: ClientOptions): Setup {
  const { url, clock = systemClock, random = Math.random, frame = nextFrame, WebSocket = globalThis.WebSocket } = options
  const { href } = new URL(url.replace(/^ws/, 'http'))
  if (!/^https?:/.test(href)) throw new CallboardError('invalid_args', `no address: ${url}`)
  const base = href.replace(/\/*([?#].*)?$/, '')
  return { ...options, base, socket: `${base.replace('http', 'ws')}/ws`, clock, random, frame, WebSocket }
}

export function tokenOf(source: TokenSource | undefined): string | undefined | Promise<string | undefined> {
  return typeof source === 'function' ? source() : source
}
