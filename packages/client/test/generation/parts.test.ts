/** Results, system status and transport of seed 0, with their tables. */
import { describe, expect, it, vi } from 'vitest'
import { createClient, type Job } from '../../src/index.js'
import {
  connectionOf,
  createPolling,
  createStatusControllers,
  createSystem,
  createTransport,
  pollingConfigOf,
  resultOf,
  type ConnectionSnapshot,
} from '../../src/generation/index.js'
import { CallboardError } from '../../src/error.js'
import { delayMs } from '../../src/machine.js'
import { defaultConfig } from '../../src/config.js'
import { FakeBoard, ManualClock, settle } from '../../src/testing/index.js'
import { kit, moment, NOW } from './kit.js'

describe('results', () => {
  it.each([
    [1, 1, 1], [1.9, 1, 1], ['7', 7, 7], [1000, 1000, 200], [0.5, 10, 10], [0, 10, 10], [-3, 10, 10],
    [NaN, 10, 10], [Infinity, 10, 10], ['many', 10, 10], [undefined, 10, 10], [null, 10, 10],
  ])('S0.23 a limit of %s is told as %d and keeps %d', (wish, told, kept) => {
    const { store } = kit()
    store.results.setHistoryLimit(wish)
    store.results.setResults(Array.from({ length: 300 }, (_, id) => ({ id: `r${id}` })))
    expect([store.state.get().historyLimit, store.state.get().results.length]).toEqual([told, kept])
  })

  it('S0.23 a lower limit cuts at once, a higher one brings nothing back', () => {
    const { store } = kit()
    store.results.setResults(Array.from({ length: 10 }, (_, id) => ({ id: `r${id}` })))
    store.results.setHistoryLimit(2)
    store.results.setHistoryLimit(50)
    expect(store.state.get().recentResults.map(({ id }) => id)).toEqual(['r0', 'r1'])
  })

  it('S0.24 W0.8 puts one in front, of an id only one; 3 and "3" are the same', () => {
    const { store } = kit()
    for (const id of [3, 'a', '3']) store.results.addResult({ id })
    expect(store.state.get().results.map(({ id }) => id)).toEqual(['3', 'a'])
    store.results.setResults([{ id: 'x', n: 1 }, { id: 'y' }, { id: 'x', n: 2 }])
    expect(store.state.get().results.map(({ id, n }) => [id, n])).toEqual([['x', 1], ['y', undefined]])
    store.results.addResult({ id: 3 })
    store.results.removeResult('3')
    expect(store.state.get().results.length).toBe(2)
    expect(() => store.results.addResult({ id: {} })).toThrow('id')
    store.results.setHistoryLimit(99)
    store.results.resetResults()
    expect([store.state.get().results, store.state.get().historyLimit]).toEqual([[], 10])
  })

  it('S0.25 is made of a completion', () => {
    const now = Date.parse(NOW)
    const message = { job_id: 'j', prompt: 'p', negative_prompt: 'n', width: 1, height: 2, steps: 3, cfg_scale: 4, other: 5 }
    expect(resultOf({ ...message, images: ['i.png'], seed: 6 }, now)).toEqual({
      id: 'j', image_url: 'i.png', created_at: NOW, seed: 6, prompt: 'p', negative_prompt: 'n', width: 1, height: 2, steps: 3,
      cfg_scale: 4,
    })
    expect(resultOf({ job_id: 'j', result_id: 9, image_url: 'u', created_at: 'c' }, now)).toEqual({
      id: 9, image_url: 'u', created_at: 'c', seed: null,
    })
    expect(resultOf({ job_id: 'j' }, now)['image_url']).toBeNull()
  })

  it('S0.26 S0.36 keeps its fields and passes others through; bad entries are left out', () => {
    const { store, warned } = kit()
    store.results.setResults([{ id: 1, status: 'Succeeded', extra: [1] }, { noId: 1 }, 'x'])
    expect(store.state.get().results).toEqual([
      { id: 1, status: 'completed', extra: [1], created_at: NOW, negative_prompt: null, image_url: null, thumbnail_url: null,
        seed: null, finished_at: null, generation_info: null },
    ])
    expect(warned).toHaveLength(2)
  })
})

