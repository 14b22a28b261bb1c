import type { Job } from '@callboard/client'
import type { StepRun, Workflow } from '@callboard/client/protocol'
import type { StepView } from '@callboard/client/workflow'
import { describe, expect, it } from 'vitest'
import { itemOf } from '../src/features/workflows/items'
import { job } from './kit'

const workflow = { id: 'w' } as Workflow

function items(run: StepRun, ...live: Job[]): string[] {
  const step: StepView = { id: 'split', state: run.state, value: 0, run }
  const find = (id: string): Job | undefined => live.find((one) => one.id === id)
  return Array.from({ length: run.items ?? 0 }, (_, at) => {
    const { state, value, jobId = '-', code = '' } = itemOf(workflow, step, at, find)
    return `${state} ${value} ${jobId} ${code}`.trim()
  })
}

describe('the items of a list', () => {
  it('are as their jobs; those whose job has left the live state succeeded, those without one wait', () => {
    const progress = { value: 0.5 } as Job['progress']
    const run: StepRun = { state: 'running', items: 4, jobs: 3, itemErrors: { i1: 'exit_code' } }
    expect(items(run, { ...job(1), id: 'w:split:2', ...(progress && { progress }) })).toEqual([
      'succeeded 1 w:split:0',
      'failed 1 w:split:1 exit_code',
      'running 0.5 w:split:2',
      'waiting 0 -',
    ])
  })

  it('that a later round keeps have no job of it', () => {
    const run: StepRun = { state: 'running', items: 3, jobs: 2, again: [1, 2], round: 2 }
    expect(items(run)).toEqual(['succeeded 1 -', 'succeeded 1 w:split.2:1', 'waiting 0 -'])
  })

  it('that were never dispatched are cancelled with their step', () => {
    expect(items({ state: 'cancelled', items: 2, jobs: 1, itemErrors: { i0: 'cancelled' } })).toEqual([
      'cancelled 1 w:split:0 cancelled',
      'cancelled 0 -',
    ])
  })
})
