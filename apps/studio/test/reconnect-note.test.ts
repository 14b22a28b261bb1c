import type { Job } from '@callboard/client'
import { describe, expect, it } from 'vitest'
import { type BoardFacts, describeReturn, isRecovering, jobFacts } from '../src/board/reconnect-note'
import { job } from './kit'

const facts = (jobs: readonly Job[], part: Partial<BoardFacts> = {}): BoardFacts => ({
  epoch: 'e1',
  boots: 1,
  jobs: jobFacts(jobs, new Map(jobs.map((each) => [each.id, true]))),
  ...part,
})

describe('describeReturn', () => {
  it('a short drop', () => {
    expect(describeReturn(facts([job(1)]), facts([job(1)]))).toBe('Reconnected. Nothing was missed.')
  })

  it('jobs that finished meanwhile', () => {
    const before = facts([job(1), job(2), job(3)])
    const after = facts([job(1, { state: 'succeeded' }), job(2, { state: 'failed' }), job(3)])
    expect(describeReturn(before, after)).toBe('Reconnected. 2 jobs finished meanwhile.')
  })

  it('a restart with one interrupted job', () => {
    const after = facts([job(1, { attempt: 2 })], { boots: 2 })
    expect(describeReturn(facts([job(1)]), after)).toBe(
      'Reconnected. The server restarted; 1 job runs again as attempt 2.',
    )
  })

  it('a restart with several, some of them waiting', () => {
    const before = facts([job(1), job(2, { attempt: 3 }), job(3)])
    const after = facts([job(1, { attempt: 2 }), job(2, { attempt: 4 }), job(3, { state: 'queued' })], { boots: 2 })
    expect(describeReturn(before, after)).toBe(
      'Reconnected. The server restarted; 2 jobs run again as new attempts, 1 job waits to run again.',
    )
  })

  it('a restart of an idle board', () => {
    const before = facts([job(1, { state: 'queued', attempt: 0 })])
    expect(describeReturn(before, facts([job(1, { state: 'queued', attempt: 0 })], { boots: 2 }))).toBe(
      'Reconnected. The server restarted; no running job was interrupted.',
    )
  })

  it('another history', () => {
    expect(describeReturn(facts([job(1)]), facts([], { epoch: 'e2', boots: 1 }))).toContain('new history')
  })
})

describe('isRecovering', () => {
  it('holds while an interrupted job has not started again', () => {
    const before = facts([job(1)])
    expect(isRecovering(before, facts([job(1, { state: 'queued' })], { boots: 2 }))).toBe(true)
    expect(isRecovering(before, facts([job(1, { attempt: 2 })], { boots: 2 }))).toBe(false)
    expect(isRecovering(before, facts([job(1, { state: 'queued' })]))).toBe(false)
  })
})
