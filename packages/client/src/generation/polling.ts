import type { Clock } from '../types.js'

/** A tick every so often, one at a time (S0.35). */
export interface Polling {
  start(): void
  stop(): void
  /** Restarts a timer that runs. */
  setInterval(ms: number): void
  readonly isRunning: boolean
}

export interface PollingOptions {
  readonly clock: Clock
  readonly intervalMs: number
  /** Whether there is anything to ask for; a tick without is passed over. */
  readonly isNeeded: () => boolean
  readonly tick: () => Promise<unknown>
  /** A failing tick is told, and the polling goes on. */
  readonly onError: (error: unknown) => void
}

export function createPolling({ clock, intervalMs, isNeeded, tick, onError }: PollingOptions): Polling {
  let interval = intervalMs
  let timer: unknown
  let run: object | undefined
  const arm = (mine: object): void => {
    timer = clock.setTimeout(() => void turn(mine), interval)
  }
  const turn = async (mine: object): Promise<void> => {
    try {
      if (isNeeded()) await tick()
    } catch (error) {
      onError(error)
    }
    if (mine === run) arm(mine)
  }
  const polling: Polling = {
    get isRunning() {
      return run !== undefined
    },
    start() {
      if (run) return
      run = {}
      arm(run)
    },
    stop() {
      run = undefined
      clock.clearTimeout(timer)
    },
    setInterval(ms) {
      if (ms === interval) return
      interval = ms
      if (!run) return
      polling.stop()
      polling.start()
    },
  }
  return polling
}

/** How often what is asked for, ms (S0.35). */
export interface PollingConfig {
  readonly queueMs: number
  readonly websocketRetryMs: number
  readonly systemStatusMs: number
}

export const defaultPolling: PollingConfig = Object.freeze({ queueMs: 2000, websocketRetryMs: 3000, systemStatusMs: 10_000 })

/** What the user says, else what the server says, else the default; only positive whole numbers count (S0.35). */
export function pollingConfigOf(
  user: { readonly [K in keyof PollingConfig]?: unknown } = {},
  runtime: { readonly [K in keyof PollingConfig]?: unknown } = {},
): PollingConfig {
  const counts = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0
  const pick = (key: keyof PollingConfig): number => [user[key], runtime[key]].find(counts) ?? defaultPolling[key]
  return Object.freeze({
    queueMs: pick('queueMs'),
    websocketRetryMs: pick('websocketRetryMs'),
    systemStatusMs: pick('systemStatusMs'),
  })
}
