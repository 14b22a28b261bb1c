import { describe, expect, it } from 'vitest'
import { clampHz, debounce, RateLimiter, throttle } from '../../src/resilience/index.js'
import { ManualClock } from '../../src/testing/index.js'

/** Calls `f` at the times, and gives what ran and when. */
async function run(
  make: (f: (value: string) => void, clock: ManualClock) => (value: string) => void,
  calls: readonly (readonly [at: number, value: string])[],
): Promise<string[]> {
  const clock = new ManualClock(0)
  const ran: string[] = []
  const f = make((value) => ran.push(`${clock.now()} ${value}`), clock)
  for (const [at, value] of calls) {
    await clock.advance(at - clock.now())
    f(value)
  }
  await clock.advance(10_000)
  expect(clock.pending).toBe(0)
  return ran
}

describe('throttle (S1.18, S1.21)', () => {
  it('runs the first at once and the newest at the end of the interval (W1.5)', async () => {
    const calls = [[0, '1'], [10, '2'], [20, '3'], [150, '4'], [500, '5']] as const
    expect(await run((f, clock) => throttle(f, 100, { clock }), calls)).toEqual(['0 1', '100 3', '200 4', '500 5'])
  })

  it('without the leading or the trailing call', async () => {
    const calls = [[0, '1'], [10, '2'], [250, '3']] as const
    const leading = (f: (value: string) => void, clock: ManualClock) => throttle(f, 100, { clock, trailing: false })
    const trailing = (f: (value: string) => void, clock: ManualClock) => throttle(f, 100, { clock, leading: false })
    expect(await run(leading, calls)).toEqual(['0 1', '250 3'])
    expect(await run(trailing, calls)).toEqual(['100 2', '350 3'])
    expect(await run((f, clock) => throttle(f, 100, { clock, leading: false, trailing: false }), calls)).toEqual([])
  })

  it('forgets on cancel, and makes the call now on flush', async () => {
    const clock = new ManualClock(0)
    const ran: number[] = []
    const f = throttle((value: number) => ran.push(value), 100, { clock })
    f(1)
    f(2)
    f.cancel()
    f(3)
    f.flush()
    f.flush()
    await clock.advance(50)
    f(4)
    expect(ran).toEqual([1, 3])
    await clock.advance(1000)
    expect([ran, clock.pending]).toEqual([[1, 3, 4], 0])
  })

  it('lets its function call it', async () => {
    const clock = new ManualClock(0)
    const ran: number[] = []
    const f = throttle((value: number) => value < 3 && (ran.push(value), f(value + 1)), 100, { clock })
    f(0)
    await clock.advance(1000)
    expect(ran).toEqual([0, 1, 2])
  })

  it('waits no longer than its interval when the clock is set back', async () => {
    const clock = new ManualClock(1_000_000)
    const ran: number[] = []
    let back = 0
    const f = throttle((value: number) => ran.push(value), 100, {
      clock: {
        now: () => clock.now() - back,
        setTimeout: (g, ms) => clock.setTimeout(g, ms),
        clearTimeout: (timer) => clock.clearTimeout(timer),
      },
    })
    f(1)
    back = 500_000
    f(2)
    await clock.advance(100)
    expect(ran).toEqual([1, 2])
  })

  it('has a rate for user interfaces', () => {
    expect([undefined, 0, NaN, 1, 3, 60].map((hz) => clampHz(hz))).toEqual([5, 5, 5, 2, 3, 10])
  })
})

describe('debounce (S1.21)', () => {
  it('runs once after a silence, with the newest argument', async () => {
    const calls = [[0, '1'], [200, '2'], [400, '3'], [1000, '4']] as const
    expect(await run((f, clock) => debounce(f, 300, clock), calls)).toEqual(['700 3', '1300 4'])
  })

  it('belongs to one function, and can be cancelled and flushed (W1.5)', async () => {
    const clock = new ManualClock(0)
    const ran: string[] = []
    const [a, b] = ['a', 'b'].map((name) => debounce((value: number) => ran.push(name + value), 300, clock))
    a?.(1)
    b?.(2)
    await clock.advance(300)
    a?.(3)
    a?.flush()
    b?.(4)
    b?.cancel()
    await clock.advance(1000)
    expect([ran, clock.pending]).toEqual([['a1', 'b2', 'a3'], 0])
  })
})

describe('RateLimiter (S1.18)', () => {
  it('allows so many in any window, and what it refuses does not count', () => {
    let now = 0
    const limiter = new RateLimiter(3, 1000, () => now)
    const ask = (at: number): boolean => ((now = at), limiter.isAllowed())
    expect([0, 100, 200, 300, 999].map(ask)).toEqual([true, true, true, false, false])
    expect(limiter.getCurrentRate()).toBe(3)
    expect([1000, 1050, 1100].map(ask)).toEqual([true, false, true])
    expect(limiter.getCurrentRate()).toBe(3)
    limiter.reset()
    expect([limiter.getCurrentRate(), ask(1100)]).toEqual([0, true])
  })

  it('never allows more, whatever the times (any window of 5 000 steps)', () => {
    let now = 0
    const limiter = new RateLimiter(7, 100, () => now)
    const allowed: number[] = []
    for (let step = 0; step < 5000; step++) {
      now += (step * 7919) % 23
      if (limiter.isAllowed()) allowed.push(now)
    }
    for (let index = 7; index < allowed.length; index++) {
      expect((allowed[index] as number) - (allowed[index - 7] as number)).toBeGreaterThanOrEqual(100)
    }
    expect(allowed.length).toBeGreaterThan(1000)
  })
})