describe('system status', () => {
  it('S0.27 has its defaults', () => {
    expect(kit().store.state.get()).toMatchObject({
      systemStatus: { gpu_available: false, queue_length: 0, status: 'unknown', gpu_status: 'Unknown', memory_used: 0, memory_total: 0 },
      systemStatusReady: false, systemStatusLastUpdated: null, systemStatusApiAvailable: true, queueManagerActive: false,
      isConnected: false, pollIntervalMs: 10_000,
    })
  })

  it('S0.28 merges, and strips what is no status', () => {
    const system = createSystem(() => Date.parse(NOW))
    system.updateSystemStatus({ queue_length: 3 })
    system.applySystemStatusPayload({ status: 'ready', metrics: {}, message: 'm', type: 't', updated_at: 'u' })
    const { systemStatus, ...facts } = system.facts.get()
    expect(systemStatus).toEqual({
      gpu_available: false, queue_length: 3, status: 'ready', gpu_status: 'Unknown', memory_used: 0, memory_total: 0,
    })
    expect(facts).toMatchObject({ ready: true, apiAvailable: true, lastUpdated: 'u' })
    system.applySystemStatusPayload({ last_updated: 'l' })
    expect(system.facts.get().lastUpdated).toBe('l')
    system.applySystemStatusPayload({})
    expect(system.facts.get().lastUpdated).toBe(NOW)
    const before = system.facts.get()
    for (const none of [null, 7, [], 'x']) system.applySystemStatusPayload(none)
    expect(system.facts.get()).toBe(before)
    system.markUnavailable(new Date(0))
    expect(system.facts.get()).toMatchObject({ ready: true, apiAvailable: false, lastUpdated: '1970-01-01T00:00:00.000Z' })
    system.markHydrated()
    expect(system.facts.get()).toMatchObject({ ready: true, apiAvailable: true, lastUpdated: NOW })
    system.setConnectionState(true)
    system.setQueueManagerActive(true)
    system.resetConnection()
    expect(system.facts.get()).toMatchObject({ isConnected: false, queueManagerActive: false, ready: false })
  })

  it.each([[5000, 5000], [1.5, 1], ['300', 300], [0, 10_000], [-1, 10_000], ['x', 10_000], [undefined, 10_000]])(
    'S0.28 a poll interval of %s is %d', (wish, ms) => {
      const system = createSystem(() => 0)
      system.setPollInterval(wish)
      expect(system.facts.get().pollIntervalMs).toBe(ms)
    },
  )

  function controlled(load: () => Promise<unknown>): { clock: ManualClock; system: ReturnType<typeof createSystem>; acquire: (url?: string) => { controller: { refresh(): Promise<void>; ensureHydrated(): Promise<void> }; release(): void } } {
    const clock = new ManualClock()
    const system = createSystem(() => clock.now())
    const controllers = createStatusControllers({ system, clock, load })
    return { clock, system, acquire: (url = 'http://One.test/') => controllers.acquire(url) }
  }

  it('S0.29 asks for all of one server, from the first user to the last', async () => {
    const load = vi.fn(async () => ({ status: 'ready' }))
    const { clock, system, acquire } = controlled(load)
    const [one, two] = [acquire(), acquire('http://one.test')]
    expect(one.controller).toBe(two.controller)
    expect(acquire('http://other.test').controller).not.toBe(one.controller)
    await clock.advance(9_999)
    expect(load).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(load).toHaveBeenCalledTimes(2)
    one.release()
    one.release()
    await clock.advance(10_000)
    expect(load).toHaveBeenCalledTimes(4)
    two.release()
    await clock.advance(10_000)
    expect([load.mock.calls.length, system.facts.get().systemStatus.status]).toEqual([5, 'ready'])
  })

  it('S0.29 asks one question at a time, and only once until the first answer', async () => {
    let answer: (value: unknown) => void = () => {}
    const load = vi.fn(() => new Promise((resolve) => (answer = resolve)))
    const { acquire, system } = controlled(load)
    const { controller, release } = acquire()
    const all = [controller.refresh(), controller.ensureHydrated(), controller.refresh()]
    expect(load).toHaveBeenCalledTimes(1)
    answer(null)
    await Promise.all(all)
    expect(system.facts.get()).toMatchObject({ ready: true, apiAvailable: true })
    await controller.ensureHydrated()
    expect(load).toHaveBeenCalledTimes(1)
    release()
  })

  it('S0.29 a payload replaces, a failure is a status, and a 404 ends the asking', async () => {
    const answers: (() => Promise<unknown>)[] = []
    const load = vi.fn(() => (answers.shift() as () => Promise<unknown>)())
    const { clock, system, acquire } = controlled(load)
    const { controller } = acquire()
    answers.push(async () => ({ gpu_status: 'hot', n: 1 }), async () => ({ status: 'ready' }))
    await controller.refresh()
    await controller.refresh()
    expect(system.facts.get().systemStatus).toMatchObject({ status: 'ready', gpu_status: 'Unknown' })
    expect(system.facts.get().systemStatus).not.toHaveProperty('n')
    answers.push(() => Promise.reject(new Error('down')))
    await controller.refresh()
    expect(system.facts.get()).toMatchObject({ ready: true, apiAvailable: true, systemStatus: { status: 'error', gpu_status: 'Unknown' } })
    answers.push(() => Promise.reject(new CallboardError('not_found', 'none')))
    await controller.refresh()
    expect(system.facts.get()).toMatchObject({ ready: true, apiAvailable: false, systemStatus: { status: 'unknown' } })
    await controller.ensureHydrated()
    await clock.advance(60_000)
    expect([load.mock.calls.length, clock.pending]).toEqual([4, 0])
  })
})

