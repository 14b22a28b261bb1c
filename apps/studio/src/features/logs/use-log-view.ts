/** Connects a log source to a {@link LogView} and draws at a calm pace. */
import { onScopeDispose, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from 'vue'
import type { LogPrefs } from './log-prefs'
import type { LogSource } from './log-source'
import { type Hold, LogView } from './log-view'

/** Between two paintings; the first after a silence is at once. */
const PAINT_MS = 100

/** A view and what may be done with it. */
export interface LiveLogView {
  /** Triggered with each painting; the object stays the same. */
  readonly view: Readonly<ShallowRef<LogView>>
  hold(hold: Hold, on: boolean): void
  /** Forgets the rows and lets go of the picture. */
  clear(): void
}

/** Lines never pass through deep reactivity: the view is a plain object and one ref says that it changed. */
export function useLogView(source: LogSource, prefs: Ref<LogPrefs>): LiveLogView {
  const view = shallowRef(new LogView(prefs.value.filter, prefs.value.order))
  let timer: ReturnType<typeof setTimeout> | undefined
  let painted = 0
  const paint = (): void => {
    timer = undefined
    painted = performance.now()
    view.value.update(source.toArray())
    triggerRef(view)
  }
  const off = source.listen(() => {
    timer ??= setTimeout(paint, Math.max(0, painted + PAINT_MS - performance.now()))
  })
  watch(prefs, ({ filter, order }) => {
    view.value.order = order
    view.value.setFilter(filter)
    triggerRef(view)
  })
  onScopeDispose(() => {
    off()
    clearTimeout(timer)
  })
  paint()
  return {
    view,
    hold(hold, on) {
      if (view.value.isHeld(hold) === on) return
      view.value.hold(hold, on)
      triggerRef(view)
    },
    clear() {
      source.clear()
      view.value = new LogView(prefs.value.filter, prefs.value.order)
      paint()
    },
  }
}
