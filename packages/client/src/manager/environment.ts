import type { BrowserHost } from '../browser.js'
import { createStore, nothing, readable } from '../store.js'
import type { Off, ReadableStore } from '../types.js'

/** Why nobody needs the connection now (S0.33). */
export type PauseReason = 'document-hidden' | 'network-offline'

/** What counts as a reason; both unless told otherwise. */
export interface EnvironmentOptions {
  readonly pauseWhenHidden?: boolean | undefined
  readonly pauseWhenOffline?: boolean | undefined
}

/**
 * The reasons to pause that hold now, from a window's events. Listens to the window only while it is listened to
 * itself; gives the same array until the reasons differ (S0.46).
 */
export function environmentOf(
  host: BrowserHost | undefined,
  { pauseWhenHidden = true, pauseWhenOffline = true }: EnvironmentOptions = {},
): ReadableStore<readonly PauseReason[]> {
  const reasons = (): readonly PauseReason[] => [
    ...(pauseWhenHidden && host?.document?.visibilityState === 'hidden' ? (['document-hidden'] as const) : []),
    ...(pauseWhenOffline && host?.navigator?.onLine === false ? (['network-offline'] as const) : []),
  ]
  const store = createStore<readonly PauseReason[]>(Object.freeze(reasons()))
  /** The same array while the reasons are. */
  const get = (): readonly PauseReason[] => {
    const now = reasons()
    return now.join() === store.get().join() ? store.get() : Object.freeze(now)
  }
  const look = (): void => store.set(get())
  let listeners = 0
  let off: Off = nothing
  return readable(get, (f) => {
    if (!listeners++) off = watch(host, look)
    look()
    const end = store.listen(f)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      end()
      if (!--listeners) off()
    }
  })
}

function watch(host: BrowserHost | undefined, f: () => void): Off {
  host?.addEventListener('online', f)
  host?.addEventListener('offline', f)
  host?.document?.addEventListener('visibilitychange', f)
  return () => {
    host?.removeEventListener('online', f)
    host?.removeEventListener('offline', f)
    host?.document?.removeEventListener('visibilitychange', f)
  }
}
