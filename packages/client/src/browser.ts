import type { Client, Off } from './types.js'

/** The parts of a window that matter here. */
export interface BrowserHost {
  readonly navigator?: { readonly onLine?: boolean }
  readonly document?: { readonly visibilityState?: string } & Pick<
    EventTarget,
    'addEventListener' | 'removeEventListener'
  >
  addEventListener(type: string, f: () => void): void
  removeEventListener(type: string, f: () => void): void
}

/**
 * Lets a client know what its browser knows: a network that came back or a tab that became visible is a reason to
 * try now, or to check that the connection still lives. A network that is gone closes nothing, because a board on
 * this machine needs none; it is checked at once.
 */
export function attachBrowser(client: Client, host: BrowserHost = globalThis as unknown as BrowserHost): Off {
  const online = (): void => {
    client.setOnline(true)
    client.probe()
  }
  const offline = (): void => {
    client.setOnline(false)
    client.probe()
  }
  const seen = (): void => {
    if (host.document?.visibilityState === 'hidden') return
    client.retryNow()
    client.probe()
  }
  if (host.navigator?.onLine === false) client.setOnline(false)
  host.addEventListener('online', online)
  host.addEventListener('offline', offline)
  host.addEventListener('pageshow', seen)
  host.document?.addEventListener('visibilitychange', seen)
  return () => {
    host.removeEventListener('online', online)
    host.removeEventListener('offline', offline)
    host.removeEventListener('pageshow', seen)
    host.document?.removeEventListener('visibilitychange', seen)
  }
}
