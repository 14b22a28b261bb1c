/** The generation store's life, actions and manager (S0.18-S0.22, S0.33, S0.38-S0.49), and a Callboard behind it. */
import { describe, expect, it, vi } from 'vitest'
import { createClient } from '../../src/index.js'
import { CallboardError } from '../../src/error.js'
import { callboardBackend, createCancelGuard, createGenerationManager, createGenerationStore } from '../../src/generation/index.js'
import { createStore } from '../../src/store.js'
import { FakeBoard, ManualClock, settle } from '../../src/testing/index.js'
import { job } from '../rig.js'
import { fakeBackend, going, ids, kit, moment, NOW, type FakeBackend } from './kit.js'

describe('life', () => {
  it('S0.40 reading starts nothing; actions need a backend', async () => {
    const { store, clock } = kit()
    store.state.subscribe(() => {})
    expect([Object.keys(store.state.get()).length > 30, clock.pending]).toEqual([true, 0])
    const message = 'Generation transport has not been initialized'
    await expect(store.startGeneration({})).rejects.toThrow(message)
    await expect(store.refreshAllData()).rejects.toThrow(message)
    expect(() => store.reconnect()).toThrow(message)
  })

  it('S0.38 asks for everything, polls, then listens; once', async () => {
    const { store, backend, clock } = kit()
    backend.loadJobs.mockResolvedValue([{ id: 'a', status: 'running' }])
    await Promise.all([store.initialize({ backend, historyLimit: 3 }), store.initialize({ backend })])
    expect(backend.calls).toEqual(['loadStatus', 'loadResults', 'connect'])
    expect(backend.loadJobs).toHaveBeenCalledTimes(1)
    expect(backend.loadResults).toHaveBeenCalledWith(3)
    expect(store.state.get()).toMatchObject({ isActive: true, queueManagerActive: true, historyLimit: 3, systemStatusReady: true })
    await clock.advance(10_000)
    expect(backend.loadJobs).toHaveBeenCalledTimes(2)
  })

  it('S0.38 a failure leaves nothing behind, and can be tried again', async () => {
    const { store, backend, clock } = kit()
    backend.loadJobs.mockRejectedValueOnce(new Error('down'))
    await expect(store.initialize({ backend })).rejects.toThrow('down')
    expect([store.state.get().isActive, store.state.get().queueManagerActive, clock.pending]).toEqual([false, false, 0])
    await store.initialize({ backend })
    expect(store.state.get().isActive).toBe(true)
  })

  it('S0.39 cleanup keeps the data, destroy does not', async () => {
    const { store, backend, clock } = await going()
    store.queue.enqueueJob({ id: 'a' })
    store.results.addResult({ id: 'r' })
    backend.sink?.connection(moment('connect:success'))
    expect(store.state.get()).toMatchObject({ isConnected: true, transportPhase: 'connected' })
    store.cleanup()
    expect(store.state.get()).toMatchObject({ isActive: false, isConnected: false, transportPhase: 'idle', transportLastSnapshot: null })
    expect([ids(store), store.state.get().results.length, store.state.get().systemStatus.status, clock.pending]).toEqual([['a'], 1, 'ready', 0])
    store.destroy()
    expect(store.state.get()).toMatchObject({ jobs: [], results: [], systemStatusReady: false, systemStatus: { status: 'unknown' } })
  })

  it('S0.33 rests and goes on; a failure leaves it resting, and tries are shared', async () => {
    const { store, backend, clock } = await going()
    backend.calls.length = 0
    await store.resume()
    expect(store.state.get().transportMetrics).toMatchObject({ paused: false, lastResumeEvent: { timestamp: NOW } })
    store.pause(['document-hidden'])
    expect(store.state.get().transportMetrics).toMatchObject({ phase: 'paused', pauseReasons: ['document-hidden'], pauseSince: NOW })
    expect(backend.calls).toEqual(['disconnect'])
    backend.loadStatus.mockResolvedValue(null)
    backend.loadResults.mockRejectedValueOnce(new Error('down'))
    await clock.advance(5)
    await expect(store.resume()).rejects.toThrow('down')
    expect(store.state.get().transportMetrics).toMatchObject({ paused: true, phase: 'paused', pauseSince: NOW })
    backend.calls.length = 0
    await Promise.all([store.resume(), store.resume()])
    expect(backend.calls.filter((call) => call === 'connect')).toHaveLength(1)
    expect(store.state.get().transportMetrics).toMatchObject({ paused: false, phase: 'connecting', pauseReasons: [] })
    backend.disconnect.mockImplementationOnce(() => {
      throw new Error('stuck')
    })
    store.pause(['network-offline'])
    expect(store.state.get().transportLastError).toMatchObject({ context: 'pause', message: 'stuck' })
  })

  it('S0.35 a failing poll is recorded, and it goes on', async () => {
    const { store, backend, clock } = await going()
    store.queue.enqueueJob({ id: 'a', status: 'running' })
    store.setPollInterval(2000)
    backend.loadJobs.mockRejectedValueOnce(new Error('down'))
    await clock.advance(2000)
    expect(store.state.get().transportLastError).toMatchObject({ source: 'http', context: 'pollActiveJobs', message: 'down' })
    await clock.advance(2000)
    expect(ids(store)).toEqual([])
    const before = backend.loadJobs.mock.calls.length
    await clock.advance(20_000)
    expect(backend.loadJobs.mock.calls.length).toBe(before)
  })
})

