/** Notices that the connection was gone and came back, and says what happened in between. */
import type { Client, Telemetry } from '@callboard/client'
import { type BoardFacts, describeReturn, isRecovering, jobFacts } from './reconnect-note'

/** A restarted server needs a moment to start interrupted jobs again; the note waits at most this long for them. */
const RECOVERY_MS = 3000

/** Watches until the returned function is called. */
export function watchReturns(client: Client, say: (text: string) => void): () => void {
  let before: BoardFacts | undefined
  let settle: (() => void) | undefined
  const look = (): void => {
    const telemetry = client.telemetry.get()
    if (isAway(telemetry)) {
      settle?.()
      settle = undefined
      before ??= lastKnown(client)
    } else if (before !== undefined && isLive(telemetry)) {
      const then = before
      before = undefined
      settle = whenRecovered(client, then, say)
    }
  }
  const off = client.telemetry.subscribe(look)
  return () => {
    off()
    settle?.()
  }
}

function isAway({ phase }: Telemetry): boolean {
  return phase === 'waiting' || phase === 'offline' || phase === 'connecting'
}

function isLive({ phase, stale }: Telemetry): boolean {
  return phase === 'open' && !stale
}

/** The picture as the page has it; nothing to compare with before the first connection. */
function lastKnown(client: Client): BoardFacts | undefined {
  const facts = factsOf(client)
  return facts === undefined ? undefined : { ...facts, jobs: jobFacts(client.jobs.toArray()) }
}

function factsOf(client: Client, keep?: BoardFacts): BoardFacts | undefined {
  const position = client.position.get()
  const state = client.state.get()
  if (position === undefined || state === undefined) return undefined
  const meta = state['meta']
  const boots = typeof meta === 'object' && meta !== null && 'boots' in meta ? meta['boots'] : 0
  return {
    epoch: position.epoch,
    boots: typeof boots === 'number' ? boots : 0,
    jobs: jobFacts(client.jobs.toArray(), keep?.jobs),
  }
}

/** Says the note as soon as interrupted jobs run again, or after {@link RECOVERY_MS}. Returns what gives up waiting. */
function whenRecovered(client: Client, before: BoardFacts, say: (text: string) => void): () => void {
  const stop = (): void => {
    off()
    clearTimeout(timer)
  }
  const conclude = (late: boolean): void => {
    const after = factsOf(client, before)
    if (after === undefined || (!late && isRecovering(before, after))) return
    stop()
    say(describeReturn(before, after))
  }
  const off = client.jobs.listen(() => {
    conclude(false)
  })
  const timer = setTimeout(() => {
    conclude(true)
  }, RECOVERY_MS)
  conclude(false)
  return stop
}
