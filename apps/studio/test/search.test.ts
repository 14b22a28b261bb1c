/** Results of all that is stored (design: ui 4.3): the same language as everywhere, asked once, read on page by page. */
import type { Client, Job } from '@callboard/client'
import { CallboardError } from '@callboard/client'
import { effectScope, nextTick, ref } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { resultQuery, resultsOf } from '../src/features/results/found'
import { useSearch } from '../src/features/results/use-search'
import { job } from './kit'

const done = (n: number, part: Partial<Job> = {}): Job => job(n, { state: 'succeeded', finishedAt: '2026-01-02T00:00:00.000Z', ...part })

describe('what is sought', () => {
  it('is what succeeded, and of it what the words mean', () => {
    expect(resultQuery('')).toBe('state:succeeded')
    expect(resultQuery(' kind:echo  lighthouse')).toBe(' kind:echo  lighthouse state:succeeded')
  })

  it('becomes entries of the gallery, as of the end of the job; who left nothing is not in it', () => {
    const file = { name: 'a.png', sha256: 'ab', size: 3, mime: 'image/png' }
    const found = resultsOf([
      done(1, { result: null }),
      done(2),
      done(3, { artifacts: [] }),
      done(4, { artifacts: [file] }),
      job(5, { state: 'failed', result: 1 }),
    ])
    const entry = (n: number) => ({ id: `job-${n}`, kind: 'sleep', title: `job number ${n}`, createdAt: '2026-01-02T00:00:00.000Z' })
    expect(found).toEqual([{ ...entry(1), result: null }, { ...entry(4), artifacts: [file] }])
  })
})

describe('a search', () => {
  interface Asked {
    readonly path: string
    readonly signal: AbortSignal
    answer(page: { jobs: Job[]; nextCursor: string | null }): void
    fail(error: Error): void
  }
  let asked: Asked[] = []
  const client = {
    http: (path: string, { signal }: { signal: AbortSignal }) =>
      new Promise((answer, fail) => {
        asked.push({ path, signal, answer, fail })
      }),
  } as unknown as Client
  const query = ref<string>()
  const scope = { run: effectScope() }
  const open = () => {
    scope.run = effectScope()
    const search = scope.run.run(() => useSearch(client, () => query.value))
    if (search === undefined) throw new Error('the scope is live')
    return search
  }
  const type = async (text: string | undefined) => {
    query.value = text
    await nextTick()
  }

  beforeEach(() => {
    vi.useFakeTimers()
    asked = []
    query.value = undefined
  })
  afterEach(() => {
    scope.run.stop()
    vi.useRealTimers()
  })

  it('asks once when the typing is over, and leaves what was found in place until then', async () => {
    const { phase } = open()
    expect(phase.value.name).toBe('off')
    await type('a')
    await vi.advanceTimersByTimeAsync(0)
    asked[0]?.answer({ jobs: [done(1)], nextCursor: null })
    await vi.advanceTimersByTimeAsync(0)
    for (const text of ['ab', 'abc']) await type(text)
    await vi.advanceTimersByTimeAsync(249)
    expect(phase.value).toMatchObject({ name: 'found', jobs: [{ id: 'job-1' }] })
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('q'))).toEqual(['a', 'abc'])
  })

  it('does not listen to an answer that comes too late', async () => {
    const { phase } = open()
    await type('a')
    await vi.advanceTimersByTimeAsync(0)
    await type('b')
    await vi.advanceTimersByTimeAsync(250)
    asked[1]?.answer({ jobs: [done(2)], nextCursor: null })
    asked[0]?.answer({ jobs: [done(1)], nextCursor: null })
    await vi.advanceTimersByTimeAsync(0)
    expect(phase.value).toMatchObject({ name: 'found', jobs: [{ id: 'job-2' }] })
    expect(asked[0]?.signal.aborted).toBe(true)
  })

  it('goes on where the page before ended, once at a time, and begins anew when told', async () => {
    query.value = 'a'
    const { phase, more, again } = open()
    await vi.advanceTimersByTimeAsync(0)
    asked[0]?.answer({ jobs: [done(1)], nextCursor: 'c1' })
    await vi.advanceTimersByTimeAsync(0)
    more()
    more()
    expect(asked.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('cursor'))).toEqual([null, 'c1'])
    asked[1]?.answer({ jobs: [done(2)], nextCursor: null })
    await vi.advanceTimersByTimeAsync(0)
    expect(phase.value).toMatchObject({ name: 'found', jobs: [{ id: 'job-1' }, { id: 'job-2' }], next: undefined })
    more()
    again()
    await vi.advanceTimersByTimeAsync(0)
    expect(asked.length).toBe(3)
    asked[2]?.answer({ jobs: [], nextCursor: null })
    await vi.advanceTimersByTimeAsync(0)
    expect(phase.value).toMatchObject({ name: 'found', jobs: [] })
  })

  it('says what is wrong in the words of the server, and nothing more when it is over', async () => {
    const { phase } = open()
    await type('state:x')
    await vi.advanceTimersByTimeAsync(0)
    asked[0]?.fail(new CallboardError('invalid_args', 'column 7: `x` is no state'))
    await vi.advanceTimersByTimeAsync(0)
    expect(phase.value).toEqual({ name: 'unclear', why: 'column 7: `x` is no state' })
    await type('y')
    expect(phase.value.name).toBe('searching')
    await type(undefined)
    expect(phase.value.name).toBe('off')
    scope.run.stop()
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked.length).toBe(1)
  })
})
