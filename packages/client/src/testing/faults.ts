/** What may go wrong on the way from the board to a client, asked for by the test and by nobody else. */
import type { ServerFrame } from '../protocol/index.js'

/** Which frames a fault hits: those of a type, or those that a function takes; all unless given. */
export type FrameMatch = ServerFrame['type'] | ((frame: ServerFrame) => boolean)

interface Fault {
  readonly hits: (frame: ServerFrame) => boolean
  readonly act: (texts: string[]) => string[]
  readonly delayMs: number
  left: number
}

/** A frame as it leaves: the texts that arrive in its place, and how much later. */
export interface Delivery {
  readonly texts: readonly string[]
  readonly delayMs: number
}

/** Faults for the next frames. Each hits `times` frames (1 unless given) and is then over; several add up. */
export class Faults {
  #faults: Fault[] = []

  /** Frames that never arrive. */
  drop(match?: FrameMatch, times?: number): this {
    return this.#add(match, times, () => [])
  }

  /** Frames that arrive twice. */
  duplicate(match?: FrameMatch, times?: number): this {
    return this.#add(match, times, (texts) => [...texts, ...texts])
  }

  /** Frames that arrive cut in the middle, as from a proxy that is full. */
  truncate(match?: FrameMatch, times?: number): this {
    return this.#add(match, times, (texts) => texts.map((text) => text.slice(0, text.length / 2)))
  }

  /** Frames that arrive so much later, behind what is sent meanwhile. */
  delay(delayMs: number, match?: FrameMatch, times?: number): this {
    return this.#add(match, times, (texts) => texts, delayMs)
  }

  /** No faults any more. */
  clear(): void {
    this.#faults = []
  }

  /** What becomes of a frame; uses the faults up. */
  deliver(frame: ServerFrame): Delivery {
    let texts = [JSON.stringify(frame)]
    let delayMs = 0
    for (const fault of this.#faults) {
      if (!fault.hits(frame)) continue
      fault.left--
      texts = fault.act(texts)
      delayMs += fault.delayMs
    }
    this.#faults = this.#faults.filter(({ left }) => left > 0)
    return { texts, delayMs }
  }

  #add(match: FrameMatch = () => true, times: number = 1, act: Fault['act'], delayMs: number = 0): this {
    const hits = typeof match === 'string' ? (frame: ServerFrame): boolean => frame.type === match : match
    this.#faults.push({ hits, act, delayMs, left: times })
    return this
  }
}
