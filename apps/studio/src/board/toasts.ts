/** Short notes in the corner: what was rejected, what happened while away. Never for routine success. */
import { shallowReactive } from 'vue'

/** One note. */
export interface Toast {
  readonly id: number
  readonly tone: 'note' | 'error'
  readonly text: string
}

/** At most this many are shown; the oldest goes first. */
const TOASTS_MAX = 3
const TOAST_MS = 10_000

/** The notes that are shown. */
export class Toasts {
  readonly shown: Toast[] = shallowReactive([])
  #next = 1

  /** Shows a note for a while. */
  add(tone: Toast['tone'], text: string): void {
    const toast = { id: this.#next, tone, text }
    this.#next += 1
    this.shown.push(toast)
    if (this.shown.length > TOASTS_MAX) this.shown.shift()
    setTimeout(() => {
      this.dismiss(toast.id)
    }, TOAST_MS)
  }

  /** Takes a note away. */
  dismiss(id: number): void {
    const at = this.shown.findIndex((toast) => toast.id === id)
    if (at >= 0) this.shown.splice(at, 1)
  }
}
