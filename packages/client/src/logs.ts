/**
 * The newest log lines. Continuity is `prevSeq` = the position we have, not adjacency of lines, because filters skip
 * some (S3.12). What is lost for good is shown as a row of its own.
 */
import { freezeDeep } from './patch.js'
import type { LogPosition, ServerFrame } from './protocol/index.js'
import { Emitter } from './store.js'
import type { LogGap, LogRow, LogStore, Off } from './types.js'

export type HistoryFrame = Extract<ServerFrame, { type: 'logs.history' }>
export type AppendFrame = Extract<ServerFrame, { type: 'logs.append' }>

export class LogRing implements LogStore {
  readonly #changed = new Emitter<void>()
  #rows: LogRow[] = []
  #array: readonly LogRow[] | undefined
  #rev = 0
  #capacity: number
  #position: LogPosition | undefined
  /** A replay was asked for. */
  #isWaiting = false

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get rev(): number {
    return this.#rev
  }

  get size(): number {
    return Math.min(this.#rows.length, this.#capacity)
  }

  get capacity(): number {
    return this.#capacity
  }

  /** What we have, for resuming. */
  get position(): LogPosition | undefined {
    return this.#position
  }

  toArray(): readonly LogRow[] {
    this.#array ??= this.#rows.slice(-this.#capacity)
    return this.#array
  }

  listen(f: () => void): Off {
    return this.#changed.listen(f)
  }

  clear(): void {
    this.#rows = []
    this.#touch()
  }

  /** Adopts the server's suggestion and keeps the newest (S3.17). */
  resize(capacity: number): void {
    this.#capacity = Math.max(1, capacity)
    this.#touch()
  }

  /**
   * Takes lines of a connection to `epoch`. Gives the lines that are lost, if any; or a number, when lines are missing
   * that the server may still have: it is to be asked for those after that one. What came is then left out as well,
   * for the answer brings it.
   */
  receive(frame: HistoryFrame | AppendFrame, epoch: string): LogGap | number | undefined {
    const { prevSeq, toSeq } = frame
    const mine = this.#position
    if (frame.type === 'logs.append') {
      if (mine && this.#isWaiting) return undefined
      this.#isWaiting = !!mine && prevSeq > mine.seq && !frame.dropped
      if (this.#isWaiting) return mine?.seq
    }
    this.#isWaiting = false
    // Another history replaces what is here, even by nothing (S3.31).
    const isOther = epoch !== mine?.epoch || (frame.type === 'logs.history' && !frame.replay && toSeq < mine.seq)
    if (isOther) this.#rows = []
    const seq = isOther ? prevSeq : mine.seq
    const gap = prevSeq > seq && { gap: true as const, fromSeq: seq + 1, toSeq: prevSeq, count: prevSeq - seq }
    if (gap) this.#rows.push(freezeDeep(gap))
    for (const entry of frame.entries) if (entry.seq > seq) this.#rows.push(freezeDeep(entry))
    this.#position = { epoch, seq: Math.max(seq, toSeq) }
    this.#touch()
    return gap || undefined
  }

  #touch(): void {
    // Cut rarely: at twice the capacity, so that a line costs O(1).
    if (this.#rows.length > 2 * this.#capacity) this.#rows = this.#rows.slice(-this.#capacity)
    this.#array = undefined
    this.#rev++
    this.#changed.emit()
  }
}
