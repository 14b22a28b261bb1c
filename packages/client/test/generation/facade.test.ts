/** Every selector and every single action of the generation store, one by one (the table of seed 0). */
import { describe, expect, it } from 'vitest'
import { createGenerationManager, createGenerationStore, type GenerationState } from '../../src/generation/index.js'
import { ManualClock } from '../../src/testing/index.js'
import { fakeBackend, going, ids, kit, moment, NOW } from './kit.js'

const LATER = '2023-11-14T22:13:25.000Z'

describe('selectors', () => {
  it('S0.12 S0.15 S0.16 of the queue, each a view of the same list', () => {
    const { store } = kit()
    store.queue.setJobs([
      { uiId: 'u', backendId: 'b', status: 'queued' },
      { uiId: 'v', backendId: 'c', status: 'running' },
      { uiId: 'w', backendId: 'd', status: 'completed' },
    ])
    const { jobs, queue, activeJobs, sortedActiveJobs, hasActiveJobs, jobsByUiId, jobsByBackendId } = store.state.get()
    expect([queue, activeJobs]).toEqual([jobs, jobs])
    expect(sortedActiveJobs.map(({ uiId }) => uiId)).toEqual(['v', 'u', 'w'])
    expect([hasActiveJobs, jobsByUiId['u'], jobsByBackendId['b'], jobsByUiId['b']]).toEqual([true, jobs[0], jobs[0], undefined])
  })

  it('S0.30-S0.32 of the transport, each the figure of its metrics', () => {
    const { store } = kit()
    const facts = { reconnectAttempt: 2, consecutiveFailures: 3, nextRetryDelayMs: 1800, lastDisconnectedAt: NOW }
    const error = { message: 'gone', code: 1006, wasClean: false }
    store.transport.record(moment('reconnect:scheduled', { ...facts, error }))
    expect(store.state.get()).toMatchObject({
      transportPhase: 'reconnecting',
      transportReconnectAttempt: 2,
      transportConsecutiveFailures: 3,
      transportNextRetryDelayMs: 1800,
      transportLastConnectedAt: null,
      transportLastDisconnectedAt: NOW,
      transportDowntimeMs: null,
      transportTotalDowntimeMs: 0,
      transportLastError: { source: 'websocket', message: 'gone', statusCode: 1006 },
      transportLastSnapshot: { error: { wasClean: false } },
    })
    store.transport.record(moment('connect:success', { lastConnectedAt: LATER, downtimeMs: 5000 }))
    store.transport.record(moment('disconnect', { downtimeMs: 7 }))
    const shown = store.state.get()
    expect(shown).toMatchObject({ transportLastConnectedAt: LATER, transportDowntimeMs: 7, transportTotalDowntimeMs: 5000 })
    expect([shown.transportMetrics.downtimeMs, shown.transportLastError?.message]).toEqual([7, 'gone'])
  })

  it('S0.27 S0.47 at first', () => {
    const expected: Partial<GenerationState> = {
      isActive: false, isConnected: false, queueManagerActive: false, pollIntervalMs: 10_000, historyLimit: 10, hasActiveJobs: false,
      systemStatusReady: false, systemStatusLastUpdated: null, systemStatusApiAvailable: true,
      pendingActionsCount: 0, lastActionAt: null, lastCommandError: null, transportLastSnapshot: null,
    }
    expect(createGenerationStore().state.get()).toMatchObject(expected)
  })
})

describe('single actions', () => {
  it('S0.22 load one thing and nothing else', async () => {
    const { store, backend } = await going()
    backend.calls.length = 0
    backend.loadStatus.mockResolvedValue({ status: 'busy', queue_length: 9 })
    await store.loadSystemStatusData()
    expect(store.state.get().systemStatus).toMatchObject({ status: 'busy', queue_length: 9 })
    backend.loadJobs.mockResolvedValue([{ id: 'a' }])
    await store.loadActiveJobsData()
    expect([ids(store), backend.loadResults.mock.calls.length]).toEqual([['a'], 1])
  })

  it('S0.14 W0.4 a completion is a result, a failed one and an error are words', async () => {
    const { store, told } = await going()
    store.queue.setJobs(['a', 'b', 'c'].map((id) => ({ id })))
    expect(store.handleCompletionMessage({ job_id: 'a', result_id: 'r', images: ['x.png'] })).toMatchObject({ id: 'r', image_url: 'x.png' })
    expect(store.handleCompletionMessage({ job_id: 'b', status: 'failed' })).toBeUndefined()
    store.handleErrorMessage({ job_id: 'c', error: 'no room' })
    store.handleErrorMessage({ job_id: 'gone' })
    expect([ids(store), store.state.get().results.map(({ id }) => id)]).toEqual([[], ['r']])
    expect(told).toEqual([
      ['Generation completed successfully', 'success'],
      ['Generation failed: failed', 'error'],
      ['Generation failed: no room', 'error'],
      ['Generation failed: Unknown error', 'error'],
    ])
  })

  it('S0.39 resetState forgets what is shown, and leaves the connection alone', async () => {
    const { store, backend } = await going()
    store.queue.enqueueJob({ id: 'a' })
    store.results.addResult({ id: 'r' })
    store.transport.record(moment('connect:success'))
    store.resetState()
    expect(store.state.get()).toMatchObject({ jobs: [], results: [], transportPhase: 'idle', systemStatusReady: false, isActive: true })
    expect(backend.sink).toBeDefined()
  })

  it('S0.28 resetSystemStatus takes back the status; whether it is connected stays', async () => {
    const { store } = await going()
    store.system.setConnectionState(true)
    store.system.resetSystemStatus()
    expect(store.state.get()).toMatchObject({ systemStatus: { status: 'unknown' }, systemStatusReady: false, isConnected: true })
  })
})

describe('the manager of the store', () => {
  it('S0.41 keeps it for the linger after the last one', async () => {
    const clock = new ManualClock()
    const backend = fakeBackend()
    const manager = createGenerationManager({ url: backend.url, backend: () => backend, lingerMs: 1000, clock })
    const lease = manager.acquire()
    await lease.ready()
    lease.release()
    await clock.advance(999)
    expect(lease.value.state.get().isActive).toBe(true)
    await clock.advance(1)
    expect([lease.value.state.get().isActive, manager.value.get()]).toEqual([false, undefined])
  })
})
