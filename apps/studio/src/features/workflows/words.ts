/** Workflows and their steps in words. */
import type { StepRun, Workflow } from '@callboard/client/protocol'
import { formatDuration, plural } from '../../lib/format'

/** Whether it can go on from where it failed. */
export function canRetry({ state }: Workflow): boolean {
  return state === 'failed' || state === 'cancelled'
}

/** How many steps have ended, of how many. */
export function stepsDone({ steps }: Workflow): string {
  const runs = Object.values(steps)
  const over = runs.filter(({ state }) => state !== 'waiting' && state !== 'running')
  return `${over.length} of ${plural(runs.length, 'step')}`
}

/** How long it took, or has taken by `now`, since it was begun or run again. */
export function took(workflow: Workflow, now: number): string {
  const begun = Date.parse(workflow.retriedAt ?? workflow.createdAt)
  const end = workflow.finishedAt === undefined ? now : Date.parse(workflow.finishedAt)
  return formatDuration(Math.max(0, end - begun))
}

/** What there is to say of a step beside its state. */
export function stepFacts(run: StepRun, now: number): string[] {
  const facts: string[] = []
  if (run.items !== undefined) {
    facts.push(`${run.succeeded ?? 0} of ${plural(run.items, 'item')}`)
    if (run.failed) facts.push(`${run.failed} failed`)
  }
  if (run.startedAt !== undefined) {
    const end = run.finishedAt === undefined ? now : Date.parse(run.finishedAt)
    facts.push(formatDuration(Math.max(0, end - Date.parse(run.startedAt))))
  }
  if (run.round) facts.push(`round ${run.round}`)
  return facts
}
