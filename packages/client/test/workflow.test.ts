import { describe, expect, it } from 'vitest'
import type { JsonValue, StepRun, Workflow } from '../src/protocol/index.js'
import { createTestBoard, settle, type TestBoard } from '../src/testing/index.js'
import { jobOf, runWorkflow, stepsOf, workflow, workflows, type StepView } from '../src/workflow/index.js'

const recipe: Workflow['recipe'] = {
  name: 'two',
  steps: [
    { id: 'each', kind: 'echo', forEach: [1, 2] },
    { id: 'end', kind: 'echo', needs: ['each'] },
  ],
}

function record(id: string, over: Partial<Workflow> = {}): Workflow {
  const steps = { each: { state: 'waiting' }, end: { state: 'waiting' } } as Record<string, StepRun>
  return { id, name: 'two', state: 'running', recipe, input: {}, steps, createdAt: '2026-11-21T09:00:00.000Z', createdBy: 't', ...over } as Workflow
}

/** A board that starts workflows at once, and what it was told. */
async function board(): Promise<TestBoard & { told: [string, JsonValue][]; put(workflow: Workflow): void }> {
  const told: [string, JsonValue][] = []
  const made = await createTestBoard({ state: { jobs: {}, results: {}, workflows: {} } })
  const put = (workflow: Workflow): void => {
    made.board.commit({ op: 'add', path: `/workflows/${workflow.id}`, value: workflow as unknown as JsonValue })
  }
  for (const name of ['workflows.start', 'workflows.cancel', 'workflows.retry', 'workflows.delete']) {
    made.board.commands.set(name, (args) => {
      told.push([name, args])
      const { id } = args as { id: string }
      if (name === 'workflows.start') put(record(id))
      if (name === 'workflows.retry') put(record(id, { retries: 1 }))
      return { id }
    })
  }
  return { ...made, told, put }
}

const failed: Partial<Workflow> = { state: 'failed', error: { step: 'end', code: 'boom', message: 'no' } }

describe('a workflow', () => {
  it('is started once, followed step by step, and gives its record', async () => {
    const { client, tick, told, put } = await board()
    const handle = runWorkflow(client, recipe, { id: 'w', input: { a: 1 } })
    const seen: string[] = []
    handle.steps((steps) => seen.push(steps.map(({ id, state, value }) => `${id} ${state} ${value}`).join(', ')))
    await tick()
    expect(told).toEqual([['workflows.start', { id: 'w', recipe, input: { a: 1 } }]])
    const each: StepRun = { state: 'running', jobs: 2, items: 2, succeeded: 1 }
    put(record('w', { steps: { each, end: { state: 'waiting' } } }))
    put(record('w', { steps: { each, end: { state: 'waiting' } }, input: { same: true } }))
    await tick()
    const steps: Record<string, StepRun> = { each: { ...each, state: 'succeeded' }, end: { state: 'running', jobs: 1 } }
    put(record('w', { steps }))
    await tick()
    expect(seen).toEqual(['each waiting 0, end waiting 0', 'each running 0.5, end waiting 0', 'each succeeded 1, end running 0'])
    put(record('w', { state: 'succeeded', steps }))
    await tick()
    expect((await handle).state).toBe('succeeded')
  })

  it('shows the progress of a job as that of its step', async () => {
    const { client, board: fake, tick, put } = await board()
    put(record('w', { steps: { each: { state: 'succeeded' }, end: { state: 'running', jobs: 1, round: 2 } } }))
    await tick()
    const seen: StepView[] = []
    const off = workflow(client, 'w').steps((steps) => seen.push(steps[1] as StepView))
    expect(seen[0]).toMatchObject({ jobId: 'w:end.2', value: 0 })
    fake.putJob({ id: 'w:end.2', state: 'running', progress: { value: 0.4 } })
    fake.putJob({ id: 'other' })
    await tick()
    expect(seen.map(({ value }) => value)).toEqual([0, 0.4])
    off()
    fake.putJob({ id: 'w:end.2', progress: { value: 0.5 } })
    await tick()
    expect(seen.length).toBe(2)
  })

  it('that fails rejects with the step, and a retry is awaited anew', async () => {
    const { client, tick, put, told } = await board()
    const handle = runWorkflow(client, recipe, { id: 'w' })
    await tick()
    put(record('w', failed))
    await tick()
    await expect(handle).rejects.toMatchObject({ code: 'job_failed', message: 'step "end": no', details: { code: 'boom' } })
    const again = handle.retry()
    let isOver = false
    again.then(() => (isOver = true), () => (isOver = true))
    await tick()
    await settle()
    expect([told.at(-1)?.[0], isOver]).toEqual(['workflows.retry', false])
    put(record('w', { state: 'cancelled', cancel: { requestedAt: '', by: 't', cause: 'user', reason: 'enough' } as never }))
    await tick()
    await expect(again).rejects.toMatchObject({ code: 'cancelled', message: 'enough' })
    again.retry('begin', 'end')
    await tick()
    await settle()
    expect(told.at(-1)).toEqual(['workflows.retry', { id: 'w', from: ['begin', 'end'] }])
    await Promise.all([again.delete(), tick()])
    expect(told.at(-1)).toEqual(['workflows.delete', { id: 'w' }])
  })

  it('is cancelled by its signal, and a refusal is the outcome', async () => {
    const { client, tick, told, board: fake } = await board()
    const stop = new AbortController()
    runWorkflow(client, recipe, { id: 'w', signal: stop.signal })
    await tick()
    stop.abort()
    await tick()
    expect(told.at(-1)).toEqual(['workflows.cancel', { id: 'w', reason: 'aborted' }])
    fake.commands.set('workflows.start', () => {
      throw { code: 'invalid_args', message: 'recipe: steps: there is none', details: { problems: [] } }
    })
    const wrong = runWorkflow(client, { name: 'n', steps: [] })
    await tick()
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_args', details: { problems: [] } })
  })

  it('that is not there, is deleted meanwhile, or is looked at by a client that ends, rejects', async () => {
    const { client, board: fake, tick, put } = await board()
    await expect(workflow(client, '__proto__')).rejects.toMatchObject({ code: 'not_found' })
    put(record('w'))
    put(record('x'))
    await tick()
    const handle = workflow(client, 'w')
    const other = workflow(client, 'x')
    fake.commit({ op: 'remove', path: '/workflows/w' })
    await tick()
    await expect(handle).rejects.toMatchObject({ code: 'not_found' })
    client.close()
    await expect(other).rejects.toMatchObject({ code: 'closed' })
  })

  it('all of them are listed, the newest first, and shared while nothing changes', async () => {
    const { client, tick, put } = await board()
    const list = workflows(client)
    const heard: number[] = []
    list.listen((all) => heard.push(all.length))
    put(record('a'))
    put(record('b', { createdAt: '2026-11-21T10:00:00.000Z' }))
    await tick()
    expect(list.get().map(({ id }) => id)).toEqual(['b', 'a'])
    expect(list.get()).toBe(list.get())
    expect(heard.at(-1)).toBe(2)
  })

  it('names the jobs of its steps', () => {
    expect(jobOf('w', 'a')).toBe('w:a')
    expect(jobOf('w', 'a', { state: 'running', round: 3 }, 0)).toBe('w:a.3:0')
    expect(stepsOf({} as never, record('w')).map(({ value }) => value)).toEqual([0, 0])
  })
})
