/** Where a log pane gets its rows. The board's log store fits as it is. */
import type { LogRow, Off } from '@callboard/client'

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
