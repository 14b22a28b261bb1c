import type { LogRow } from '@callboard/client'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_PREFS } from '../src/features/logs/log-prefs'
import { LogView, seqOf, sortByTime } from '../src/features/logs/log-view'
import { gap, line } from './kit'

const all = DEFAULT_LOG_PREFS.filter
const lines = (from: number, to: number): LogRow[] => Array.from({ length: to - from + 1 }, (_, at) => line(from + at))
const seqs = (view: LogView): number[] => view.rows().map(seqOf)

describe('LogView', () => {
  it('shows the newest first, or the oldest first (S3.28)', () => {
    const view = new LogView(all, 'newest')
    view.update(lines(1, 3))
    expect(seqs(view)).toEqual([3, 2, 1])
    expect(seqOf(view.row(0) ?? gap(0, 0))).toBe(3)
    view.order = 'oldest'
    expect(seqs(view)).toEqual([1, 2, 3])
    expect(view.row(3)).toBeUndefined()
  })

  it('holds the picture while somebody reads, counts what waits, and lets go by itself', () => {
    const view = new LogView(all, 'newest')
    view.update(lines(1, 3))
    view.hold('scrolled', true)
    view.update(lines(1, 6))
    expect([seqs(view), view.waiting]).toEqual([[3, 2, 1], 3])
    view.hold('scrolled', false)
    expect([seqs(view), view.waiting]).toEqual([[6, 5, 4, 3, 2, 1], 0])
  })

  it('knows the place of a line in either order, of none that is hidden, missing or a gap', () => {
    const view = new LogView({ ...all, search: '3' }, 'newest')
    view.update([...lines(1, 3), gap(4, 9), line(13)])
    expect([3, 13, 9, 1, 7].map((seq) => view.indexOf(seq))).toEqual([2, 0, -1, -1, -1])
    view.order = 'oldest'
    expect([3, 13].map((seq) => view.indexOf(seq))).toEqual([0, 2])
  })

  it('keeps the held lines even when the ring dropped them', () => {
    const view = new LogView(all, 'newest')
    view.update(lines(1, 3))
    view.hold('selecting', true)
    view.update(lines(500, 600))
    expect(seqs(view)).toEqual([3, 2, 1])
    expect(view.waiting).toBe(101)
  })

  it('is not released by scrolling back when it was paused by hand', () => {
    const view = new LogView(all, 'newest')
    view.update(lines(1, 2))
    view.hold('paused', true)
    view.hold('scrolled', true)
    view.update(lines(1, 4))
    view.hold('scrolled', false)
    expect([seqs(view), view.waiting, view.isHeld('paused')]).toEqual([[2, 1], 2, true])
    view.hold('paused', false)
    expect(seqs(view)).toEqual([4, 3, 2, 1])
  })

  it('counts only waiting lines that pass the filter', () => {
    const view = new LogView({ ...all, minLevel: 'error' }, 'newest')
    view.hold('paused', true)
    view.update([...lines(1, 5), line(6, { level: 'error' }), gap(7, 9)])
    expect(view.waiting).toBe(1)
  })

  it('shows gaps where they are', () => {
    const view = new LogView(all, 'oldest')
    view.update([line(1), gap(2, 8), line(9)])
    expect(seqs(view)).toEqual([1, 8, 9])
  })
})

describe('order by (time, seq) (S3.28, X18)', () => {
  it('leaves lines alone that are in order', () => {
    const rows = lines(1, 50)
    expect(sortByTime(rows)).toBe(rows)
  })

  it('sorts when a clock was set back; equal times keep the order of seq, and gaps stay behind their line', () => {
    const at = (ms: number): string => new Date(ms).toISOString()
    const rows = [line(1, { ts: at(5000) }), gap(2, 3), line(4, { ts: at(1000) }), line(5, { ts: at(1000) })]
    expect(sortByTime(rows).map(seqOf)).toEqual([4, 5, 1, 3])
  })
})
