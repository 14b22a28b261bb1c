/** Zoom with buttons, keys and the wheel; pan by scrolling, dragging, and Shift with arrows. */
import { nextTick, ref, type Ref } from 'vue'
import { clampZoom, fitZoom, scrollAfter, ZOOM_STEP, type Extent, type Point } from './pan-zoom'

/** What an arrow with Shift moves, in pixels. */
const PAN = 80
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -PAN, y: 0 },
  ArrowRight: { x: PAN, y: 0 },
  ArrowUp: { x: 0, y: -PAN },
  ArrowDown: { x: 0, y: PAN },
}

export interface PanZoom {
  readonly zoom: Readonly<Ref<number>>
  /** Larger with a positive number of steps, smaller with a negative one. */
  zoomBy(steps: number): void
  /** Shows all of it. */
  fit(): void
  onWheel(event: WheelEvent): void
  onPointerDown(event: PointerEvent): void
  /** Whether the key moved the window. */
  onKey(event: KeyboardEvent): boolean
}

/** For a plane of this size in a scroll container. */
export function usePanZoom(scroller: Readonly<Ref<HTMLElement | undefined>>, plane: () => Extent): PanZoom {
  const zoom = ref(1)

  async function to(next: number, at?: Point): Promise<void> {
    const container = scroller.value
    if (container === undefined) return
    const place = at ?? { x: container.clientWidth / 2, y: container.clientHeight / 2 }
    const scroll = { x: container.scrollLeft, y: container.scrollTop }
    const { x, y } = scrollAfter(scroll, place, zoom.value, clampZoom(next))
    zoom.value = clampZoom(next)
    await nextTick()
    container.scrollTo(x, y)
  }

  return {
    zoom,
    zoomBy: (steps) => void to(zoom.value * ZOOM_STEP ** steps),
    fit() {
      const container = scroller.value
      if (container === undefined) return
      // It may be lower than it could be: it is as high as what is in it, up to a limit.
      const height = Number.parseFloat(getComputedStyle(container).maxHeight)
      void to(fitZoom(plane(), { width: container.clientWidth, height }), { x: 0, y: 0 })
    },
    onWheel(event) {
      // Without a key the wheel scrolls; pinching is a wheel with Ctrl.
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
      void to(zoom.value * ZOOM_STEP ** (-event.deltaY / 100), { x: event.clientX - box.left, y: event.clientY - box.top })
    },
    onPointerDown(event) {
      const container = event.currentTarget as HTMLElement
      const isOnNode = event.target instanceof Element && event.target.closest('button') !== null
      if (event.button !== 0 || event.pointerType === 'touch' || isOnNode) return
      container.setPointerCapture(event.pointerId)
      const move = ({ movementX, movementY }: PointerEvent): void => container.scrollBy(-movementX, -movementY)
      container.addEventListener('pointermove', move)
      container.addEventListener('lostpointercapture', () => container.removeEventListener('pointermove', move), { once: true })
    },
    onKey(event) {
      const by = event.shiftKey ? ARROWS[event.key] : undefined
      if (by === undefined) return false
      event.preventDefault()
      scroller.value?.scrollBy(by.x, by.y)
      return true
    },
  }
}
