import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ProgressSmoother } from '../../src/progress/index.js'

interface Vectors {
  readonly scripts: readonly {
    readonly name: string
    readonly samples: readonly (readonly [at: number, value: number])[]
    readonly after: { readonly smoothed: number; readonly ratePerS: number; readonly etaMs: number | null }
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../spec/progress.json', import.meta.url), 'utf8'),
) as Vectors

describe('spec/progress.json (S1.16, X15)', () => {
  it.each(vectors.scripts)('$name', ({ samples, after }) => {
    const smoother = new ProgressSmoother()
    for (const [at, value] of samples) smoother.addSample(value, at)
    const { smoothed, rate, etaMs } = smoother.estimate
    expect(Math.abs(smoothed - after.smoothed)).toBeLessThanOrEqual(1e-9)
    expect(Math.abs(rate - after.ratePerS)).toBeLessThanOrEqual(1e-9)
    if (after.etaMs === null) expect(etaMs).toBeUndefined()
    else expect(Math.abs((etaMs ?? NaN) - after.etaMs)).toBeLessThanOrEqual(1)
  })
})
