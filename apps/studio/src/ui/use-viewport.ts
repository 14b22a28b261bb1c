/** The part of a scroll container that is in view. */
import { onScopeDispose, shallowReadonly, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Viewport } from '../lib/rows'

/** Follows the size and position of a scroll container. */
export function useViewport(element: Readonly<Ref<HTMLElement | undefined>>): Readonly<ShallowRef<Viewport>> {
  const viewport = shallowRef<Viewport>({ scrollTop: 0, height: 0 })
  let off = (): void => undefined
  watch(element, (container) => {
    off()
    if (container !== undefined) off = follow(container, viewport)
  })
  onScopeDispose(() => {
    off()
  })
  return shallowReadonly(viewport)
}

function follow(container: HTMLElement, viewport: ShallowRef<Viewport>): () => void {
  const look = (): void => {
    viewport.value = { scrollTop: container.scrollTop, height: container.clientHeight }
  }
  const observer = new ResizeObserver(look)
  observer.observe(container)
  container.addEventListener('scroll', look, { passive: true })
  look()
  return () => {
    observer.disconnect()
    container.removeEventListener('scroll', look)
  }
}