describe('transport', () => {
  it.each([
    ['connect:start', 'connecting'], ['reconnect:scheduled', 'reconnecting'], ['connect:success', 'connected'],
    ['disconnect', 'disconnected'], ['error', 'disconnected'],
  ] as const)('S0.30 %s is %s, and paused while paused', (event, phase) => {
    const transport = createTransport(() => 0)
    expect(transport.metrics.get().phase).toBe('idle')
    transport.record(moment(event))
    expect(transport.metrics.get()).toMatchObject({ phase, lastEvent: event })
    transport.paused({ reasons: ['document-hidden'], timestamp: NOW })
    transport.record(moment(event))
    expect(transport.metrics.get().phase).toBe('paused')
  })

  it('S0.31 keeps times, sums downtime up where it ends, and keeps the last error over a success', () => {
    const transport = createTransport(() => 0)
    transport.record(moment('connect:success', { lastConnectedAt: 'c1' }))
    const fault = { message: 'gone', code: 1006, attempt: 2 }
    transport.record(moment('disconnect', { lastDisconnectedAt: 'd1', error: fault, downtimeMs: 5 }))
    transport.record(moment('reconnect:scheduled', { reconnectAttempt: 2, consecutiveFailures: 2, nextRetryDelayMs: 6000, downtimeMs: 9 }))
    expect(transport.metrics.get()).toMatchObject({
      reconnectAttempt: 2, consecutiveFailures: 2, nextRetryDelayMs: 6000, lastConnectedAt: 'c1', lastDisconnectedAt: 'd1',
      downtimeMs: 9, totalDowntimeMs: 0,
    })
    const success = moment('connect:success', { downtimeMs: 30, error: { message: 'not this' } })
    transport.record(success)
    transport.record(moment('connect:success', { downtimeMs: 12 }))
    transport.record(moment('connect:success'))
    expect(transport.metrics.get()).toMatchObject({
      totalDowntimeMs: 42, downtimeMs: null, reconnectAttempt: 0, consecutiveFailures: 0, nextRetryDelayMs: null,
      lastError: { source: 'websocket', context: 'disconnect', message: 'gone', statusCode: 1006, attempt: 2, url: success.url, timestamp: NOW, details: fault },
    })
    expect(Object.isFrozen(transport.lastSnapshot.get()) && Object.isFrozen(transport.metrics.get().lastError?.details)).toBe(true)
    expect(transport.lastSnapshot.get()).not.toBe(success)
  })

  it('S0.32 S0.37 has its initial values, to which a reset returns; an error without words is Unknown', () => {
    const transport = createTransport(() => Date.parse(NOW))
    const initial = transport.metrics.get()
    expect(initial).toEqual({
      phase: 'idle', reconnectAttempt: 0, consecutiveFailures: 0, nextRetryDelayMs: null, lastConnectedAt: null,
      lastDisconnectedAt: null, downtimeMs: null, totalDowntimeMs: 0, lastError: null, lastEvent: null, paused: false,
      pauseReasons: [], pauseSince: null, lastPauseEvent: null, lastResumeEvent: null,
    })
    for (const error of [undefined, {}, '', new Error('')]) transport.recordError(error, 'x')
    expect(transport.metrics.get().lastError).toEqual({ source: 'http', context: 'x', message: 'Unknown error', timestamp: NOW, details: null })
    transport.recordError(new CallboardError('forbidden', 'no'), 'y', { jobId: 'j' })
    expect(transport.metrics.get().lastError).toMatchObject({ message: 'no', statusCode: 'forbidden', details: { jobId: 'j' } })
    transport.record(moment('error', { error: { message: '' } }))
    expect(transport.metrics.get().lastError?.message).toBe('Unknown error')
    transport.resetMetrics()
    expect([transport.metrics.get(), transport.lastSnapshot.get()]).toEqual([initial, null])
  })

  it('S0.34 the delays of the original, as a configuration of ours', () => {
    const config = { ...defaultConfig.ws, reconnectMinMs: 3000, reconnectMaxMs: 24_000, reconnectFactor: 2, reconnectJitter: 0 }
    const delays = [0, 1, 2, 3, 4, 5].map((failures) => delayMs({ failures, config, random: () => 0.5 }))
    expect(delays).toEqual([3000, 6000, 12_000, 24_000, 24_000, 24_000])
  })

  it('S0.34 W0.6 tells a client in true moments: no old number in a success', async () => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock, state: { jobs: {} as Record<string, Job> } as never })
    const client = createClient({ url: 'http://b.test', clock, random: () => 0.5, WebSocket: board.network.WebSocket })
    const moments: ConnectionSnapshot[] = []
    connectionOf(client, 'ws://b.test/ws', () => clock.now(), (one) => moments.push(one))
    client.connect()
    await clock.advance(100)
    expect(moments.map(({ event, connected }) => [event, connected])).toEqual([['connect:start', false], ['connect:success', true]])
    board.isUp = false
    board.drop()
    await clock.advance(4_000)
    board.isUp = true
    moments.length = 0
    await clock.advance(60_000)
    const success = moments.find(({ event }) => event === 'connect:success')
    expect(success).toMatchObject({ connected: true, reconnectAttempt: 0, consecutiveFailures: 0, nextRetryDelayMs: null, error: null })
    expect(success?.downtimeMs).toBeGreaterThan(4_000)
    moments.length = 0
    board.drop()
    await settle()
    expect(moments.map(({ event }) => event)).toEqual(['disconnect', 'reconnect:scheduled'])
    expect(moments[1]).toMatchObject({ nextRetryDelayMs: 500, error: null })
    expect(moments[0]?.error).toMatchObject({ code: 'closed_1006' })
  })
})

