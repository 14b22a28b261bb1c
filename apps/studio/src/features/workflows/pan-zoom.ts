/** How large the graph is drawn, and which part of it is seen. Pure. */

export interface Extent {
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Around the graph, whatever its size. */
export const MARGIN = 20
export const ZOOM_STEP = 1.25
/** Two hundred rows, the most that one recipe has beside each other, fit into a small window. */
const ZOOM_MIN = 0.02
const ZOOM_MAX = 2

/** A zoom that can be drawn. */
export function clampZoom(zoom: number): number {
  return Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom))
}

/** The zoom at which all of it is seen; never larger than life. */
export function fitZoom(plane: Extent, window: Extent): number {
  const width = (window.width - 2 * MARGIN) / Math.max(1, plane.width)
  const height = (window.height - 2 * MARGIN) / Math.max(1, plane.height)
  return clampZoom(Math.min(1, width, height))
}

/** Where to scroll so that what is at `at` of the window stays there when the zoom changes. */
export function scrollAfter(scroll: Point, at: Point, before: number, after: number): Point {
  const one = (scrolled: number, place: number): number => ((scrolled + place - MARGIN) / before) * after + MARGIN - place
  return { x: one(scroll.x, at.x), y: one(scroll.y, at.y) }
}
