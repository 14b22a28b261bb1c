import type { Telemetry } from '@callboard/client'
import { describe, expect, it } from 'vitest'
import { connectionWords } from '../src/shell/connection-words'

const telemetry = (part: Partial<Telemetry>): Telemetry => ({
  phase: 'open', attempt: 0, consecutiveFailures: 0, downtimeMs: 0, totalDowntimeMs: 0, connections: 1, bytesIn: 0,
  bytesOut: 0, messages: 0, patches: 0, snapshots: 0, resyncs: 0, gaps: 0, compression: true, stale: false, paused: false,
  ...part,
})

describe('connectionWords', () => {
  it.each<[Partial<Telemetry>, string, boolean]>([
    [{}, 'live', false],
    [{ phase: 'connecting', connections: 0, attempt: 1 }, 'connecting… (try 1)', false],
    [{ phase: 'waiting', attempt: 4, nextRetryAt: 12_400 }, 'reconnecting in 3 s (try 4)', true],
    [{ phase: 'waiting', attempt: 2, nextRetryAt: 9000 }, 'reconnecting in 0 s (try 2)', true],
    [{ phase: 'resyncing' }, 'catching up…', false],
    [{ phase: 'offline' }, 'offline: this machine has no network', true],
    [{ phase: 'closed', fatal: { code: 'forbidden', message: 'not from here' } }, 'not from here', true],
  ])('%j', (part, text, canRetry) => {
    expect(connectionWords(telemetry(part), 10_000)).toMatchObject({ text, canRetry })
  })

  it('say when the state comes without a WebSocket, and that it is live when one is open', () => {
    const away = connectionWords(telemetry({ phase: 'waiting', nextRetryAt: 12_000 }), 10_000, true)
    expect(away).toEqual({ look: 'trying', text: 'no WebSocket: asking every few seconds', canRetry: true })
    expect(connectionWords(telemetry({}), 10_000, true).text).toBe('live')
  })
})
