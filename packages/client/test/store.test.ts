import { describe, expect, it, vi } from 'vitest'
import { createStore, Emitter } from '../src/store.js'
import { createMeter } from '../src/telemetry.js'
import { ManualClock } from '../src/testing/index.js'

describe('Store', () => {
  it('tells of changes only', () => {
    const store = createStore(1)
    const heard: number[] = []
    const off = store.subscribe((value) => heard.push(value))
    store.set(1)
    store.set(2)
    off()
    store.set(3)
    expect(heard).toEqual([1, 2])
    expect(store.get()).toBe(3)
  })

  it('changes before it tells, so that several stores change as one', () => {
    const a = createStore(1)
    const b = createStore(1)
    const seen: number[][] = []
    a.listen((value) => seen.push([value, b.get()]))
    const tell = [a.swap(2), b.swap(2)]
    for (const f of tell) f()
    expect(seen).toEqual([[2, 2]])
  })
})

describe('Emitter', () => {
  it('lets a listener throw, leave and come while it tells', () => {
    const uncaught = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {})
    const emitter = new Emitter<number>()
    const heard: string[] = []
    emitter.listen(() => {
      throw new Error('of one listener')
    })
    emitter.listen(() => {
      offSecond()
      emitter.listen(() => heard.push('late'))
    })
    const offSecond = emitter.listen(() => heard.push('second'))
    emitter.listen(() => heard.push('third'))
    emitter.emit(1)
    expect(heard).toEqual(['third'])
    expect(uncaught).toHaveBeenCalledOnce()
  })
})

describe('Meter', () => {
  it('is always true to get(), and tells of counters at most once a second', async () => {
    const clock = new ManualClock()
    const meter = createMeter(clock)
    const heard: number[] = []
    meter.listen((telemetry) => heard.push(telemetry.messages))
    meter.count('messages')
    meter.count('messages')
    expect(meter.get().messages).toBe(2)
    expect(meter.get()).toBe(meter.get())
    expect(heard).toEqual([])
    await clock.advance(1000)
    await clock.advance(5000)
    expect(heard).toEqual([2])
    meter.put({ attempt: 1, rttMs: 5 })
    meter.put({ attempt: 1 })
    meter.put({ rttMs: undefined })
    expect(heard).toEqual([2, 2, 2])
    expect('rttMs' in meter.get()).toBe(false)
    expect(Object.isFrozen(meter.get())).toBe(true)
    expect(clock.pending).toBe(0)
  })
})