describe('actions', () => {
  it('S0.18 a start is listed under the name that the server gives; without one it is not', async () => {
    const { store, backend } = await going()
    const payload = { prompt: 'p', width: 1, height: 2, steps: 3, cfg_scale: 4, seed: 5, other: 6 }
    expect(await store.startGeneration(payload)).toEqual({ job_id: 'b1', status: 'queued' })
    expect(store.state.get().jobs).toMatchObject([
      { uiId: 'b1', backendId: 'b1', status: 'queued', progress: 0, created_at: NOW, prompt: 'p', total_steps: 3, seed: 5 },
    ])
    expect(store.state.get().jobs[0]).not.toHaveProperty('other')
    backend.start.mockResolvedValueOnce({} as never)
    await store.startGeneration({})
    expect(ids(store)).toEqual(['b1'])
  })

  it('S0.19 a cancel is asked for first; a failure leaves the job, is recorded, told and thrown', async () => {
    const { store, backend, told } = await going()
    store.queue.setJobs([{ uiId: 'u', backendId: 'b' }, { id: 'c' }])
    backend.cancel.mockRejectedValueOnce(new CallboardError('conflict', 'too late'))
    await expect(store.cancelJob('u')).rejects.toThrow('too late')
    expect([ids(store), told]).toEqual([['u', 'c'], [['Failed to cancel generation', 'error']]])
    expect(store.state.get().transportLastError).toMatchObject({ context: 'cancelJob', message: 'too late', details: { jobId: 'u' } })
    const done = store.cancelJob('u')
    expect(ids(store)).toEqual(['u', 'c'])
    await done
    await store.cancelJob('stranger')
    expect(backend.cancel.mock.calls).toEqual([['b'], ['b'], ['stranger']])
    expect([ids(store), told[1]]).toEqual([['c'], ['Generation cancelled', 'success']])
  })

  it('S0.20 clears what can be cancelled; what fails stays, and nothing asks for nothing', async () => {
    const { store, backend } = await going()
    await store.clearQueue()
    expect(backend.cancel).not.toHaveBeenCalled()
    store.queue.setJobs([{ id: 'a', status: 'queued' }, { id: 'b', status: 'running' }, { id: 'c', status: 'completed' }])
    backend.cancel.mockImplementation(async (id) => {
      if (id === 'a') throw new Error('no')
    })
    await store.clearQueue()
    expect([ids(store), backend.cancel.mock.calls.flat()]).toEqual([['a', 'c'], ['a', 'b']])
  })

  it('S0.21 deletes at the server first', async () => {
    const { store, backend, told } = await going()
    store.results.setResults([{ id: 1 }, { id: 2 }])
    backend.deleteResult.mockRejectedValueOnce(new Error('no'))
    await expect(store.deleteResult(1)).rejects.toThrow('no')
    expect([store.state.get().results.length, told]).toEqual([2, [['Failed to delete result', 'error']]])
    await store.deleteResult(1)
    expect(store.state.get().results.map(({ id }) => id)).toEqual([2])
  })

  it('S0.22 says how a refresh went only when asked; another address reconnects first', async () => {
    const { store, backend, told } = await going()
    await store.loadRecentResults()
    await store.loadRecentResults(true)
    backend.loadResults.mockRejectedValue(new Error('down'))
    await expect(store.loadRecentResults(true)).rejects.toThrow('down')
    await expect(store.refreshAllData()).rejects.toThrow('down')
    expect(told).toEqual([['Results refreshed', 'success'], ['Failed to refresh results', 'error']])
    backend.calls.length = 0
    backend.loadResults.mockResolvedValue([])
    await store.handleBackendUrlChange()
    expect(backend.calls[0]).toBe('reconnect')
  })

  it('S0.47 counts what is under way, and remembers what went wrong until something goes right', async () => {
    const { store, backend, clock } = await going()
    let answer = (): void => {}
    backend.cancel.mockImplementationOnce(() => new Promise((resolve) => (answer = () => resolve(undefined))))
    await clock.advance(1000)
    const done = store.cancelJob('a')
    expect(store.state.get()).toMatchObject({ pendingActionsCount: 1, lastActionAt: '2023-11-14T22:13:21.000Z' })
    answer()
    await done
    backend.cancel.mockRejectedValueOnce('just words')
    await expect(store.cancelJob('a')).rejects.toThrow('Generation orchestrator command failed')
    expect(store.state.get()).toMatchObject({ pendingActionsCount: 0, lastCommandError: { cause: 'just words' } })
    await store.cancelJob('a')
    expect(store.state.get().lastCommandError).toBeNull()
    await expect(store.cancelJob('  ')).rejects.toThrow('Job identifier is required')
    await expect(store.cancelKnownJob('nobody')).rejects.toThrow('Job not found for UI id: nobody')
    await store.cancelKnownJob('backend-7')
    expect(backend.cancel.mock.lastCall).toEqual(['backend-7'])
    await store.setHistoryLimit(30)
    expect(backend.loadResults.mock.lastCall).toEqual([30])
  })

  it('S0.49 cancels one at a time', async () => {
    const { store, backend } = await going()
    const notify = vi.fn()
    const guard = createCancelGuard(store, notify)
    store.queue.setJobs([{ id: 'a' }, { id: 'b' }])
    const first = guard.cancel('a')
    expect([guard.isCancelling.get(), await guard.cancel('b'), await first, guard.isCancelling.get()]).toEqual([true, false, true, false])
    expect([await guard.cancel('a'), notify.mock.calls]).toEqual([false, [['Job not found', 'error']]])
    backend.cancel.mockRejectedValueOnce(new Error('no'))
    expect([await guard.cancel('b'), guard.isCancelling.get()]).toEqual([false, false])
  })
})

