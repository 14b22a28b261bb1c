/** The queue of seed 0, with its tables. */
import { describe, expect, it } from 'vitest'
import { isJobCancellable, percentOf, statusOf } from '../../src/generation/index.js'
import { identitiesOf } from '../../src/generation/words.js'
import { going, ids, kit, NOW } from './kit.js'

describe('words', () => {
  it.each([
    [{ uiId: ' u ', backendId: 7 }, 'u', '7'],
    [{ id: 'i', jobId: 'j', uiId: 'u', backendId: 'b' }, 'u', 'b'],
    [{ uiId: null, id: 'i' }, 'i', 'i'],
    [{ uiId: '', id: 'i', jobId: 'j' }, 'j', 'j'],
    [{ id: 5 }, '5', '5'],
    [{ jobId: ' j ' }, 'j', 'j'],
    [{ backendId: 'b' }, 'b', 'b'],
    [{ id: {}, jobId: true, uiId: [] }, 'made', 'made'],
    [{}, 'made', 'made'],
  ])('S0.1 %j is %s for the page and %s for the server', (input, uiId, backendId) => {
    expect(identitiesOf(input, () => 'made')).toEqual({ uiId, backendId })
  })

  it('S0.1 makes a name of the time where there is none', () => {
    const { store } = kit()
    expect(store.queue.enqueueJob({}).uiId).toMatch(/^job-1700000000000-[0-9a-f]+$/)
  })

  it.each([
    ['pending', 'queued'],
    ['queued', 'queued'],
    ['processing', 'processing'],
    ['RUNNING', 'processing'],
    ['retrying', 'processing'],
    ['starting', 'processing'],
    ['completed', 'completed'],
    ['Succeeded', 'completed'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['scheduled', 'queued'],
    // X4 and W0.5: a word that is not known is not at work.
    ['', 'unknown'],
    [undefined, 'unknown'],
    ['exploded', 'unknown'],
    ['constructor', 'unknown'],
  ])('S0.3 %s is %s', (word, status) => expect(statusOf(word)).toBe(status))

  // The table of S0.4; X3: what a value means is declared by its producer, so 1 % stays 1 % and 1.2 is no guess.
  it.each([
    [0.005, 'fraction', 1],
    [0.25, 'fraction', 25],
    [0.999, 'fraction', 100],
    [1, 'fraction', 100],
    [1.2, 'percent', 1],
    [45.2, 'percent', 45],
    [99.6, 'percent', 100],
    [150, 'percent', 100],
    [-0.2, 'fraction', 0],
    [-15, 'percent', 0],
    [Infinity, 'percent', 100],
    [NaN, 'percent', 0],
    ['45', 'percent', 0],
    [1, 'percent', 1],
    [0.5, 'percent', 1],
    [0.285, 'fraction', 29],
  ] as const)('S0.4 X3 %s as a %s is %d %%', (value, unit, percent) => expect(percentOf(value, unit)).toBe(percent))
})

describe('queue', () => {
  it('S0.2 keeps its fields, passes others through, and refuses what is no object', () => {
    const { store } = kit()
    expect(store.queue.enqueueJob({ id: 'a', status: 'running', progress: 40, cfg_scale: '7', extra: { n: [1] } })).toEqual({
      id: 'a', jobId: 'a', uiId: 'a', backendId: 'a', status: 'processing', state: 'running', progress: 40, prompt: null,
      name: null, message: null, error: null, params: null, result: null, created_at: NOW, startTime: NOW,
      finished_at: null, current_step: null, total_steps: null, steps: null, width: null, height: null, cfg_scale: null,
      seed: null, extra: { n: [1] },
    })
    expect(store.queue.enqueueJob({ id: 'b', startTime: 's' })).toMatchObject({ startTime: 's', created_at: 's' })
    expect(store.queue.enqueueJob({ id: 'c', created_at: 'c' })).toMatchObject({ startTime: 'c', created_at: 'c' })
    for (const member of ['params', 'result']) {
      expect(() => store.queue.enqueueJob({ id: 'd', [member]: [1] })).toThrow(member)
      expect(() => store.queue.enqueueJob({ id: 'd', [member]: 'x' })).toThrow(member)
    }
  })

  it('S0.5 puts a job in the place of one with either identity, whole', () => {
    const { store } = kit()
    for (const id of ['a', 'b', 'c']) store.queue.enqueueJob({ uiId: id, backendId: `backend-${id}`, prompt: id })
    store.queue.enqueueJob({ uiId: 'b', backendId: 'other', status: 'queued' })
    expect(store.queue.jobs.get().map(({ uiId, backendId, prompt }) => [uiId, backendId, prompt])).toEqual([
      ['a', 'backend-a', 'a'],
      ['b', 'other', null],
      ['c', 'backend-c', 'c'],
    ])
    store.queue.enqueueJob({ uiId: 'new', backendId: 'backend-c' })
    expect(ids(store)).toEqual(['a', 'b', 'new'])
  })

  it('S0.6 S0.7 S0.36 takes lists in their order; no list is ignored, bad entries are left out with a warning', () => {
    const { store, warned } = kit()
    store.queue.setJobs([{ id: 'b' }, { id: 'a' }, { id: 'b' }])
    expect(ids(store)).toEqual(['b', 'a', 'b'])
    for (const none of [undefined, null, {}, 'x']) store.queue.ingestQueue(none)
    expect(ids(store)).toEqual(['b', 'a', 'b'])
    store.queue.ingestQueue([{ id: 'x' }, null, 7, { id: 'y', params: [] }, { id: 'z' }])
    expect([ids(store), warned.length]).toEqual([['x', 'z'], 3])
    expect(warned[2]).toMatch(/entry 3 .*params/)
  })

  it('S0.8 merges into either identity, and changes nobody', () => {
    const { store } = kit()
    store.queue.enqueueJob({ uiId: 'u', backendId: 'b', progress: 40, prompt: 'p', status: 'running' })
    store.queue.updateJob('b', { status: 'completed', uiId: 'x', backendId: 'y', id: 'z', jobId: 'w' })
    expect(store.queue.getJobByIdentifier('u')).toMatchObject({
      uiId: 'u', backendId: 'b', id: 'u', jobId: 'b', status: 'completed', progress: 40, prompt: 'p',
    })
    const before = store.queue.jobs.get()
    for (const id of ['', '  ', 'nobody', null, {}]) store.queue.updateJob(id, { status: 'failed' })
    expect(store.queue.jobs.get()).toBe(before)
  })

  it('S0.8 X3 does not read its own percentage as a fraction', () => {
    const { store } = kit({ unit: 'fraction' })
    store.queue.enqueueJob({ id: 'a', progress: 0.01 })
    store.queue.updateJob('a', { message: 'x' })
    expect(store.queue.jobs.get()[0]?.progress).toBe(1)
    store.queue.updateJob('a', { progress: 0.5 })
    expect(store.queue.jobs.get()[0]?.progress).toBe(50)
  })

  it('S0.9 removes all with the identity', () => {
    const { store } = kit()
    store.queue.setJobs([{ uiId: 'a', backendId: 'x' }, { uiId: 'x', backendId: 'b' }, { id: 'c' }])
    store.queue.removeJob(' ')
    store.queue.removeJob('x')
    expect(ids(store)).toEqual(['c'])
  })

  const every = [
    { id: 'q', status: 'queued' },
    { id: 'p', status: 'processing' },
    { id: 'c', status: 'completed' },
    { id: 'f', status: 'failed' },
    { id: 'k', status: 'cancelled' },
    { id: '?', status: 'exploded' },
  ]

  it('S0.10 S0.11 W0.5 drops what is over; only what waits or runs can be cancelled', () => {
    const { store } = kit()
    store.queue.setJobs(every)
    expect(store.queue.getCancellableJobs().map(({ id }) => id)).toEqual(['q', 'p'])
    expect(store.queue.jobs.get().map(isJobCancellable)).toEqual([true, true, false, false, false, false])
    store.queue.clearCompletedJobs()
    expect(ids(store)).toEqual(['q', 'p', '?'])
  })

  it('W0.4 tells a cancelled job from a failed one', () => {
    const { store } = kit()
    store.queue.setJobs(every)
    expect(store.queue.jobs.get().slice(3, 5).map(({ status, state }) => [status, state])).toEqual([
      ['failed', 'failed'],
      ['failed', 'cancelled'],
    ])
  })

  it('S0.12 finds by either identity; of duplicates the last', () => {
    const { store } = kit()
    store.queue.setJobs([
      { uiId: 'u', backendId: 'b', prompt: '1' },
      { uiId: 'u', backendId: 'b', prompt: '2' },
    ])
    const { jobsByUiId, jobsByBackendId } = store.state.get()
    expect([jobsByUiId['u']?.prompt, jobsByBackendId['b']?.prompt, jobsByUiId['__proto__']]).toEqual(['2', '2', undefined])
    expect([store.queue.getJobByIdentifier(' b ')?.uiId, store.queue.getJobByIdentifier('')]).toEqual(['u', undefined])
  })

  it('S0.13 takes progress by the name of the server, and makes known what is not', () => {
    const { store } = kit()
    store.queue.enqueueJob({ uiId: 'u', backendId: 'b', current_step: 3, total_steps: 9 })
    store.queue.handleProgressMessage({ job_id: ' b ', progress: 45.2, status: 'running' })
    expect(store.queue.jobs.get()[0]).toMatchObject({ status: 'processing', progress: 45, current_step: 3, total_steps: 9 })
    store.queue.handleProgressMessage({ job_id: 'b', progress: 50, status: 'running', current_step: 4, total_steps: 'x' as never })
    expect(store.queue.jobs.get()[0]).toMatchObject({ current_step: 4, total_steps: 9 })
    store.queue.handleProgressMessage({ job_id: ' ', progress: 1, status: 'running' })
    store.queue.handleProgressMessage({ job_id: 'new', progress: 2, status: 'running' })
    expect(store.queue.jobs.get().map(({ uiId, backendId }) => [uiId, backendId])).toEqual([['u', 'b'], ['new', 'new']])
  })

  it('S0.14 W0.4 done: out of the queue, then a result, then the word; failed: no result', async () => {
    const { store, backend, told } = await going()
    store.queue.setJobs([{ uiId: 'u', backendId: 'b' }, { id: 'c' }, { id: 'd' }, { id: 'e' }])
    const seen: unknown[] = []
    store.state.listen(({ jobs, results }) => seen.push([jobs.length, results.length]))
    backend.sink?.completion({ job_id: 'b', images: ['i.png'] })
    expect([seen, told]).toEqual([[[3, 0], [3, 1]], [['Generation completed successfully', 'success']]])
    backend.sink?.error({ job_id: 'c', error: 'no memory' })
    backend.sink?.error({ job_id: 'd', status: 'failed' })
    backend.sink?.error({ job_id: 'e' })
    backend.sink?.completion({ job_id: 'f', status: 'failed' })
    expect([ids(store), store.state.get().results.length, told.slice(1)]).toEqual([
      [],
      1,
      [
        ['Generation failed: no memory', 'error'],
        ['Generation failed: failed', 'error'],
        ['Generation failed: Unknown error', 'error'],
        ['Generation failed: failed', 'error'],
      ],
    ])
  })

  it('S0.15 X18 sorts what runs, waits, is done, failed; the newest first, the unreadable last, equals in their order', () => {
    const { store } = kit()
    const at = (day: number): string => `2026-01-0${day}T00:00:00Z`
    store.queue.setJobs([
      { id: 'f', status: 'failed', created_at: at(9) },
      { id: 'c', status: 'completed', created_at: at(9) },
      { id: 'q1', status: 'queued', created_at: at(1) },
      { id: 'q2', status: 'queued', created_at: at(2) },
      { id: 'x1', status: 'running', created_at: 'soon' },
      { id: 'p1', status: 'running', created_at: at(1) },
      { id: 'x2', status: 'running', created_at: 'later' },
      { id: 'p3', status: 'running', created_at: 'bad', startTime: at(3) },
      { id: '?', status: 'exploded', created_at: at(9) },
      { id: 'p2', status: 'running', created_at: at(1) },
    ])
    expect(store.state.get().sortedActiveJobs.map(({ id }) => id).join()).toBe('p3,p1,p2,x1,x2,q2,q1,c,f,?')
    expect(ids(store)[0]).toBe('f')
  })

  it('S0.16 W0.5 all jobs are listed; only what waits or runs keeps the polling going', () => {
    const { store } = kit()
    store.queue.setJobs(every.slice(2))
    expect([store.state.get().activeJobs.length, store.state.get().hasActiveJobs]).toEqual([4, false])
    store.queue.setJobs(every)
    expect(store.state.get().hasActiveJobs).toBe(true)
  })

  it('S0.17 S0.48 X17 a new value for each change, none for none; what was read stays, and is frozen to the bottom', () => {
    const { store } = kit()
    const input = { id: 'a', params: { deep: [{ n: 1 }] } }
    store.queue.enqueueJob(input)
    const before = store.state.get()
    expect(store.state.get()).toBe(before)
    expect(() => (before.jobs as unknown[]).push(1)).toThrow()
    expect(() => ((before.jobs[0]?.params?.['deep'] as { n: number }[])[0]!.n = 2)).toThrow()
    expect(() => ((before.jobsByUiId as Record<string, unknown>)['b'] = 1)).toThrow()
    store.queue.clearCompletedJobs()
    expect(store.state.get()).toBe(before)
    store.queue.enqueueJob({ id: 'b' })
    expect([before.jobs.length, store.state.get().jobs.length, before === store.state.get()]).toEqual([1, 2, false])
    expect(store.state.get().jobs[0]).toBe(before.jobs[0])
    input.params.deep.length = 0
    expect(before.jobs[0]?.params).toEqual({ deep: [{ n: 1 }] })
  })
})
