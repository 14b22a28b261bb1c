/** A ring of links: first in, first out, and out of the middle, each in constant time (W1.7). */
export interface Link<T> {
  readonly value: T
  before: Link<T>
  /** `undefined`: it is out. */
  after: Link<T> | undefined
}

export class Chain<T> implements Iterable<T> {
  size = 0
  /** Stands before the first and behind the last, and has no value. */
  readonly #end: Link<T> = {} as Link<T>

  constructor() {
    this.#end.before = this.#end.after = this.#end
  }

  push(value: T): Link<T> {
    const end = this.#end
    const link = { value, before: end.before, after: end }
    end.before = end.before.after = link
    this.size++
    return link
  }

  /** Takes a link out, if it is in. */
  remove(link: Link<T>): void {
    if (!link.after) return
    link.before.after = link.after
    link.after.before = link.before
    link.after = undefined
    this.size--
  }

  /** The oldest value, taken out. */
  shift(): T | undefined {
    const link = this.#end.after as Link<T>
    if (this.size) this.remove(link)
    return link.value as T | undefined
  }

  *[Symbol.iterator](): Generator<T> {
    for (let link = this.#end.after; link && link !== this.#end; link = link.after) yield link.value
  }
}