describe('manager', () => {
  it('S0.41-S0.45 one store for all: one start, told to all, one refetch for a longer history, another address', async () => {
    const clock = new ManualClock()
    const url = createStore('http://one.test')
    const backends: FakeBackend[] = []
    const backend = (address: string): FakeBackend => {
      backends.push(fakeBackend(address))
      return backends.at(-1) as FakeBackend
    }
    const manager = createGenerationManager({ url, backend, clock })
    const heard: string[] = []
    const [one, two] = [1, 2].map((name) => manager.acquire({ notify: (message, type) => heard.push(`${name} ${type} ${message}`) }))
    await Promise.all([one?.ready(), two?.ready()])
    const store = one?.value
    expect([two?.value === store, backends.length, backends[0]?.loadResults.mock.calls]).toEqual([true, 1, [[10]]])
    await store?.cancelJob('x')
    expect(heard).toEqual(['1 success Generation cancelled', '2 success Generation cancelled'])
    one?.showHistory(true)
    two?.showHistory(true)
    await settle()
    expect(backends[0]?.loadResults.mock.calls).toEqual([[10], [50]])
    store?.queue.enqueueJob({ id: 'a' })
    url.set('http://two.test')
    await settle()
    expect([backends.map((one) => one.url), backends[0]?.sink, store?.state.get().isActive]).toEqual([
      ['http://one.test', 'http://two.test'],
      undefined,
      true,
    ])
    one?.release()
    two?.release()
    await settle()
    expect([manager.value.get(), store?.state.get().isActive, clock.pending]).toEqual([undefined, false, 0])
  })
})

