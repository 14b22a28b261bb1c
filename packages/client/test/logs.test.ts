import { describe, expect, it } from 'vitest'
import type { LogEntry, LogRow, ServerFrame } from '../src/index.js'
import { LogRing, type AppendFrame, type HistoryFrame } from '../src/logs.js'
import { rig, seeded } from './rig.js'

const line = (seq: number): LogEntry => ({
  seq,
  ts: '',
  channel: 'job',
  emoji: '',
  level: 'info',
  message: `m${seq}`,
  color: 'blue',
})
const lines = (from: number, to: number): LogEntry[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => line(from + index))
const history = (prevSeq: number, toSeq: number, over: Partial<HistoryFrame> = {}): HistoryFrame => ({
  type: 'logs.history',
  epoch: 'e1',
  entries: lines(prevSeq + 1, toSeq),
  prevSeq,
  toSeq,
  capacity: 10_000,
  truncated: false,
  ...over,
})
const append = (prevSeq: number, toSeq: number, over: Partial<AppendFrame> = {}): AppendFrame => ({
  type: 'logs.append',
  entries: lines(prevSeq + 1, toSeq),
  prevSeq,
  toSeq,
  ...over,
})
const seqs = (rows: readonly LogRow[]): (number | string)[] =>
  rows.map((row) => ('gap' in row ? `${row.fromSeq}-${row.toSeq}` : row.seq))

describe('LogRing', () => {
  function ring(...frames: (HistoryFrame | AppendFrame)[]): { ring: LogRing; gave: unknown[] } {
    const made = new LogRing(10)
    return { ring: made, gave: frames.map((frame) => made.receive(frame, 'e1')) }
  }

  it('appends what continues, by position and not by adjacency (protocol 4)', () => {
    const { ring: logs, gave } = ring(
      history(0, 2),
      append(2, 9, { entries: [line(4), line(9)] }),
      append(9, 12, { entries: [] }),
      append(12, 13),
    )
    expect(gave).toEqual([undefined, undefined, undefined, undefined])
    expect([seqs(logs.toArray()), logs.position]).toEqual([[1, 2, 4, 9, 13], { epoch: 'e1', seq: 13 }])
  })

  it('asks for what is missing once, and takes it from the answer', () => {
    const { ring: logs, gave } = ring(
      history(0, 2),
      append(4, 5),
      append(5, 6),
      history(2, 6, { replay: true }),
      append(5, 7),
    )
    expect(gave).toEqual([undefined, 2, undefined, undefined, undefined])
    expect(seqs(logs.toArray())).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('shows what is lost for good as a row, and says so', () => {
    const { ring: logs, gave } = ring(
      history(0, 2),
      append(8, 9),
      history(6, 9, { replay: true, truncated: true }),
      append(12, 13, { dropped: 3 }),
    )
    expect(gave).toEqual([
      undefined,
      2,
      { gap: true, fromSeq: 3, toSeq: 6, count: 4 },
      { gap: true, fromSeq: 10, toSeq: 12, count: 3 },
    ])
    expect(seqs(logs.toArray())).toEqual([1, 2, '3-6', 7, 8, 9, '10-12', 13])
  })

  it('continues after a reconnect, with or without an overlap', () => {
    expect(seqs(ring(history(0, 4), history(4, 6)).ring.toArray())).toEqual([1, 2, 3, 4, 5, 6])
    expect(seqs(ring(history(0, 4), history(0, 6)).ring.toArray())).toEqual([1, 2, 3, 4, 5, 6])
    expect(seqs(ring(history(0, 4), history(7, 8, { truncated: true })).ring.toArray())).toEqual([1, 2, 3, 4, '5-7', 8])
    const { ring: logs } = ring(history(0, 2), append(4, 5), history(2, 6))
    expect(seqs(logs.toArray())).toEqual([1, 2, 3, 4, 5, 6])
    expect(logs.receive(append(6, 7), 'e1')).toBeUndefined()
  })

  it('is replaced by another history, even by an empty one (S3.31)', () => {
    const { ring: logs } = ring(history(0, 4))
    logs.receive(history(0, 0, { epoch: 'e2' }), 'e2')
    expect([logs.size, logs.position]).toEqual([0, { epoch: 'e2', seq: 0 }])
    logs.receive(history(0, 5, { epoch: 'e2' }), 'e2')
    logs.receive(history(0, 2, { epoch: 'e2' }), 'e2')
    expect(seqs(logs.toArray())).toEqual([1, 2])
  })

  it('keeps the newest, in a size that can change (S3.17, S3.18)', () => {
    const { ring: logs } = ring(history(0, 7))
    for (let seq = 7; seq < 1000; seq++) logs.receive(append(seq, seq + 1), 'e1')
    expect([logs.size, logs.capacity, seqs(logs.toArray())]).toEqual([10, 10, lines(991, 1000).map(({ seq }) => seq)])
    logs.resize(3)
    expect(seqs(logs.toArray())).toEqual([998, 999, 1000])
    logs.resize(0)
    expect(logs.capacity).toBe(1)
  })

  it('gives the same array until something changes, and forgets only here on clear()', () => {
    const { ring: logs } = ring(history(0, 3))
    const before = [logs.rev, logs.toArray()] as const
    expect(logs.toArray()).toBe(before[1])
    let heard = 0
    const off = logs.listen(() => heard++)
    logs.clear()
    logs.receive(append(3, 4), 'e1')
    off()
    logs.receive(append(4, 5), 'e1')
    expect([heard, seqs(logs.toArray()), logs.rev > before[0]]).toEqual([2, [4, 5], true])
    expect(Object.isFrozen(logs.toArray()[0])).toBe(true)
  })

  it('never repeats, misorders or silently skips a line (200 seeds)', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const below = seeded(seed)
      const logs = new LogRing(10_000)
      let head = 0
      let served = 0
      logs.receive(history(0, 0), 'e1')
      for (let step = 0; step < 60; step++) {
        head += below(4)
        const frame = append(served, head)
        served = head
        if (below(5) === 0) continue
        const asked = logs.receive(frame, 'e1')
        if (typeof asked === 'number' && below(4))
          logs.receive(history(Math.max(asked, head - 6), head, { replay: true }), 'e1')
      }
      logs.receive(history(Math.max(logs.position?.seq ?? 0, head - 3), head), 'e1')
      let next = 1
      for (const row of logs.toArray()) {
        expect('gap' in row ? row.fromSeq : row.seq, `seed ${seed}`).toBe(next)
        next = ('gap' in row ? row.toSeq : row.seq) + 1
      }
      expect(next - 1, `seed ${seed}`).toBe(head)
    }
  })
})

