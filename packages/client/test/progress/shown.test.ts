import { describe, expect, it } from 'vitest'
import { createProgress, type ShownProgress } from '../../src/progress/index.js'
import { createStore } from '../../src/store.js'
import type { Job } from '../../src/index.js'
import { ManualClock } from '../../src/testing/index.js'
import { job } from '../rig.js'

function rig(hz?: number) {
  const clock = new ManualClock()
  const source = createStore<Job | undefined>(undefined)
  let watchers = 0
  const counted = {
    ...source,
    subscribe(f: (value: Job | undefined) => void) {
      watchers++
      const off = source.subscribe(f)
      return () => (watchers--, off())
    },
  }
  const running = (value: number, more: Partial<Job> = {}, etaMs?: number): void =>
    source.set(job('a', { state: 'running', attempt: 1, progress: { value, ...(etaMs && { etaMs }) }, ...more }))
  const shown: (ShownProgress | undefined)[] = []
  const progress = createProgress(counted, { clock, hz })
  return { clock, source, running, shown, progress, watchers: () => watchers }
}

describe('createProgress', () => {
  it('watches nothing before somebody listens, and nothing after the last one left (S0.40)', async () => {
    const { progress, running, watchers, clock } = rig()
    running(0.5)
    expect([progress.get(), watchers()]).toEqual([undefined, 0])
    const [first, second] = [progress.listen(() => {}), progress.listen(() => {})]
    expect([progress.get()?.value, watchers()]).toEqual([0.5, 1])
    running(0.6)
    first()
    second()
    expect([watchers(), clock.pending]).toEqual([0, 0])
  })

  it('tells at most five times a second, of the newest (S1.18)', async () => {
    const { progress, running, shown, clock } = rig()
    running(0)
    progress.subscribe((value) => shown.push(value))
    for (let at = 0; at < 2000; at += 20) {
      await clock.advance(20)
      running(at / 2000)
    }
    expect(shown.length).toBeGreaterThan(8)
    expect(shown.length).toBeLessThanOrEqual(12)
    await clock.advance(1000)
    expect([shown.at(-1)?.value, clock.pending]).toEqual([0.99, 0])
  })

  it('has a rate and an end of its own, and before that those of the server', async () => {
    const { progress, running, clock } = rig()
    progress.listen(() => {})
    running(0.1, {}, 4321)
    await clock.advance(1000)
    expect(progress.get()).toMatchObject({ value: 0.1, smoothed: 0.1, etaMs: 4321 })
    for (const value of [0.2, 0.3, 0.4]) {
      running(value, {}, 9999)
      await clock.advance(1000)
    }
    expect(progress.get()?.rate).toBeCloseTo(0.1, 9)
    expect(progress.get()?.etaMs).toBeCloseTo(6000, 3)
  })

  it('begins anew with an attempt, at once (X3)', async () => {
    const { progress, running, clock } = rig()
    progress.listen(() => {})
    for (const value of [0.5, 0.7, 0.9]) {
      running(value)
      await clock.advance(1000)
    }
    running(0.05, { attempt: 2 })
    expect(progress.get()).toEqual({ value: 0.05, smoothed: 0.05, rate: 0, attempt: 2 })
  })

  it('shows the end at once, and has no time left then', async () => {
    const { progress, running, source, shown } = rig()
    progress.subscribe((value) => shown.push(value))
    running(0.2)
    running(1, { state: 'succeeded' })
    source.set(undefined)
    expect(shown.map((value) => value?.value)).toEqual([undefined, 0.2, 1, undefined])
    expect(shown[2]).not.toHaveProperty('etaMs')
    expect(Object.isFrozen(shown[2])).toBe(true)
  })
})
