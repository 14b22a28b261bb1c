/** The number on a tab. */
import type { JobState } from '@callboard/client'
import { type StateTab, isTerminal } from '../../lib/states'

/** Finished jobs that the mirror keeps; older ones are in the server's store. */
export const HISTORY_LIMIT = 200

interface Counts {
  count(states: readonly JobState[]): number
}

/** Whether the mirror has as many finished jobs as it keeps: only then can there be more than the table shows. */
export function isHistoryFull(jobs: Counts): boolean {
  return jobs.count(['succeeded', 'failed', 'cancelled']) >= HISTORY_LIMIT
}

/**
 * Counts the jobs of the mirror, as the table lists them. Only when more have finished than it keeps, the server's totals
 * take over for finished states, so that the number does not stand still.
 */
export function tabCount(tab: StateTab, jobs: Counts, summary: unknown): number {
  if (!isHistoryFull(jobs)) return jobs.count(tab.states)
  return tab.states.reduce((sum, state) => {
    const here = jobs.count([state])
    return sum + (isTerminal(state) ? Math.max(here, total(summary, state)) : here)
  }, 0)
}

function total(summary: unknown, state: JobState): number {
  if (typeof summary !== 'object' || summary === null) return 0
  const value = (summary as Record<string, unknown>)[state]
  return typeof value === 'number' ? value : 0
}