describe('client.logs', () => {
  it('replays a gap, says what is lost, and resumes', async () => {
    const { client, clock, network, up, greet, sent } = rig({ logs: { minLevel: 'info', snapshot: 50 } })
    await up()
    expect(network.last.take()).toMatchObject([{ logs: { minLevel: 'info', snapshot: 50 } }])
    const gaps: unknown[] = []
    client.on('gap', (gap) => gaps.push(gap))
    network.last.receive(history(10, 12), append(14, 15))
    expect(sent()).toEqual([{ type: 'logs.replay', sinceSeq: 12 }])
    network.last.receive(history(13, 15, { replay: true, truncated: true }))
    expect([gaps, client.telemetry.get().gaps]).toEqual([[{ stream: 'logs', from: 13, to: 13 }], 1])
    network.last.drop()
    await clock.advance(1000)
    await greet({ subs: { main: 'resumed' } })
    expect(network.last.take()).toMatchObject([
      { logs: { minLevel: 'info', snapshot: 50, resume: { epoch: 'e1', seq: 15 } } },
    ])
    network.last.receive({ type: 'pong', ts: 0, serverTime: 0, epoch: 'e1', version: 1, logSeq: 17 })
    expect(sent()).toEqual([{ type: 'logs.replay', sinceSeq: 15 }])
  })

  it('can be turned off, and keeps its own size when one is given', async () => {
    const { client, network, up } = rig({ logs: false, logCapacity: 7 })
    await up()
    expect(network.last.take()).toMatchObject([{ logs: { enabled: false } }])
    expect(client.logs.capacity).toBe(7)
    network.last.receive({ type: 'pong', ts: 0, serverTime: 0, epoch: 'e1', version: 1, logSeq: 17 } as ServerFrame)
    expect(network.last.take()).toEqual([])
  })

  it('begins at the first lines when the server sends no history', async () => {
    const { client, network, up } = rig()
    await up()
    network.last.receive(append(7, 8))
    expect(seqs(client.logs.toArray())).toEqual([8])
  })
})
