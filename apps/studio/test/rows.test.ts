import { describe, expect, it } from 'vitest'
import { rowWindow, scrollToRow } from '../src/lib/rows'

describe('rowWindow: only the rows in view are drawn, however long the list (W3.7)', () => {
  it('draws what is seen and a little more', () => {
    expect(rowWindow(1000, 20, { scrollTop: 0, height: 100 }, 2)).toEqual({ first: 0, end: 7 })
    expect(rowWindow(1000, 20, { scrollTop: 410, height: 100 }, 2)).toEqual({ first: 18, end: 28 })
  })

  it('stays inside the list, also when it became shorter', () => {
    expect(rowWindow(3, 20, { scrollTop: 0, height: 100 })).toEqual({ first: 0, end: 3 })
    expect(rowWindow(3, 20, { scrollTop: 9000, height: 100 })).toEqual({ first: 3, end: 3 })
    expect(rowWindow(0, 20, { scrollTop: 0, height: 100 })).toEqual({ first: 0, end: 0 })
  })

  it('covers every row in view, wherever it is scrolled to', () => {
    for (let scrollTop = 0; scrollTop < 2000; scrollTop += 7) {
      const { first, end } = rowWindow(100, 20, { scrollTop, height: 133 }, 0)
      expect(first * 20).toBeLessThanOrEqual(scrollTop)
      expect(end * 20).toBeGreaterThanOrEqual(Math.min(2000, scrollTop + 133))
    }
  })
})

describe('scrollToRow', () => {
  it('moves as little as possible', () => {
    const view = { scrollTop: 100, height: 100 }
    expect(scrollToRow(6, 20, view)).toBe(100)
    expect(scrollToRow(4, 20, view)).toBe(80)
    expect(scrollToRow(10, 20, view)).toBe(120)
  })
})
