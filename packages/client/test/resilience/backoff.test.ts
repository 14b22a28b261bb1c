import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allowsAnother, createBackoff, delayMs, presets, type Backoff } from '../../src/resilience/index.js'
import { seeded } from '../rig.js'

interface Vectors {
  readonly delays: readonly {
    readonly name: string
    readonly preset?: keyof typeof presets
    readonly backoff: Omit<Backoff, 'maxAttempts'> & { readonly maxAttempts: number | null }
    readonly chance: number
    readonly failures: readonly number[]
    readonly delaysMs: readonly number[]
  }[]
  readonly calls: readonly { name: string; maxAttempts?: number; maxRetries?: number; calls: number }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../spec/backoff.json', import.meta.url), 'utf8'),
) as Vectors

describe('spec/backoff.json (X1, X2)', () => {
  it.each(vectors.delays)('$name', ({ preset, backoff, chance, failures, delaysMs }) => {
    const rule = { ...backoff, maxAttempts: backoff.maxAttempts ?? Infinity }
    if (preset) expect(presets[preset]).toEqual(rule)
    expect(failures.map((failed) => delayMs(rule, failed, chance))).toEqual(delaysMs)
  })

  it.each(vectors.calls)('$name', ({ calls, name: _, ...options }) => {
    const backoff = createBackoff(options)
    let failures = 1
    while (allowsAnother(backoff, failures)) failures++
    expect(failures).toBe(calls)
  })

  it('names every preset', () => {
    expect(new Set(vectors.delays.map(({ preset }) => preset))).toEqual(new Set([...Object.keys(presets), undefined]))
  })
})

describe('delayMs', () => {
  it('is a whole number inside the band, whatever the fields say (3 000 steps)', () => {
    const below = seeded(1)
    const odd = (): number => [NaN, -1, 0, 0.5, Infinity, -Infinity, below(100_000)][below(7)] as number
    for (let step = 0; step < 3000; step++) {
      const [initialMs, factor, minMs, maxMs, jitter] = [odd(), odd(), odd(), below(100_000), odd()] as const
      const backoff = { initialMs, factor, minMs, maxMs, jitter, maxAttempts: odd() }
      const delay = delayMs(backoff, below(2000), below(1001) / 1000)
      const least = Math.min(minMs >= 0 ? minMs : 0, maxMs)
      expect(Number.isInteger(delay) && delay >= Math.floor(least) && delay <= maxMs, JSON.stringify(backoff)).toBe(true)
    }
  })

  it('is that of seed 1 when nothing is said (S1.1)', () => {
    expect(createBackoff()).toEqual(presets.orchestration)
    expect(createBackoff({ initialMs: 50 })).toEqual({ ...presets.orchestration, initialMs: 50 })
  })
})
