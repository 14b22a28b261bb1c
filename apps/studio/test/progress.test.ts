import { describe, expect, it } from 'vitest'
import { Remaining, glide } from '../src/lib/progress'

describe('glide', () => {
  it('moves towards the target, never past it, and arrives', () => {
    let shown = 0
    for (let frame = 0; frame < 300 && shown !== 0.5; frame += 1) {
      const next = glide(shown, 0.5, 16)
      expect(next).toBeGreaterThan(shown)
      expect(next).toBeLessThanOrEqual(0.5)
      shown = next
    }
    expect(shown).toBe(0.5)
  })

  it('takes a step back and the end at once', () => {
    expect(glide(0.8, 0.1, 16)).toBe(0.1)
    expect(glide(0.2, 1, 16)).toBe(1)
    expect(glide(0.2, Number.NaN, 16)).toBe(0)
  })
})

describe('Remaining (X15)', () => {
  it('says nothing before three reports', () => {
    const remaining = new Remaining()
    remaining.report(0, { attempt: 1, value: 0 })
    remaining.report(1000, { attempt: 1, value: 0.1 })
    expect(remaining.at(1000)).toBeUndefined()
    remaining.report(2000, { attempt: 1, value: 0.2 })
    expect(remaining.at(2000)).toBeCloseTo(8000)
    expect(remaining.at(3000)).toBeCloseTo(7000)
  })

  it('takes the word of the server, smoothed', () => {
    const remaining = new Remaining()
    remaining.report(0, { attempt: 1, value: 0.1, etaMs: 10_000 })
    remaining.report(1000, { attempt: 1, value: 0.2, etaMs: 19_000 })
    expect(remaining.at(1000)).toBeCloseTo(9000 + (19_000 - 9000) * 0.3)
  })

  it('begins anew with another attempt, and says nothing when nothing moves', () => {
    const remaining = new Remaining()
    remaining.report(0, { attempt: 1, value: 0.5, etaMs: 1000 })
    remaining.report(10, { attempt: 2, value: 0 })
    expect(remaining.at(10)).toBeUndefined()
    for (const at of [20, 30, 40]) remaining.report(at, { attempt: 2, value: 0 })
    expect(remaining.at(40)).toBeUndefined()
  })
})
