import { describe, expect, it } from 'vitest'
import { ProgressSmoother, type Estimate } from '../../src/progress/index.js'
import { seeded } from '../rig.js'

/** Steady work at `rate` per second, a sample per second, that began at `origin` ms. */
function steady(origin: number, rate: number, seconds: number): Estimate {
  const smoother = new ProgressSmoother()
  for (let second = 0; second <= seconds; second++) smoother.addSample(rate * second, origin + second * 1000)
  return smoother.estimate
}

describe('ProgressSmoother (S1.16, X15)', () => {
  it.each([0, 1_790_000_000_000, 2 ** 50])('is exact on steady work that began at %d (W1.2)', (origin) => {
    const slow = steady(origin, 0.01, 49)
    expect(slow.rate).toBeCloseTo(0.01, 12)
    expect(slow.smoothed).toBeCloseTo(0.49, 9)
    expect(slow.etaMs).toBeCloseTo(51_000, 3)
    const fast = steady(origin, 0.2, 4)
    expect(fast.rate).toBeCloseTo(0.2, 12)
    expect(fast.etaMs).toBeCloseTo(1000, 3)
  })

  it('shows 100 % at 100 %, with nothing left (W1.2)', () => {
    expect(steady(0, 0.01, 100)).toMatchObject({ smoothed: 1 })
    expect(steady(0, 0.01, 100)).not.toHaveProperty('etaMs')
    const jump = new ProgressSmoother()
    jump.addSample(0, 0)
    expect(jump.addSample(1, 1)).toEqual({ smoothed: 1, rate: 0 })
  })

  it('does not guess from too little', () => {
    const smoother = new ProgressSmoother()
    expect(smoother.estimate).toEqual({ smoothed: 0, rate: 0 })
    expect(smoother.addSample(0.1, 1000)).toEqual({ smoothed: 0.1, rate: 0 })
    expect(smoother.addSample(0.2, 2000)).toEqual({ smoothed: 0.2, rate: 0 })
    expect(smoother.addSample(0.3, 3000).etaMs).toBeCloseTo(7000, 6)
    const stuck = new ProgressSmoother()
    for (let at = 0; at < 9000; at += 1000) expect(stuck.addSample(0.5, at)).toEqual({ smoothed: 0.5, rate: 0 })
  })

  it('forgets an old speed, and counts each sample once (W1.2)', () => {
    const smoother = new ProgressSmoother()
    let value = 0
    for (let second = 0; second < 200; second++) {
      value += second < 100 ? 0.001 : 0.004
      smoother.addSample(value, second * 1000)
    }
    expect(smoother.estimate.rate).toBeCloseTo(0.004, 12)
  })

  it('is not shortened by a flood of samples', () => {
    const smoother = new ProgressSmoother()
    for (let at = 0; at < 20_000; at++) smoother.addSample(at / 40_000, at)
    expect(Math.round((smoother.estimate.etaMs as number) / 1000)).toBe(20)
  })

  it('is sound, whatever is reported and when (200 seeds)', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const below = seeded(seed)
      const smoother = new ProgressSmoother()
      let shown = 0
      let real = 0
      for (let step = 0; step < 100; step++) {
        const value = [NaN, -1, 2, Infinity, below(1000) / 1000][below(9) < 2 ? below(4) : 4] as number
        const at = below(20) ? below(5000) : NaN
        const { smoothed, rate, etaMs = 0 } = smoother.addSample(value, at)
        if (!Number.isNaN(value + at)) real = Math.max(real, Math.min(1, value))
        const isSound = smoothed >= shown && smoothed <= real && rate >= 0 && Number.isFinite(rate) && etaMs <= 1e12
        expect(isSound && (real < 1 || etaMs === 0), `seed ${seed}`).toBe(true)
        shown = smoothed
      }
      expect(smoother.addSample(1, 9000).smoothed).toBe(1)
    }
  })
})
