import { describe, expect, it } from 'vitest'
import { ValueSmoother } from '../../src/progress/index.js'

describe('a figure that is watched (S1.18)', () => {
  it('moves half of the way in a half-life, however many samples came in between', () => {
    const one = new ValueSmoother({ halfLifeMs: 1000 })
    const many = new ValueSmoother({ halfLifeMs: 1000 })
    one.shouldEmit(10, false, 0)
    many.shouldEmit(10, false, 0)
    one.shouldEmit(20, false, 1000)
    for (let at = 10; at <= 1000; at += 10) many.shouldEmit(20, false, at)
    expect(one.value).toBe(15)
    expect(many.value).toBeCloseTo(15, 9)
  })

  it.each([
    [undefined, 200],
    [100, 100],
    [0.1, 500],
  ])('is shown at %s Hz every %i ms', (hz, ms) => {
    const speed = new ValueSmoother({ hz })
    expect([0, ms - 1, ms, ms + 1, 2 * ms].map((at) => speed.shouldEmit(at, false, at))).toEqual([true, false, true, false, true])
    expect(speed.value).toBe(2 * ms)
  })

  it('shows its end at once and as it is', () => {
    const done = new ValueSmoother({ halfLifeMs: 9000 })
    done.shouldEmit(0, false, 0)
    expect([done.shouldEmit(100, true, 1), done.value]).toEqual([true, 100])
    expect(done.shouldEmit(100, false, 2)).toBe(false)
  })

  it('leaves out what is no number, and time does not go back', () => {
    const load = new ValueSmoother({ halfLifeMs: 100 })
    expect([load.shouldEmit(NaN), load.shouldEmit(Infinity, true), load.value]).toEqual([false, false, undefined])
    load.shouldEmit(1, false, 1000)
    load.shouldEmit(2, false, 0)
    expect(load.value).toBe(1)
    expect(load.shouldEmit(3, false, NaN)).toBe(false)
  })
})
