import { describe, expect, it } from 'vitest'
import { CallboardError } from '../../src/index.js'
import { createRunner, type RunnerOptions } from '../../src/operation/index.js'
import { settle } from '../../src/testing/index.js'
import { deferred } from '../resilience/counting.js'

function rig(overlap?: RunnerOptions['overlap']) {
  const started: { name: string; signal: AbortSignal; gate: ReturnType<typeof deferred<string>> }[] = []
  let time = 0
  const runner = createRunner(
    (signal, name: string) => {
      const gate = deferred<string>()
      started.push({ name, signal, gate })
      return gate.promise
    },
    { overlap, now: () => ++time },
  )
  const seen: string[] = []
  runner.listen(({ state, data }) => seen.push(data === undefined ? state : `${state} ${data}`))
  return { runner, started, seen }
}

describe('createRunner (S1.19, S1.20)', () => {
  it('shows a run in five states, and never rejects', async () => {
    const { runner, started, seen } = rig()
    expect(runner.get()).toEqual({ state: 'idle' })
    const first = runner.run('a')
    expect([runner.get().state, started.length]).toEqual(['pending', 1])
    started[0]?.gate.resolve('A')
    expect(await first).toEqual({ state: 'success', data: 'A', startTime: 1, endTime: 2 })
    const second = runner.run('b')
    started[1]?.gate.reject(new Error('no'))
    expect(await second).toMatchObject({ state: 'error', error: { message: 'no' } })
    runner.reset()
    expect(seen).toEqual(['pending', 'success A', 'pending', 'error', 'idle'])
  })

  it('shows a failure at once, and a cancellation by others as what it is', async () => {
    const thrown = createRunner(() => {
      throw new Error('at once')
    })
    expect(await thrown.run()).toMatchObject({ state: 'error' })
    const cancelled = createRunner(() => Promise.reject(new CallboardError('cancelled', 'by somebody')))
    expect(await cancelled.run()).toMatchObject({ state: 'cancelled' })
  })

  it('stops waiting when it is cancelled, and tells the work', async () => {
    const { runner, started, seen } = rig()
    const run = runner.run('a')
    runner.cancel('enough')
    expect(await run).toMatchObject({ state: 'cancelled' })
    expect(started[0]?.signal.reason).toBe('enough')
    started[0]?.gate.resolve('late')
    await settle()
    expect(seen).toEqual(['pending', 'cancelled'])
  })

  it('all: both run, the newest is shown (S2.26)', async () => {
    const { runner, started, seen } = rig()
    const [first, second] = [runner.run('a'), runner.run('b')]
    started[1]?.gate.resolve('B')
    await second
    started[0]?.gate.resolve('A')
    expect(await first).toMatchObject({ state: 'success', data: 'A' })
    expect(seen).toEqual(['pending', 'pending', 'success B'])
  })

  it('replace: the other is cancelled (S2.26)', async () => {
    const { runner, started } = rig('replace')
    const [first, second] = [runner.run('a'), runner.run('b')]
    expect(await first).toMatchObject({ state: 'cancelled' })
    started[1]?.gate.resolve('B')
    await second
    expect([started[0]?.signal.aborted, runner.get()]).toMatchObject([true, { state: 'success', data: 'B' }])
  })

  it('ignore: it gives the outcome of the other (S2.26)', async () => {
    const { runner, started } = rig('ignore')
    const [first, second] = [runner.run('a'), runner.run('b')]
    started[0]?.gate.resolve('A')
    expect([await first, await second]).toMatchObject([{ data: 'A' }, { data: 'A' }])
    void runner.run('c')
    expect(started.map(({ name }) => name)).toEqual(['a', 'c'])
  })

  it('reset forgets what is under way', async () => {
    const { runner, seen } = rig()
    const run = runner.run('a')
    runner.reset()
    expect(await run).toMatchObject({ state: 'cancelled' })
    expect(seen).toEqual(['pending', 'idle'])
  })
})
