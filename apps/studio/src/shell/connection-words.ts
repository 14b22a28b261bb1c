/** The connection in a few words, for the status bar. */
import type { Telemetry } from '@callboard/client'

/** What the badge shows. `live` alone is calm; the others say what happens next. */
export interface ConnectionWords {
  readonly look: 'live' | 'trying' | 'away'
  readonly text: string
  /** Whether trying at once makes sense. */
  readonly canRetry: boolean
}

/** The words for a moment; `now` is this machine's clock, as `nextRetryAt` is. `polled`: the state comes over HTTP meanwhile. */
export function connectionWords(telemetry: Telemetry, now: number, polled = false): ConnectionWords {
  if (polled && telemetry.phase !== 'open' && telemetry.phase !== 'resyncing') {
    return { look: 'trying', text: 'no WebSocket: asking every few seconds', canRetry: true }
  }
  const again = telemetry.connections > 0
  switch (telemetry.phase) {
    case 'open':
      return { look: 'live', text: 'live', canRetry: false }
    case 'resyncing':
      return { look: 'trying', text: 'catching up…', canRetry: false }
    case 'connecting':
      return { look: 'trying', text: `${again ? 'reconnecting' : 'connecting'}…${tries(telemetry)}`, canRetry: false }
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil(((telemetry.nextRetryAt ?? now) - now) / 1000))
      const word = again ? 'reconnecting' : 'connecting'
      return { look: 'trying', text: `${word} in ${seconds} s${tries(telemetry)}`, canRetry: true }
    }
    case 'offline':
      return { look: 'away', text: 'offline: this machine has no network', canRetry: true }
    case 'idle':
      return { look: 'away', text: 'not connected', canRetry: true }
    case 'closed':
      return { look: 'away', text: telemetry.fatal?.message ?? 'closed', canRetry: true }
  }
}

function tries({ attempt }: Telemetry): string {
  return attempt > 0 ? ` (try ${attempt})` : ''
}
