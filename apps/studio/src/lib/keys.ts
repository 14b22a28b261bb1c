/** Single keys and sequences of keys (`g b`) as actions, with the words for the sheet that lists them. */

/** One action. */
export interface KeyBinding {
  /** Keys as `KeyboardEvent.key` names them; a sequence is separated by blanks: `j`, `?`, `g b`. */
  readonly keys: readonly string[]
  /** What it does, as a verb. */
  readonly label: string
  readonly run: (event: KeyboardEvent) => void
  /** Left out of the sheet: a second name for something that is listed. */
  readonly hidden?: boolean
}

/** Bindings that belong together, such as those of a page. */
export interface KeyGroup {
  readonly title: string
  readonly bindings: readonly KeyBinding[]
}

/** A sequence must go on within this time. */
const SEQUENCE_MS = 1000

/** The bindings that are live. Later groups win over earlier ones, so a page may overrule the shell. */
export class KeyMap {
  readonly #groups: KeyGroup[] = []
  #pending: { key: string; at: number } | undefined
  /** Off for people whose speech or switch input types single letters (WCAG 2.1.4). */
  enabled = true

  /** Adds a group; the returned function takes it out again. */
  add(group: KeyGroup): () => void {
    this.#groups.push(group)
    return () => {
      const at = this.#groups.indexOf(group)
      if (at >= 0) this.#groups.splice(at, 1)
    }
  }

  /** The live groups in the order they were added. */
  groups(): readonly KeyGroup[] {
    return [...this.#groups]
  }

  /** Runs what the event stands for; says whether it did. `at` is the time of the event in ms. */
  handle(event: KeyboardEvent, at: number): boolean {
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false
    const pending = this.#pending
    this.#pending = undefined
    const prefix = pending !== undefined && at - pending.at <= SEQUENCE_MS ? `${pending.key} ` : ''
    const binding = this.#find(prefix + event.key)
    if (binding !== undefined) {
      event.preventDefault()
      binding.run(event)
      return true
    }
    if (prefix === '' && this.#begins(event.key)) this.#pending = { key: event.key, at }
    return false
  }

  #find(keys: string): KeyBinding | undefined {
    for (const group of this.#groups.toReversed()) {
      const found = group.bindings.find((binding) => binding.keys.includes(keys))
      if (found !== undefined) return found
    }
    return undefined
  }

  #begins(key: string): boolean {
    return this.#groups.some((group) =>
      group.bindings.some((binding) => binding.keys.some((keys) => keys.startsWith(`${key} `))),
    )
  }
}

/** Whether typing goes into something, so that single keys must be left alone. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
}
