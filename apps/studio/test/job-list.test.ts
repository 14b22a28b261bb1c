import type { Job } from '@callboard/client'
import { describe, expect, it } from 'vitest'
import { JobList, type JobFilter } from '../src/features/board/job-list'
import { tabCount } from '../src/features/board/tab-count'
import { stateTab } from '../src/lib/states'
import { job } from './kit'

const filterOf = (tab: string, text = ''): JobFilter => ({ states: stateTab(tab).states, text })

/** A mirror of jobs and a list over it. */
function board(jobs: readonly Job[], filter = filterOf('all')) {
  const mirror = new Map(jobs.map((each) => [each.id, each]))
  const list = new JobList(filter)
  list.reset(mirror.values(), filter)
  return {
    list,
    set: (...changed: Job[]) => {
      for (const each of changed) mirror.set(each.id, each)
      return list.apply(changed.map(({ id }) => id), (id) => mirror.get(id))
    },
    remove: (id: string) => {
      mirror.delete(id)
      return list.apply([id], () => undefined)
    },
  }
}

describe('JobList', () => {
  it('lists the newest first, whatever happens to them', () => {
    const { list, set } = board([job(1), job(3), job(2)])
    expect(list.order).toEqual(['job-3', 'job-2', 'job-1'])
    set(job(1, { state: 'succeeded' }), job(4))
    expect(list.order).toEqual(['job-4', 'job-3', 'job-2', 'job-1'])
  })

  it('costs nothing for progress: no change is reported and the array stays the same', () => {
    const { list, set } = board([job(1), job(2)])
    const { order } = list
    expect(set(job(1, { progress: { value: 0.5 } }))).toBe(false)
    expect(list.order).toBe(order)
  })

  it('is in the same order as if it were made anew, whatever comes, goes and is created again', () => {
    let seed = 7
    const below = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    const { list, set, remove } = board([], filterOf('running'))
    const jobs = new Map<string, Job>()
    for (let step = 0; step < 2000; step += 1) {
      const n = below(40)
      if (below(5) === 0) {
        remove(`job-${n}`)
        jobs.delete(`job-${n}`)
        continue
      }
      // Few times, so that many are created at the same one; sometimes another one for the same id.
      const createdAt = new Date(below(4) * 1000).toISOString()
      const one = job(n, { createdAt, state: below(10) < 7 ? 'running' : 'failed' })
      const two = job(n + 40, { createdAt, state: 'running' })
      for (const each of [one, two]) jobs.set(each.id, each)
      set(one, two)
      const anew = board([...jobs.values()], filterOf('running')).list
      expect(list.order, `step ${step}`).toEqual(anew.order)
      expect(list.count(['failed'])).toBe(anew.count(['failed']))
      expect(list.order.every((id) => list.has(id)) && list.has(one.id) === list.order.includes(one.id)).toBe(true)
    }
    expect(list.order.length).toBeGreaterThan(20)
  })

  it('filters by state, and counts also what it does not list', () => {
    const { list, set } = board([job(1), job(2, { state: 'failed' }), job(3, { state: 'scheduled' })], filterOf('running'))
    expect(list.order).toEqual(['job-1'])
    expect(list.count(['failed'])).toBe(1)
    expect(list.count(stateTab('queued').states)).toBe(1)
    expect(set(job(1, { state: 'failed' }))).toBe(true)
    expect(list.order).toEqual([])
    expect(list.count(['failed'])).toBe(2)
    expect(list.size).toBe(3)
  })

  it('filters by words of the id, the kind and the title', () => {
    const jobs = [job(1, { kind: 'image.generate', title: 'a Quiet fjord' }), job(2, { kind: 'sleep', title: 'quiet' })]
    expect(board(jobs, filterOf('all', 'quiet')).list.order).toEqual(['job-2', 'job-1'])
    expect(board(jobs, filterOf('all', ' IMAGE  quiet ')).list.order).toEqual(['job-1'])
    expect(board(jobs, filterOf('all', 'JOB-2')).list.order).toEqual(['job-2'])
    expect(board(jobs, filterOf('all', 'b-2')).list.order, 'too short for an id').toEqual([])
    expect(board(jobs, filterOf('all', 'loud')).list.order).toEqual([])
  })

  it('drops what was deleted', () => {
    const { list, remove } = board([job(1), job(2)])
    expect(remove('job-1')).toBe(true)
    expect(remove('job-1')).toBe(false)
    expect([list.order, list.size, list.count(['running'])]).toEqual([['job-2'], 1, 1])
  })
})

describe('tabCount', () => {
  it('counts what the table lists', () => {
    const { list } = board([job(1), job(2, { state: 'succeeded' })])
    expect(tabCount(stateTab('succeeded'), list, { succeeded: 7 })).toBe(1)
    expect(tabCount(stateTab('all'), list, {})).toBe(2)
  })

  it('takes the totals of the server once the mirror is full', () => {
    const finished = Array.from({ length: 200 }, (_, n) => job(n, { state: 'succeeded' }))
    const { list } = board([...finished, job(201)])
    expect(tabCount(stateTab('succeeded'), list, { succeeded: 5000 })).toBe(5000)
    expect(tabCount(stateTab('all'), list, { succeeded: 5000, running: 9 })).toBe(5001)
    expect(tabCount(stateTab('succeeded'), list, undefined)).toBe(200)
  })
})

describe('stateTab', () => {
  it('takes any query', () => {
    expect([undefined, 'x', ['failed'], 'failed'].map((name) => stateTab(name).name)).toEqual(['all', 'all', 'all', 'failed'])
  })
})
