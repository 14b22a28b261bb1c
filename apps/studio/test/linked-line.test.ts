/** Addresses of lines (design: ui 4.8.8): what names one, what is here, and a job's log read from the wanted line on. */
import type { Client, LogEntry, LogRow } from '@callboard/client'
import { effectScope } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { useJobLog } from '../src/features/job/use-job-log'
import { hasLine, isPast, type LogSource } from '../src/features/logs/log-source'
import { lineOf } from '../src/features/logs/use-linked-line'
import { gap, line } from './kit'

const source = (rows: readonly LogRow[]): LogSource => ({ capacity: 10, toArray: () => rows, listen: () => () => undefined, clear: () => undefined })

describe('a line in the address', () => {
  it('is a position and nothing else', () => {
    expect(['7', '0', '-1', '1e3', '', '1'.repeat(16), ['7'], undefined].map(lineOf)).toEqual([7, ...Array<undefined>(7)])
  })

  it('is here, still to come, or gone', () => {
    const rows = source([line(2), gap(3, 5), line(6)])
    expect([2, 4, 6, 7].map((seq) => [hasLine(rows, seq), isPast(rows, seq)])).toEqual([[true, false], [false, true], [true, false], [false, false]])
    expect(isPast(source([]), 1)).toBe(false)
  })
})

describe('the log of a job from a line on', () => {
  /** A board whose job `a` has written every line up to `last`; the live log has the newest ten. */
  function board(last: number) {
    const asked: string[] = []
    const all = Array.from({ length: last }, (_, at) => line(at + 1, { jobId: 'a' }))
    const client = {
      http: async (path: string) => {
        const query = new URLSearchParams(path.split('?')[1])
        const since = query.get('sinceSeq')
        asked.push(since ?? 'newest')
        const limit = Number(query.get('limit'))
        const entries: LogEntry[] = since === null ? all.slice(-limit) : all.slice(Number(since), Number(since) + limit)
        return { entries, truncated: false, nextSeq: 0 }
      },
      logs: { toArray: () => all.slice(-10), listen: () => () => undefined },
      telemetry: { get: () => ({ connections: 1 }), listen: () => () => undefined },
      on: () => () => undefined,
    } as unknown as Client
    return { client, asked }
  }
  const read = async (last: number, wanted?: number) => {
    const { client, asked } = board(last)
    const scope = effectScope()
    const log = scope.run(() => useJobLog(client, 'a', wanted))
    if (log === undefined) throw new Error('the scope is live')
    await vi.waitFor(() => {
      expect(log.log.toArray().length).toBeGreaterThan(10)
    })
    await new Promise((resolve) => setTimeout(resolve))
    scope.stop()
    const seqs = log.log.toArray().map(({ seq }) => seq)
    return { asked, isCut: log.isCut.value, from: seqs[0], to: seqs.at(-1), count: seqs.length }
  }

  it('is the newest lines where no line is wanted', async () => {
    expect(await read(30_000)).toEqual({ asked: ['newest', '30000'], isCut: false, from: 28_001, to: 30_000, count: 2000 })
  })

  it('begins before the wanted line and goes on to the newest', async () => {
    expect(await read(6000, 3000)).toEqual({ asked: ['2800', '4800'], isCut: false, from: 2801, to: 6000, count: 3200 })
    expect(await read(50, 7)).toMatchObject({ asked: ['0'], from: 1, to: 50 })
  })

  it('has no hole: where too much follows it ends, and says so', async () => {
    expect(await read(30_000, 3000)).toMatchObject({ isCut: true, from: 2801, to: 12_800, count: 10_000 })
  })
})
