/// <reference lib="esnext.disposable" preserve="true" />
/**
 * One board for a whole page: whoever needs it acquires it; the first connects, the last lets go, after a while. Nothing
 * here knows a framework, and nothing starts before somebody acquires (S0.40-S0.46).
 */
import { attachBrowser, type BrowserHost } from '../browser.js'
import { createClient } from '../client.js'
import { CallboardError } from '../error.js'
import type { Client, ClientOptions, Off, ReadableStore } from '../types.js'
import { environmentOf, type EnvironmentOptions } from './environment.js'
import { createGovernor, type AcquireOptions, type Notify } from './governor.js'

export { environmentOf, type EnvironmentOptions, type PauseReason } from './environment.js'
export { createGovernor, HISTORY_LIMIT, HISTORY_LIMIT_SHOWN } from './governor.js'
export type { AcquireOptions, Governed, Governor, GovernorLease, NoticeType, Notify } from './governor.js'

/** How long the connection outlives the last lease, so that a page that remounts keeps it. */
export const LINGER_MS = 5_000

export interface ManagerOptions extends Omit<ClientOptions, 'url'>, EnvironmentOptions {
  /** The board's base. A store of it is watched: another address is another board (S0.45). */
  readonly url: string | ReadableStore<string>
  /** `LINGER_MS` unless given; 0 closes at once. */
  readonly lingerMs?: number | undefined
  /** The window that knows of visibility and network; none outside of browsers. */
  readonly host?: BrowserHost | undefined
}

/** A claim on the one client. `using lease = manager.acquire()` releases it with its block. */
export interface Lease {
  /** The client at the present address. */
  readonly client: Client
  /** Resolves when the state is there; rejects when the board does not want us. Shared by all who wait (S0.42). */
  ready(): Promise<void>
  /** Says whether this consumer shows the history; the longest wish counts (S0.44). */
  showHistory(isShown: boolean): void
  release(): void
  [Symbol.dispose](): void
}

export interface Manager {
  /** Connects with the first lease. */
  acquire(options?: AcquireOptions): Lease
  /** The present client; `undefined` while nobody has a lease and after the linger. */
  readonly client: ReadableStore<Client | undefined>
  readonly consumers: number
  /** How many results a consumer may want to see: 50 while one shows the history, else 10. */
  readonly historyLimit: ReadableStore<number>
  /** Tells all consumers. `info` unless given. */
  readonly notify: Notify
}

/** Makes a manager; nothing is connected before the first `acquire()`. */
export function createManager(options: ManagerOptions): Manager {
  const { url, lingerMs = LINGER_MS, host = browserHost(), ...rest } = options
  // A client pauses only where it was asked to: a board on this machine needs no network, and works on while hidden.
  const { pauseWhenHidden = false, pauseWhenOffline = false } = options
  const environment = environmentOf(host, { pauseWhenHidden, pauseWhenOffline })
  const detach = new WeakMap<Client, Off>()
  const governor = createGovernor<Client>({
    url,
    lingerMs,
    environment,
    clock: options.clock,
    governed: {
      // A board that is away would be tried for ever, for nobody.
      isInterruptible: true,
      open(address) {
        const client = createClient({ ...rest, url: address })
        if (host) detach.set(client, attachBrowser(client, host))
        return client
      },
      start(client) {
        client.connect()
        return connected(client)
      },
      close(client) {
        detach.get(client)?.()
        client.close()
      },
      pause: (client, reasons) => (reasons.length ? client.pause() : client.resume()),
    },
  })
  return {
    client: governor.value,
    historyLimit: governor.historyLimit,
    notify: governor.notify,
    get consumers() {
      return governor.consumers
    },
    acquire(consumer) {
      const lease = governor.acquire(consumer)
      void lease.ready().catch(() => {})
      return {
        get client() {
          return lease.value
        },
        ready: lease.ready,
        showHistory: lease.showHistory,
        release: lease.release,
        [Symbol.dispose]: lease.release,
      }
    },
  }
}

/** Resolves with the first state. A retry is no failure; only the end of the tries is. */
function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const off = client.telemetry.listen(look)
    look()
    function look(): void {
      const { phase, paused, fatal } = client.telemetry.get()
      if (phase !== 'open' && phase !== 'closed' && !paused) return
      off()
      if (phase === 'closed') reject(new CallboardError('closed', fatal?.message ?? 'the client is closed'))
      else resolve()
    }
  })
}

/** The window, where there is one. */
function browserHost(): BrowserHost | undefined {
  return typeof document === 'undefined' ? undefined : (globalThis as unknown as BrowserHost)
}
