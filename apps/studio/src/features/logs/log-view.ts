/**
 * What a log window shows: filtered, in order, and held still while somebody reads.
 *
 * The one rule (design: ui 1.3): what the window does by itself it also undoes by itself. Scrolling away from the new lines
 * or selecting text holds the picture; coming back lets it go. An explicit pause is only undone by the person.
 */
import type { LogRow } from '@callboard/client'
import { type LogFilter, isGap, logTest } from './log-filter'

/** The order of lines: newest at the top (the default, S3.28) or oldest at the top. */
export type LogOrder = 'newest' | 'oldest'

/** Why the picture is held. */
export type Hold = 'paused' | 'scrolled' | 'selecting'

/** The model; free of the page, so that it can be tested as it is. */
export class LogView {
  #filter: LogFilter
  #source: readonly LogRow[] = []
  /** Filtered rows, oldest first. */
  #rows: readonly LogRow[] = []
  readonly #holds = new Set<Hold>()
  #waiting = 0

  order: LogOrder

  constructor(filter: LogFilter, order: LogOrder) {
    this.#filter = filter
    this.order = order
  }

  /** How many rows are shown. */
  get length(): number {
    return this.#rows.length
  }

  /** The row at a place of the shown order. */
  row(index: number): LogRow | undefined {
    return this.#rows[this.order === 'newest' ? this.#rows.length - 1 - index : index]
  }

  /** The place of a line in the shown order; -1 when it is not shown. */
  indexOf(seq: number): number {
    const at = this.#rows.findIndex((row) => !isGap(row) && row.seq === seq)
    return at < 0 || this.order === 'oldest' ? at : this.#rows.length - 1 - at
  }

  /** All shown rows in the shown order, for export and copying (S3.29). */
  rows(): readonly LogRow[] {
    return this.order === 'newest' ? this.#rows.toReversed() : this.#rows
  }

  /** Lines that pass the filter and wait until the picture is let go. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether the picture is held, for any reason. */
  get held(): boolean {
    return this.#holds.size > 0
  }

  /** Whether it is held for this reason. */
  isHeld(hold: Hold): boolean {
    return this.#holds.has(hold)
  }

  /** Holds or lets go for one reason. Letting go of the last one shows what has arrived. */
  hold(hold: Hold, on: boolean): void {
    if (on) this.#holds.add(hold)
    else if (this.#holds.delete(hold) && !this.held) this.#show()
  }

  /** The log has these rows now, oldest first. The array must not change later. */
  update(source: readonly LogRow[]): void {
    this.#source = source
    if (this.held) this.#waiting = this.#countAfter(source)
    else this.#show()
  }

  /** Another filter; looks at all rows anew, also while held. */
  setFilter(filter: LogFilter): void {
    this.#filter = filter
    this.#show()
  }

  #show(): void {
    this.#rows = sortByTime(this.#source.filter(logTest(this.#filter)))
    this.#waiting = 0
  }

  /** Lines of `source` that pass and are newer than the newest shown one. */
  #countAfter(source: readonly LogRow[]): number {
    const newest = lastSeq(this.#rows)
    const passes = logTest(this.#filter)
    let count = 0
    for (let at = source.length - 1; at >= 0; at -= 1) {
      const row = source[at]
      if (row === undefined || seqOf(row) <= newest) break
      if (!isGap(row) && passes(row)) count += 1
    }
    return count
  }
}

/** The position of a row; of a gap, its end. */
export function seqOf(row: LogRow): number {
  return isGap(row) ? row.toSeq : row.seq
}

function lastSeq(rows: readonly LogRow[]): number {
  return rows.reduce((last, row) => Math.max(last, seqOf(row)), 0)
}

/** Sorted by (time, seq) (S3.28). Lines come in that order unless a clock was set back, so this looks first. */
export function sortByTime(rows: readonly LogRow[]): readonly LogRow[] {
  let last = ''
  const keyed = rows.map((row) => {
    // A gap has no time: it stays behind the line before it.
    const time = isGap(row) ? last : row.ts
    last = time
    return { row, time }
  })
  const inOrder = keyed.every((item, at) => at === 0 || (keyed[at - 1]?.time ?? '') <= item.time)
  if (inOrder) return rows
  return keyed
    .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : seqOf(a.row) - seqOf(b.row)))
    .map((item) => item.row)
}
