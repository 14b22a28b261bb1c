import { CallboardError, type Accepted, type Client, type JsonValue } from '@callboard/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JobActions, allows } from '../src/board/actions'
import { Toasts } from '../src/board/toasts'
import { job } from './kit'

type Answer = (name: string, args: JsonValue) => Promise<Accepted>

function setup(answer: Answer) {
  const asked: [string, JsonValue][] = []
  const client = {
    command: (name: string, args: JsonValue) => {
      asked.push([name, args])
      return answer(name, args)
    },
  } as unknown as Client
  const toasts = new Toasts()
  return { actions: new JobActions(client, toasts), toasts, asked }
}

const accept: Answer = () => Promise.resolve({ version: 7 })
const refuse: Answer = () => Promise.reject(new CallboardError('conflict', 'the job is finished'))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('JobActions', () => {
  it('shows a cancel at once, and until its effect must have arrived', async () => {
    const { actions, asked } = setup(accept)
    const running = job(1)
    const done = actions.run('cancel', running.id)
    expect(actions.isCancelling(running)).toBe(true)
    expect(await done).toBe(true)
    expect(actions.isCancelling(running), 'the patch is on its way').toBe(true)
    vi.runAllTimers()
    expect(actions.isCancelling(running)).toBe(false)
    expect(asked).toEqual([['jobs.cancel', { id: 'job-1' }]])
  })

  it('takes a refused cancel back and says why, in the words of the server', async () => {
    const { actions, toasts } = setup(refuse)
    expect(await actions.run('cancel', 'job-1')).toBe(false)
    expect(actions.isCancelling(job(1))).toBe(false)
    expect(toasts.shown.map(({ tone, text }) => [tone, text])).toEqual([
      ['error', 'The job was not cancelled: the job is finished'],
    ])
  })

  it('is not cancelling any more when the job is finished', async () => {
    const { actions } = setup(accept)
    await actions.run('cancel', 'job-1')
    expect(actions.isCancelling(job(1, { state: 'cancelled' }))).toBe(false)
  })

  it('reports the refusals of many in one note', async () => {
    const { actions, toasts, asked } = setup((name, args) =>
      JSON.stringify(args).includes('job-1') ? refuse(name, args) : accept(name, args),
    )
    await actions.runAll('retry', ['job-1', 'job-2', 'job-10'])
    expect(asked.length).toBe(3)
    expect(toasts.shown.map(({ text }) => text)).toEqual(['2 jobs of 3 not retried: the job is finished'])
  })

  it('gives the id of a started job, or why it was refused', async () => {
    const started = setup(() => Promise.resolve({ version: 1, result: { id: 'new' } }))
    expect(await started.actions.dispatch('echo', {})).toEqual({ ok: true, id: 'new' })
    expect(await setup(refuse).actions.dispatch('echo', {})).toEqual({ ok: false, why: 'the job is finished' })
  })
})

describe('allows', () => {
  it('cancels what is not finished and not stopping; retries and deletes what is finished', () => {
    const stopping = job(1, { cancel: { requestedAt: '', by: 'x' } })
    expect([allows('cancel', job(1)), allows('cancel', stopping), allows('retry', job(1))]).toEqual([true, false, false])
    const done = job(1, { state: 'succeeded' })
    expect([allows('cancel', done), allows('retry', done), allows('delete', done)]).toEqual([false, true, true])
  })
})

describe('Toasts', () => {
  it('shows at most three, and each for a while', () => {
    const toasts = new Toasts()
    for (const text of ['a', 'b', 'c', 'd']) toasts.add('note', text)
    expect(toasts.shown.map(({ text }) => text)).toEqual(['b', 'c', 'd'])
    toasts.dismiss(toasts.shown[0]?.id ?? 0)
    expect(toasts.shown.length).toBe(2)
    vi.runAllTimers()
    expect(toasts.shown).toEqual([])
  })
})
