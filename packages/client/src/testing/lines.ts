import type { Level, LogEntry, LogRequest, ServerFrame } from '../protocol/index.js'

/** Lines that are kept for those who come back. */
const RING = 1000

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error', 'fatal']

/** The board's log. */
export class Lines {
  readonly #lines: LogEntry[] = []
  /** The number of the newest line. */
  seq = 0

  write(line: Omit<LogEntry, 'seq'>): void {
    this.#lines.push({ ...line, seq: ++this.seq })
    if (this.#lines.length > RING) this.#lines.shift()
  }

  clear(): void {
    this.#lines.length = this.seq = 0
  }

  /** What was written after `prevSeq`, for one who wants that; nothing to say when he wants no lines. */
  append(prevSeq: number, wish: LogRequest): Extract<ServerFrame, { type: 'logs.append' }> | undefined {
    if (wish.enabled === false) return undefined
    return { type: 'logs.append', entries: this.#after(prevSeq, wish), prevSeq, toSeq: this.seq }
  }

  /** The lines after `sinceSeq` that are still kept, and whether some are not. */
  history(epoch: string, sinceSeq: number, wish: LogRequest): Extract<ServerFrame, { type: 'logs.history' }> {
    const prevSeq = Math.max(sinceSeq, (this.#lines[0]?.seq ?? 1) - 1)
    const entries = this.#after(sinceSeq, wish)
    const truncated = prevSeq > sinceSeq
    return { type: 'logs.history', epoch, entries, prevSeq, toSeq: this.seq, capacity: RING, truncated }
  }

  #after(seq: number, { minLevel = 'debug', channels }: LogRequest): LogEntry[] {
    const least = levels.indexOf(minLevel)
    const isWanted = (line: LogEntry): boolean =>
      levels.indexOf(line.level) >= least && (channels?.includes(line.channel) ?? true)
    return this.#lines.filter((line) => line.seq > seq && isWanted(line))
  }
}
