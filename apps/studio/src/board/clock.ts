/** The server's time, once a second while somebody looks: ages and countdowns of the whole page hang on one timer. */
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/** A ticking time. */
export interface Clock {
  /** Epoch ms by the server's clock, as of the last tick. */
  readonly now: Readonly<Ref<number>>
  /** The clock of the server was at `serverTime` just now. */
  sync(serverTime: number): void
}

/** Starts a clock; it ends with the surrounding scope. */
export function createClock(): Clock {
  let offset = 0
  const now = ref(Date.now())
  const tick = (): void => {
    if (!document.hidden) now.value = Date.now() + offset
  }
  const timer = setInterval(tick, 1000)
  document.addEventListener('visibilitychange', tick)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return {
    now: readonly(now),
    sync(serverTime) {
      const next = serverTime - Date.now()
      // Small differences are the way here, not the clock.
      offset = Math.abs(next) < 500 ? 0 : next
      tick()
    },
  }
}
