/** Where a log pane gets its rows. The board's log store fits as it is. */
import type { LogRow, Off } from '@callboard/client'
import { isGap } from './log-filter'
import { seqOf } from './log-view'

/** A log that grows. */
export interface LogSource {
  /** Rows held at most. */
  readonly capacity: number
  /** Oldest first; the same array until something changes. */
  toArray(): readonly LogRow[]
  listen(f: () => void): Off
  /** Forgets the rows in this page. */
  clear(): void
}

/** Whether a line is among those that are here. */
export function hasLine(source: LogSource, seq: number): boolean {
  return source.toArray().some((row) => !isGap(row) && row.seq === seq)
}

/** Whether a line is not here although later ones are, so that it will not come any more. */
export function isPast(source: LogSource, seq: number): boolean {
  const last = source.toArray().at(-1)
  return last !== undefined && seqOf(last) >= seq && !hasLine(source, seq)
}
