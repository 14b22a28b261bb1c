import type { Clock } from '../../src/index.js'

/** A controller whose signal's listeners are counted. */
export function countedController(): { controller: AbortController; readonly listeners: number; readonly added: number } {
  const controller = new AbortController()
  const { signal } = controller
  const held = new Map<unknown, () => void>()
  let added = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (type: string, f: unknown, options?: unknown) => {
    const hear = (): void => {
      // All of ours are told with `once`.
      held.delete(f)
      ;(f as () => void)()
    }
    added++
    held.set(f, hear)
    Reflect.apply(addEventListener, signal, [type, hear, options])
  }
  signal.removeEventListener = (type: string, f: unknown) => {
    Reflect.apply(removeEventListener, signal, [type, held.get(f)])
    held.delete(f)
  }
  return {
    controller,
    get listeners() {
      return held.size
    },
    get added() {
      return added
    },
  }
}

/** Timers of less than a second come at once, others never; they are counted while they wait. */
export function instantClock(): Clock & { readonly pending: number } {
  const timers = new Set<object>()
  return {
    now: () => 0,
    setTimeout(f, ms) {
      const timer = {}
      timers.add(timer)
      if (ms < 1000) queueMicrotask(() => timers.delete(timer) && f())
      return timer
    },
    clearTimeout: (timer) => void timers.delete(timer as object),
    get pending() {
      return timers.size
    },
  }
}

/** A promise that its maker settles. */
export function deferred<T = void>(): {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
} {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
