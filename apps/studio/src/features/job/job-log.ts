/**
 * The log of one job: what the server has stored, then the live lines of the board that belong to it. Lines are known by
 * their seq, so the two may overlap and a reconnect may bring lines again without showing any twice.
 */
import type { LogEntry, LogRow, Off } from '@callboard/client'
import { isGap } from '../logs/log-filter'
import type { LogSource } from '../logs/log-source'
import { seqOf } from '../logs/log-view'

/** Lines kept for one job in the page; the oldest go first. */
export const JOB_LOG_LINES = 10_000

/** One answer of `GET api/jobs/{id}/logs`. */
export interface LogPage {
  readonly entries: readonly LogEntry[]
  readonly truncated: boolean
  readonly nextSeq: number
}

/** The lines of one job, oldest first. */
export class JobLog implements LogSource {
  readonly capacity = JOB_LOG_LINES
  readonly #jobId: string
  readonly #listeners = new Set<() => void>()
  #rows: readonly LogEntry[] = []
  /** The board's log was looked through up to here. */
  #liveSeq = 0

  constructor(jobId: string) {
    this.#jobId = jobId
  }

  toArray(): readonly LogEntry[] {
    return this.#rows
  }

  listen(f: () => void): Off {
    this.#listeners.add(f)
    return () => this.#listeners.delete(f)
  }

  clear(): void {
    this.#put([])
  }

  /** The board's history began anew (another epoch): nothing that was read is valid. */
  reset(): void {
    this.#liveSeq = 0
    this.#put([])
  }

  /** Takes lines of this job, in any order and possibly again. */
  add(entries: readonly LogEntry[]): void {
    if (entries.length === 0) return
    const last = this.#rows.at(-1)?.seq ?? 0
    const follows = entries.every((entry, at) => entry.seq > (entries[at - 1]?.seq ?? last))
    if (follows) this.#put([...this.#rows, ...entries].slice(-JOB_LOG_LINES))
    else this.#merge(entries)
  }

  /**
   * Takes the live rows of the whole board, oldest first; looks only at those that are new since the last call. Says whether
   * lines are missing in between, so that they must be asked for.
   */
  takeLive(rows: readonly LogRow[]): boolean {
    const mine: LogEntry[] = []
    let missing = false
    for (let at = rows.length - 1; at >= 0; at -= 1) {
      const row = rows[at]
      if (row === undefined || seqOf(row) <= this.#liveSeq) break
      if (isGap(row)) missing = true
      else if (row.jobId === this.#jobId) mine.push(row)
    }
    const last = rows.at(-1)
    if (last !== undefined) this.#liveSeq = Math.max(this.#liveSeq, seqOf(last))
    this.add(mine.toReversed())
    return missing
  }

  /** The slow way, for lines that overlap with known ones or fill a hole. */
  #merge(entries: readonly LogEntry[]): void {
    const rows = new Map(this.#rows.map((row) => [row.seq, row]))
    for (const entry of entries) rows.set(entry.seq, entry)
    if (rows.size === this.#rows.length) return
    this.#put([...rows.values()].sort((a, b) => a.seq - b.seq).slice(-JOB_LOG_LINES))
  }

  #put(rows: readonly LogEntry[]): void {
    this.#rows = rows
    for (const f of this.#listeners) f()
  }
}
