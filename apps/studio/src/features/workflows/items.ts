/** The items of a step with a list: their jobs, and how each of them is. Pure. */
import type { Job } from '@callboard/client'
import type { StepRun, Workflow } from '@callboard/client/protocol'
import { jobOf, type StepView } from '@callboard/client/workflow'
import { isTerminal, type RunState } from '../../lib/states'

/** One item. */
export interface StepItem {
  readonly item: number
  readonly state: RunState
  /** 0..1. */
  readonly value: number
  /** Its job, if it is one of this round: of what a later round kept the record says nothing. */
  readonly jobId?: string
  /** What went wrong. */
  readonly code?: string
}

/** One item of a step; `job` finds a job of the live state. */
export function itemOf(workflow: Workflow, { id, run }: StepView, item: number, job: (id: string) => Job | undefined): StepItem {
  const isKept = run.again !== undefined && !run.again.includes(item)
  if (isKept) return { item, state: 'succeeded', value: 1 }
  const jobId = jobOf(workflow.id, id, run, item)
  const code = run.itemErrors?.[`i${item}`]
  if (code !== undefined) return { item, state: code === 'cancelled' ? 'cancelled' : 'failed', value: 1, jobId, code }
  const live = job(jobId)
  if (live !== undefined) return { item, state: live.state, value: isTerminal(live.state) ? 1 : (live.progress?.value ?? 0), jobId }
  if (isDispatched(run, item)) return { item, state: 'succeeded', value: 1, jobId }
  const isOpen = run.state === 'running' || run.state === 'waiting'
  return { item, state: isOpen ? 'waiting' : 'cancelled', value: 0 }
}

/** Jobs are dispatched in the order of the items; those that a round kept count as dispatched. */
function isDispatched({ again, items = 0, jobs = 0 }: StepRun, item: number): boolean {
  return again === undefined ? item < jobs : again.indexOf(item) < jobs - (items - again.length)
}
