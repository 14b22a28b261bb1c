/** Workflows: started, followed step by step, awaited, cancelled, run again from the step that failed, deleted. */
import { CallboardError } from '../error.js'
import { createIds } from '../ids.js'
import { isOver, settled } from '../jobs.js'
import { nothing, readable } from '../store.js'
import type {
  Accepted,
  CommandName,
  JsonValue,
  Recipe,
  StepRun,
  StepState,
  Workflow,
  WorkflowArgs,
} from '../protocol/index.js'
import type { Client, Off, ReadableStore } from '../types.js'

const newId = createIds(Date.now)

/** How far a step is. `value` is 0..1: of a list how many items have ended, of one job its progress. */
export interface StepView {
  readonly id: string
  readonly state: StepState
  readonly value: number
  /** The job that does it, unless it is a list: for its log, its record, its own cancel. */
  readonly jobId?: string
  readonly run: StepRun
}

export interface RunOptions {
  /** A name of your own; it must be new on the board. */
  readonly id?: string | undefined
  /** What templates find under `input`. */
  readonly input?: { readonly [key: string]: JsonValue } | undefined
  /** Cancels the workflow. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A workflow that was asked for. Awaiting it gives its record once it has succeeded; it rejects with `job_failed` or
 * `cancelled` (`details` is the error of the step), or with the reason why it was not accepted. Dropping it cancels nothing.
 */
export interface WorkflowHandle extends PromiseLike<Workflow> {
  readonly id: string
  readonly store: ReadableStore<Workflow | undefined>
  /** Settles when the server has it, durably. */
  readonly accepted: Promise<Accepted>
  /** Calls `f` with all steps in the order of the recipe, now and whenever one of them is further. */
  steps(f: (steps: readonly StepView[]) => void): Off
  /** Stops its jobs and undoes what was done. */
  cancel(reason?: string): Promise<void>
  /**
   * Runs it again from the steps that did not succeed, and from these, with all that need them; await the handle that comes back
   * for the next end. One that has succeeded runs again from named steps only (`conflict`).
   */
  retry(...from: string[]): WorkflowHandle
  /** Takes it out of the state when it has ended; its jobs stay. */
  delete(): Promise<void>
}

/** Starts a workflow. `invalid_args` lists everything that is wrong with the recipe in `details.problems`. */
export function runWorkflow(client: Client, recipe: Recipe, options: RunOptions = {}): WorkflowHandle {
  const { id = newId(), input, signal } = options
  const args: WorkflowArgs = { id, recipe, ...(input && { input: input as JsonValue }) }
  const handle = handleOf(client, id, send(client, 'workflows.start', args as unknown as JsonValue))
  const abort = (): void => void handle.cancel('aborted').catch(nothing)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return handle
}

/** A handle to a workflow that is there. */
export function workflow(client: Client, id: string): WorkflowHandle {
  return handleOf(client, id, Promise.resolve({ version: 0 }))
}

/** All workflows of the live state, the newest first. The same array until one of them changes. */
export function workflows(client: Client): ReadableStore<readonly Workflow[]> {
  let from: unknown
  let shown: readonly Workflow[] = Object.freeze([])
  const get = (): readonly Workflow[] => {
    const now = client.state.get()?.['workflows']
    if (now === from) return shown
    from = now
    const all = Object.values((now ?? {}) as unknown as Record<string, Workflow>)
    shown = Object.freeze(all.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id)))
    return shown
  }
  return selected(client, get)
}

/** One workflow's record. */
export function workflowStore(client: Client, id: string): ReadableStore<Workflow | undefined> {
  return selected(client, () => record(client, id))
}

/** The name of a step's job; `item` for a step with a list. Items that a later round kept are of an earlier round. */
export function jobOf(workflow: string, step: string, run?: StepRun, item?: number): string {
  return `${workflow}:${step}${run?.round ? `.${run.round}` : ''}${item === undefined ? '' : `:${item}`}`
}

