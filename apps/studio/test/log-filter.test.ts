import { describe, expect, it } from 'vitest'
import {
  type LogFilter,
  allChannels,
  channelsOf,
  logTest,
  noChannels,
  onlyChannel,
  toggleChannel,
} from '../src/features/logs/log-filter'
import { DEFAULT_LOG_PREFS, readLogPrefs, writeLogPrefs } from '../src/features/logs/log-prefs'
import { gap, line } from './kit'

const all = DEFAULT_LOG_PREFS.filter
const rows = [line(1), line(2, { channel: 'stderr', level: 'warn' }), line(3, { channel: 'job', emoji: '🎬', level: 'error' })]
const shown = (filter: LogFilter): number[] => rows.filter(logTest(filter)).map((row) => row.seq)

describe('the filter table (S3.26)', () => {
  it('off shows all, on shows the chosen, on with none chosen shows nothing', () => {
    expect(shown(all)).toEqual([1, 2, 3])
    expect(shown(onlyChannel(all, 'stderr'))).toEqual([2])
    expect(shown(noChannels(all))).toEqual([])
  })

  it('All turns the filter off, so that future channels are shown too', () => {
    const filter = allChannels(noChannels(all))
    expect(filter.useChannels).toBe(false)
    expect(logTest(filter)(line(9, { channel: 'new' }))).toBe(true)
  })

  it('a click on a chip toggles it and turns the filter on', () => {
    const known = ['stdout', 'stderr', 'job']
    const without = toggleChannel(all, 'stderr', known)
    expect([without.useChannels, shown(without)]).toEqual([true, [1, 3]])
    expect(shown(toggleChannel(without, 'stderr', known))).toEqual([1, 2, 3])
    expect(shown(toggleChannel(noChannels(all), 'job', known))).toEqual([3])
  })

  it('level, and search in message, channel and sign, all at once (S3.27)', () => {
    expect(shown({ ...all, minLevel: 'warn' })).toEqual([2, 3])
    expect(shown({ ...all, search: '  LINE 2 ' })).toEqual([2])
    expect(shown({ ...all, search: 'stderr' })).toEqual([2])
    expect(shown({ ...all, search: '🎬' })).toEqual([3])
    expect(shown({ ...all, minLevel: 'error', search: 'line 2' })).toEqual([])
  })

  it('never hides missing lines', () => {
    expect(logTest(noChannels(all))(gap(4, 9))).toBe(true)
  })
})

describe('the legend (S3.29)', () => {
  it('is in the order of first appearance, with the latest look', () => {
    const legend = channelsOf([line(1, { channel: 'b' }), gap(2, 3), line(4, { channel: 'a' }), line(5, { channel: 'b', color: 'red' })])
    expect(legend).toEqual([
      { name: 'b', emoji: '▸', color: 'red', count: 2 },
      { name: 'a', emoji: '▸', color: 'white', count: 1 },
    ])
  })
})

describe('what is remembered (S3.30)', () => {
  it('comes back as it was', () => {
    const prefs = { filter: { useChannels: true, channels: new Set(['a']), minLevel: 'warn', search: 'x' }, order: 'oldest' } as const
    expect(readLogPrefs(writeLogPrefs(prefs))).toEqual(prefs)
  })

  it('is newest first to begin with (S3.28)', () => {
    expect(readLogPrefs(null).order).toBe('newest')
  })

  it('ignores what does not fit, field by field', () => {
    const text = JSON.stringify({ minLevel: 'loud', channels: ['a', 1], useChannels: true, order: 'up', search: 7 })
    expect(readLogPrefs(text)).toEqual({
      filter: { useChannels: true, channels: new Set(['a']), minLevel: 'debug', search: '' },
      order: 'newest',
    })
    for (const broken of ['', '{', '[]', 'null', '7']) expect(readLogPrefs(broken)).toEqual(DEFAULT_LOG_PREFS)
  })
})
