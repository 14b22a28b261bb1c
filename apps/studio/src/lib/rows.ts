/** Which rows of a long list are on screen, when every row has the same height. */

/** A stretch of rows: `first` up to but not including `end`. */
export interface RowWindow {
  readonly first: number
  readonly end: number
}

/** What a scroll container shows. */
export interface Viewport {
  readonly scrollTop: number
  readonly height: number
}

/** The rows to draw: those in view and `overscan` more on both sides. */
export function rowWindow(count: number, rowHeight: number, view: Viewport, overscan = 8): RowWindow {
  const first = Math.max(0, Math.floor(view.scrollTop / rowHeight) - overscan)
  const end = Math.min(count, Math.ceil((view.scrollTop + view.height) / rowHeight) + overscan)
  return first < end ? { first, end } : { first: Math.min(first, count), end: Math.min(first, count) }
}

/** The scroll position that brings a row fully into view with the least movement. */
export function scrollToRow(index: number, rowHeight: number, view: Viewport): number {
  const top = index * rowHeight
  if (top < view.scrollTop) return top
  const bottom = top + rowHeight
  return bottom > view.scrollTop + view.height ? bottom - view.height : view.scrollTop
}
