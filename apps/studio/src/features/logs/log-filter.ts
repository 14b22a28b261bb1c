/** Which lines of a log are shown (S3.26, S3.27). */
import type { Level, LogEntry, LogGap, LogRow } from '@callboard/client'
import { plainText } from '../../lib/sgr'

/** Whether a row stands for missing lines. */
export function isGap(row: LogRow): row is LogGap {
  return 'gap' in row
}

/** Grave to graver (S3.19). */
export const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error', 'fatal']

/** What is shown. All conditions must hold. */
export interface LogFilter {
  /** Off: every channel, also those that appear later. On: only those chosen; none chosen shows nothing (S3.26). */
  readonly useChannels: boolean
  readonly channels: ReadonlySet<string>
  readonly minLevel: Level
  readonly search: string
}

/** The test of a filter, with everything that is the same for all lines computed once. Gaps are always shown. */
export function logTest(filter: LogFilter): (row: LogRow) => boolean {
  const levels = new Set(LEVELS.slice(LEVELS.indexOf(filter.minLevel)))
  const search = filter.search.trim().toLowerCase()
  return (row) => {
    if (isGap(row)) return true
    if (filter.useChannels && !filter.channels.has(row.channel)) return false
    if (!levels.has(row.level)) return false
    return search === '' || hasText(row, search)
  }
}

function hasText(entry: LogEntry, search: string): boolean {
  return (
    plainText(entry.message).toLowerCase().includes(search) ||
    entry.channel.toLowerCase().includes(search) ||
    entry.emoji.includes(search)
  )
}

/** A channel as the legend lists it. */
export interface ChannelInfo {
  readonly name: string
  readonly emoji: string
  readonly color: string
  readonly count: number
}

/** The channels in the order of their first line, with the sign and colour of their latest (S3.29). */
export function channelsOf(rows: readonly LogRow[]): readonly ChannelInfo[] {
  const channels = new Map<string, ChannelInfo>()
  for (const row of rows) {
    if (isGap(row)) continue
    const count = (channels.get(row.channel)?.count ?? 0) + 1
    channels.set(row.channel, { name: row.channel, emoji: row.emoji, color: row.color, count })
  }
  return [...channels.values()]
}

/** A chip was clicked: it is toggled and the filter is on. From "all", the first click leaves every other known channel on. */
export function toggleChannel(filter: LogFilter, channel: string, known: readonly string[]): LogFilter {
  const channels = new Set(filter.useChannels ? filter.channels : known)
  if (!channels.delete(channel)) channels.add(channel)
  return { ...filter, useChannels: true, channels }
}

/** Shows every channel, also future ones: no filter at all. */
export function allChannels(filter: LogFilter): LogFilter {
  return { ...filter, useChannels: false, channels: new Set() }
}

/** Shows nothing: a filter with nothing chosen. */
export function noChannels(filter: LogFilter): LogFilter {
  return { ...filter, useChannels: true, channels: new Set() }
}

/** Shows one channel. */
export function onlyChannel(filter: LogFilter, channel: string): LogFilter {
  return { ...filter, useChannels: true, channels: new Set([channel]) }
}
