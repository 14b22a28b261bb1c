import { describe, expect, it } from 'vitest'
import { clampZoom, fitZoom, MARGIN, scrollAfter } from '../src/features/workflows/pan-zoom'

describe('zoom', () => {
  it('fits all of it, never larger than life', () => {
    expect(fitZoom({ width: 2000, height: 100 }, { width: 1000 + 2 * MARGIN, height: 400 })).toBe(0.5)
    expect(fitZoom({ width: 10, height: 10 }, { width: 1000, height: 400 })).toBe(1)
    expect(fitZoom({ width: 0, height: 0 }, { width: 0, height: 0 })).toBe(clampZoom(0))
  })

  it('keeps what is under the pointer', () => {
    const at = { x: 300, y: 100 }
    const after = scrollAfter({ x: 120, y: 40 }, at, 1, 2)
    // The point of the plane that is seen there, before and after.
    expect([(after.x + at.x - MARGIN) / 2, (after.y + at.y - MARGIN) / 2]).toEqual([120 + at.x - MARGIN, 40 + at.y - MARGIN])
    expect(scrollAfter({ x: 7, y: 9 }, at, 1, 1)).toEqual({ x: 7, y: 9 })
  })

  it('has limits', () => {
    expect([clampZoom(0), clampZoom(99), clampZoom(1)]).toEqual([0.02, 2, 1])
  })
})