/** All steps in the order of the recipe, with how far each is. */
export function stepsOf(client: Client, { id: name, recipe, steps }: Workflow): readonly StepView[] {
  return recipe.steps.map(({ id, forEach }) => {
    const run: StepRun = steps[id] ?? { state: 'waiting' }
    const jobId = forEach === undefined && run.jobs ? jobOf(name, id, run) : undefined
    return { id, state: run.state, value: valueOf(client, run, jobId), run, ...(jobId && { jobId }) }
  })
}

function valueOf(client: Client, { state, items, succeeded = 0, failed = 0 }: StepRun, jobId?: string): number {
  if (state === 'waiting') return 0
  if (state !== 'running') return 1
  if (items) return (succeeded + failed) / items
  return (jobId && client.jobs.get(jobId)?.progress?.value) || 0
}

function record(client: Client, id: string): Workflow | undefined {
  const all = client.state.get()?.['workflows'] as unknown as Record<string, Workflow> | undefined
  return all && Object.hasOwn(all, id) ? all[id] : undefined
}

/** A part of the state, whose listeners hear of it only when it changed. */
function selected<T>(client: Client, get: () => T): ReadableStore<T> {
  return readable(get, (f) => {
    let last = get()
    return client.state.listen(() => {
      const next = get()
      if (next !== last) f((last = next))
    })
  })
}

/** A key of its own lets a command wait for a connection, and be carried out once. */
function send(client: Client, name: CommandName, args: JsonValue): Promise<Accepted> {
  return client.command(name, args, { key: `${name}:${newId()}` })
}

function handleOf(client: Client, id: string, accepted: Promise<Accepted>): WorkflowHandle {
  const store = workflowStore(client, id)
  const result = outcome(client, store, accepted)
  // Whoever does not await the handle does not want to hear of its failure; the record shows it.
  result.catch(nothing)
  const ask = async (name: CommandName, more: object = {}): Promise<Accepted> => {
    await accepted
    return send(client, name, { id, ...more })
  }
  return {
    id,
    store,
    accepted,
    steps: (f) => follow(client, store, f),
    cancel: async (reason) => void (await ask('workflows.cancel', reason === undefined ? {} : { reason })),
    retry: (...from) => handleOf(client, id, ask('workflows.retry', from.length === 0 ? {} : { from })),
    delete: async () => void (await ask('workflows.delete')),
    then: (done, failed) => result.then(done, failed),
  }
}

function follow(client: Client, store: ReadableStore<Workflow | undefined>, f: (steps: readonly StepView[]) => void): Off {
  let last = ''
  const look = (): void => {
    const workflow = store.get()
    if (!workflow) return
    const steps = stepsOf(client, workflow)
    const now = JSON.stringify(steps.map(({ state, value, run }) => [state, value, run.jobs, run.round]))
    if (now !== last) f(Object.freeze(steps))
    last = now
  }
  look()
  const offs = [
    store.listen(look),
    client.jobs.listen((changed) => {
      const workflow = store.get()
      if (workflow && stepsOf(client, workflow).some(({ jobId }) => jobId && changed.has(jobId))) look()
    }),
  ]
  return () => {
    for (const off of offs) off()
  }
}

/** The record once it has succeeded. */
function outcome(client: Client, store: ReadableStore<Workflow | undefined>, accepted: Promise<Accepted>): Promise<Workflow> {
  return settled(client, store, accepted, (isReached, resolve, reject) => {
    // Before that it may be the end of an earlier round.
    if (!isReached) return
    const workflow = store.get()
    if (!workflow) reject(new CallboardError('not_found', 'the workflow is not in the live state'))
    else if (workflow.state === 'succeeded') resolve(workflow)
    else if (isOver(workflow)) reject(failure(workflow))
  })
}

function failure({ state, error, cancel }: Workflow): CallboardError {
  const message = error ? `step "${error.step}": ${error.message}` : (cancel?.reason ?? 'it was cancelled')
  const details = error as unknown as JsonValue | undefined
  return new CallboardError(state === 'cancelled' ? 'cancelled' : 'job_failed', message, { details })
}
