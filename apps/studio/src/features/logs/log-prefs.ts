/** What a log pane remembers (S3.30). Each field is checked on its own; what does not fit falls back to its default. */
import { type LogFilter, LEVELS } from './log-filter'
import type { LogOrder } from './log-view'

/** The remembered choices. A pause is never remembered. */
export interface LogPrefs {
  readonly filter: LogFilter
  readonly order: LogOrder
}

/** Everything, newest first (S3.28). */
export const DEFAULT_LOG_PREFS: LogPrefs = {
  filter: { useChannels: false, channels: new Set(), minLevel: 'debug', search: '' },
  order: 'newest',
}

/** The text to store. */
export function writeLogPrefs(prefs: LogPrefs): string {
  const { useChannels, channels, minLevel, search } = prefs.filter
  return JSON.stringify({ useChannels, channels: [...channels], minLevel, search, order: prefs.order })
}

/** The choices in a stored text, whatever it holds. */
export function readLogPrefs(text: string | null): LogPrefs {
  const stored = parseObject(text)
  const { filter, order } = DEFAULT_LOG_PREFS
  const channels = stored['channels']
  return {
    filter: {
      useChannels: typeof stored['useChannels'] === 'boolean' ? stored['useChannels'] : filter.useChannels,
      channels: Array.isArray(channels)
        ? new Set(channels.filter((name): name is string => typeof name === 'string'))
        : filter.channels,
      minLevel: LEVELS.find((level) => level === stored['minLevel']) ?? filter.minLevel,
      search: typeof stored['search'] === 'string' ? stored['search'] : filter.search,
    },
    order: stored['order'] === 'oldest' || stored['order'] === 'newest' ? stored['order'] : order,
  }
}

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
