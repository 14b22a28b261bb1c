/** The states of a job as they are shown: always a sign, a word and a colour, never a colour alone. */
import type { JobState } from '@callboard/client'
import type { StepState, WorkflowState } from '@callboard/client/protocol'

/** The colour token of a state (`--running`, …). */
export type Tone = 'queued' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled'

/** A state of anything that runs: a job, a step of a workflow, a workflow. */
export type RunState = JobState | StepState | WorkflowState

/** How a state looks. */
export interface StateLook {
  readonly word: string
  readonly tone: Tone
}

/** Total over the states: a new one does not compile until it has a look. */
export const STATE_LOOK: Readonly<Record<RunState, StateLook>> = {
  pending: { word: 'pending', tone: 'queued' },
  scheduled: { word: 'scheduled', tone: 'queued' },
  queued: { word: 'queued', tone: 'queued' },
  running: { word: 'running', tone: 'running' },
  retrying: { word: 'retrying', tone: 'retrying' },
  succeeded: { word: 'succeeded', tone: 'succeeded' },
  failed: { word: 'failed', tone: 'failed' },
  cancelled: { word: 'cancelled', tone: 'cancelled' },
  waiting: { word: 'waiting', tone: 'queued' },
  stopping: { word: 'stopping', tone: 'retrying' },
  compensating: { word: 'undoing', tone: 'retrying' },
  skipped: { word: 'skipped', tone: 'queued' },
}

/** Whether nothing more happens by itself. */
export function isTerminal(state: JobState | WorkflowState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}

/** A tab of the board: one word for one or more states. */
export interface StateTab {
  readonly name: string
  readonly label: string
  readonly states: readonly JobState[]
}

/** The tabs in their order; `all` selects everything. */
export const STATE_TABS: readonly StateTab[] = [
  {
    name: 'all',
    label: 'All',
    states: ['pending', 'scheduled', 'queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled'],
  },
  { name: 'queued', label: 'Queued', states: ['pending', 'scheduled', 'queued'] },
  { name: 'running', label: 'Running', states: ['running'] },
  { name: 'retrying', label: 'Retrying', states: ['retrying'] },
  { name: 'succeeded', label: 'Succeeded', states: ['succeeded'] },
  { name: 'failed', label: 'Failed', states: ['failed'] },
  { name: 'cancelled', label: 'Cancelled', states: ['cancelled'] },
]

/** The tab with this name, or `all`. */
export function stateTab(name: unknown): StateTab {
  const all = STATE_TABS[0]
  if (all === undefined) throw new Error('the tabs are a constant and never empty')
  return STATE_TABS.find((tab) => tab.name === name) ?? all
}