describe('polling', () => {
  it('S0.35 asks while it is needed; a failure is told and it goes on; another interval restarts it', async () => {
    const clock = new ManualClock()
    const [tick, onError] = [vi.fn(async () => {}), vi.fn()]
    let isNeeded = true
    const polling = createPolling({ clock, intervalMs: 2000, isNeeded: () => isNeeded, tick, onError })
    polling.setInterval(1000)
    polling.start()
    polling.start()
    await clock.advance(3000)
    expect(tick).toHaveBeenCalledTimes(3)
    isNeeded = false
    await clock.advance(3000)
    expect(tick).toHaveBeenCalledTimes(3)
    isNeeded = true
    tick.mockRejectedValueOnce(new Error('down'))
    await clock.advance(2000)
    expect([tick.mock.calls.length, onError.mock.calls.length]).toEqual([5, 1])
    await clock.advance(999)
    polling.setInterval(5000)
    await clock.advance(4999)
    expect(tick).toHaveBeenCalledTimes(5)
    await clock.advance(1)
    expect(tick).toHaveBeenCalledTimes(6)
    polling.stop()
    expect([clock.pending, polling.isRunning]).toEqual([0, false])
  })

  it('S0.35 what the user says goes first, then the server; only positive whole numbers count', () => {
    expect(pollingConfigOf()).toEqual({ queueMs: 2000, websocketRetryMs: 3000, systemStatusMs: 10_000 })
    expect(pollingConfigOf({ queueMs: 1, websocketRetryMs: -1, systemStatusMs: '5' }, { queueMs: 2, websocketRetryMs: 7, systemStatusMs: 1.5 })).toEqual({
      queueMs: 1, websocketRetryMs: 7, systemStatusMs: 10_000,
    })
  })
})