describe('a Callboard behind it', () => {
  async function boarded(): Promise<{ board: FakeBoard; clock: ManualClock; store: ReturnType<typeof createGenerationStore> }> {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock, state: { meta: { status: 'ready' }, jobs: {}, results: {} } })
    const client = createClient({ url: 'http://b.test', clock, random: () => 0.5, WebSocket: board.network.WebSocket })
    board.commands.set('jobs.dispatch', (args) => {
      const { id, kind, args: payload } = args as { id: string; kind: string; args: never }
      board.commit({ op: 'add', path: `/jobs/${id}`, value: job(id, { kind, args: payload, title: 'a picture' }) as never })
      return { id }
    })
    board.commands.set('jobs.cancel', (args) => {
      board.commit({ op: 'replace', path: `/jobs/${(args as { id: string }).id}/state`, value: 'cancelled' })
      return {}
    })
    const store = createGenerationStore({ clock })
    await store.initialize({ backend: callboardBackend(client, { kind: 'image.generate', url: 'http://b.test', now: () => clock.now() }) })
    await clock.advance(100)
    return { board, clock, store }
  }

  it('X6 W0.1 W0.3 starts, shows progress, and makes a result of what succeeded; the connection is told', async () => {
    const { board, clock, store } = await boarded()
    expect(store.state.get()).toMatchObject({ isConnected: true, transportPhase: 'connected', systemStatus: { status: 'ready' } })
    const started = store.startGeneration({ prompt: 'a cat', width: 64, steps: 20 })
    expect(store.state.get().jobs).toMatchObject([{ status: 'queued', prompt: 'a cat', optimistic: true }])
    const uiId = store.state.get().jobs[0]?.uiId
    await clock.advance(100)
    expect((await started).job_id).toBe(uiId)
    expect(store.state.get().jobs).toMatchObject([{ uiId, prompt: 'a cat', width: 64, optimistic: false }])
    board.commit(
      { op: 'replace', path: `/jobs/${uiId}/state`, value: 'running' },
      { op: 'add', path: `/jobs/${uiId}/progress`, value: { value: 0.255, step: 5, steps: 20, message: 'drawing' } },
    )
    await clock.advance(10)
    expect(store.state.get().sortedActiveJobs).toMatchObject([
      { status: 'processing', progress: 26, current_step: 5, total_steps: 20, message: 'drawing' },
    ])
    const artifacts = [{ name: 'i.png', sha256: 'abc', size: 1, mime: 'image/png' }]
    const result = { id: uiId, kind: 'image.generate', title: 'a picture', createdAt: NOW, result: { seed: 7 }, artifacts }
    board.commit(
      { op: 'replace', path: `/jobs/${uiId}/state`, value: 'succeeded' },
      { op: 'add', path: `/results/${uiId}`, value: result as never },
    )
    await clock.advance(10)
    expect(store.state.get()).toMatchObject({
      jobs: [],
      hasActiveJobs: false,
      results: [{ id: uiId, status: 'completed', seed: 7, image_url: 'api/artifacts/abc' }],
    })
  })

  it('W0.4 X4 a cancelled job stays as what it is until it is cleared, and jobs of other kinds are not shown', async () => {
    const { board, clock, store } = await boarded()
    board.commit(
      { op: 'add', path: '/jobs/a', value: job('a', { kind: 'image.generate', state: 'running' }) as never },
      { op: 'add', path: '/jobs/b', value: job('b', { kind: 'echo' }) as never },
    )
    await clock.advance(10)
    expect(ids(store)).toEqual(['a'])
    board.commit({ op: 'replace', path: '/jobs/a/state', value: 'cancelled' })
    await clock.advance(10)
    expect(store.state.get().jobs).toMatchObject([{ status: 'failed', state: 'cancelled' }])
    expect(store.state.get().hasActiveJobs).toBe(false)
  })

  it('W0.3 finds what happened while it was away', async () => {
    const { board, clock, store } = await boarded()
    board.commit({ op: 'add', path: '/jobs/a', value: job('a', { kind: 'image.generate', state: 'running' }) as never })
    await clock.advance(10)
    board.drop()
    board.commit({ op: 'remove', path: '/jobs/a' }, { op: 'add', path: '/results/a', value: { id: 'a', kind: 'image.generate', title: 't', createdAt: NOW } })
    expect(store.state.get()).toMatchObject({ isConnected: false, transportPhase: 'reconnecting' })
    expect(ids(store)).toEqual(['a'])
    await clock.advance(10_000)
    expect(store.state.get()).toMatchObject({ isConnected: true, jobs: [], results: [{ id: 'a' }] })
  })
})
