import { describe, expect, it } from 'vitest'
import { createClient, type ServerFrame } from '../src/index.js'
import { FakeBoard, ManualClock, settle } from '../src/testing/index.js'
import { job, rig, snapshot } from './rig.js'

const ack = (id: string, over: object = {}): ServerFrame => ({
  type: 'ack',
  id,
  ok: true,
  epoch: 'e1',
  version: 7,
  ...over,
})

describe('command', () => {
  it('gives the version and the result of the ack', async () => {
    const { client, network, up, sent } = rig()
    await up()
    sent()
    const done = client.command('jobs.retry', { id: 'a' })
    const [frame] = sent() as { id: string; key: string }[]
    expect(frame).toMatchObject({
      type: 'cmd',
      name: 'jobs.retry',
      args: { id: 'a' },
      key: expect.stringMatching(/^[0-9a-f-]{36}:c1$/),
    })
    network.last.receive(ack('other'), ack('c1', { result: { id: 'a' }, dup: true }), ack('c1'))
    expect(await done).toEqual({ version: 7, result: { id: 'a' }, dup: true })
  })

  it('rejects with the code, the sentence and the facts of an error', async () => {
    const { client, network, up } = rig()
    await up()
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    const done = client.command('jobs.cancel', { id: 'x' })
    network.last.receive({
      type: 'error',
      re: 'c1',
      code: 'not_found',
      message: 'there is no job x',
      retryable: false,
      details: { id: 'x' },
    })
    await expect(done).rejects.toMatchObject({
      code: 'not_found',
      message: 'there is no job x',
      retryable: false,
      details: { id: 'x' },
    })
    expect(errors).toEqual([])
    network.last.receive({ type: 'error', code: 'rate_limited', message: 'slower', retryable: true })
    expect(errors).toEqual([{ code: 'rate_limited', message: 'slower' }])
  })

  it('fails with offline at once when not connected, unless a key is given', async () => {
    const { client, clock, network, greet } = rig()
    await expect(client.command('jobs.delete', { id: 'a' })).rejects.toMatchObject({ code: 'offline', retryable: true })
    const waiting = client.command('jobs.delete', { id: 'a' }, { key: 'mine' })
    client.connect()
    await clock.advance(0)
    network.last.accept()
    expect(network.last.take().map((frame) => frame.type)).toEqual(['hello'])
    await greet()
    expect(network.last.take()).toMatchObject([{ type: 'hello' }, { type: 'cmd', key: 'mine' }])
    network.last.receive(ack('c2'))
    expect(await waiting).toEqual({ version: 7 })
  })

  it('is sent again with the same key after a drop, and carried out once', async () => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock })
    let runs = 0
    board.commands.set('jobs.dispatch', () => ({ run: ++runs }))
    const client = createClient({ url: 'http://b', clock, WebSocket: board.network.WebSocket, random: () => 0 })
    client.connect()
    await clock.advance(100)
    const done = client.command('jobs.dispatch', { kind: 'echo' })
    await clock.advance(1)
    expect(runs).toBe(1)
    board.drop()
    await clock.advance(100)
    expect([await done, runs]).toEqual([{ version: 1, result: { run: 1 }, dup: true }, 1])
  })

  it('can be aborted, before and after it was sent', async () => {
    const { client, network, up, sent } = rig()
    await up()
    sent()
    await expect(client.command('jobs.delete', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(sent()).toEqual([])
    const controller = new AbortController()
    const done = client.command('jobs.delete', {}, { signal: controller.signal })
    controller.abort()
    await expect(done).rejects.toMatchObject({ code: 'cancelled' })
    network.last.receive(ack('c2'))
  })

  it('has a time limit that does not outlive what the server remembers (10 min)', async () => {
    const { client, clock, up } = rig()
    await up()
    const started = clock.now()
    const ends: Record<string, number> = {}
    const note = (name: string, options: { timeoutMs?: number; key?: string }): void => {
      client.command('jobs.delete', {}, options).catch(({ code, retryable }) => {
        expect([code, retryable]).toEqual(['timeout', true])
        ends[name] = clock.now() - started
      })
    }
    note('short', { timeoutMs: 100 })
    note('normal', {})
    note('long', { timeoutMs: 3_600_000 })
    note('keyed', { key: 'k' })
    await clock.advance(3_600_000)
    expect(ends).toEqual({ short: 100, normal: 30_000, long: 540_000, keyed: 540_000 })
  })

  it('keeps to the inflight limit of the server, and to its own', async () => {
    const { client, network, greet, sent } = rig()
    client.connect()
    await greet({ limits: { maxInflight: 2, maxMessageBytes: 200, maxSubs: 1 } })
    network.last.receive(snapshot({}))
    sent()
    const all = Array.from({ length: 1024 }, () =>
      client.command('jobs.delete', {}, { key: 'k' }).catch((error: Error) => error),
    )
    expect(sent().map((frame) => (frame as { id: string }).id)).toEqual(['c1', 'c2'])
    network.last.receive(ack('c1'))
    expect(sent().map((frame) => (frame as { id: string }).id)).toEqual(['c3'])
    await expect(client.command('jobs.delete', { text: 'ü'.repeat(80) })).rejects.toMatchObject({ code: 'too_large' })
    void client.command('jobs.delete', {}).catch(() => {})
    await expect(client.command('jobs.delete', {})).rejects.toMatchObject({ code: 'overloaded', retryable: true })
    client.close()
    expect(await all[5]).toMatchObject({ code: 'closed' })
  })
})

describe('start', () => {
  async function started(): Promise<
    ReturnType<typeof rig> & { handle: ReturnType<ReturnType<typeof rig>['client']['start']>; id: string }
  > {
    const it = rig()
    await it.up()
    it.sent()
    const handle = it.client.start('echo', { x: 1 }, { title: 'T', priority: 3 })
    return { ...it, handle, id: handle.id }
  }
  const change = (network: ReturnType<typeof rig>['network'], from: number, id: string, over: object): void => {
    network.last.receive({
      type: 'state.patch',
      epoch: 'e1',
      fromVersion: from,
      toVersion: from + 1,
      patch: [{ op: 'add', path: `/jobs/${id}`, value: job(id, over) as never }],
    })
  }

  it('asks for a job of its own id and gives its result', async () => {
    const { handle, id, network, sent } = await started()
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(sent()).toMatchObject([
      { name: 'jobs.dispatch', args: { id, kind: 'echo', args: { x: 1 }, title: 'T', priority: 3 } },
    ])
    const seen: number[] = []
    handle.progress(({ value }) => seen.push(value))
    network.last.receive(ack('c1', { version: 2, result: { id } }))
    change(network, 1, id, { state: 'running', progress: { value: 0.5 } })
    change(network, 2, id, { state: 'running', progress: { value: 1 } })
    change(network, 3, id, { state: 'succeeded', progress: { value: 1 }, result: { y: 2 } })
    expect(await handle).toEqual({ y: 2 })
    expect([await handle.accepted, handle.store.get()?.state, seen]).toEqual([
      { version: 2, result: { id } },
      'succeeded',
      [0.5, 1, 1],
    ])
  })

  it('rejects with the error of the job, and when it was cancelled', async () => {
    const { handle, id, network } = await started()
    change(network, 1, id, { state: 'failed', error: { code: 'exit_code', message: 'exit 3', exitCode: 3 } })
    await expect(handle).rejects.toMatchObject({ code: 'job_failed', message: 'exit 3', details: { exitCode: 3 } })
    const other = await started()
    change(other.network, 1, other.id, { state: 'cancelled', cancel: { requestedAt: '', by: 'me', reason: 'enough' } })
    await expect(other.handle).rejects.toMatchObject({ code: 'cancelled', message: 'enough' })
  })

  it('rejects when the job is not accepted, or the client is closed; nobody has to listen', async () => {
    const { handle, network } = await started()
    network.last.receive({ type: 'error', re: 'c1', code: 'unknown_kind', message: 'no', retryable: false })
    await expect(handle).rejects.toMatchObject({ code: 'unknown_kind' })
    const other = await started()
    other.network.last.receive(ack('c1'))
    await settle()
    other.client.close()
    await expect(other.handle).rejects.toMatchObject({ code: 'closed' })
    const unheard = await started()
    unheard.client.close()
    await settle()
  })

  it('cancels through the handle or a signal, once the job is there', async () => {
    const it = rig()
    await it.up()
    it.sent()
    const controller = new AbortController()
    const handle = it.client.start('sleep', {}, { signal: controller.signal })
    controller.abort()
    await settle()
    expect(it.sent()).toHaveLength(1)
    it.network.last.receive(ack('c1'))
    await settle()
    expect(it.sent()).toMatchObject([{ name: 'jobs.cancel', args: { id: handle.id, reason: 'aborted' } }])
    const cancelled = handle.cancel()
    await settle()
    expect(it.sent()).toMatchObject([{ name: 'jobs.cancel', args: { id: handle.id } }])
    it.network.last.receive(ack('c3'))
    await cancelled
  })

  it('asks the store for a job that ended while we were away', async () => {
    const asked: string[] = []
    const answers: Response[] = [
      new Response('{"code":"internal","message":"x"}', { status: 500 }),
      Response.json(job('z', { state: 'succeeded', result: 42 })),
    ]
    const it = rig({
      fetch: ((url: string) => {
        asked.push(url)
        return Promise.resolve(answers.shift() ?? new Response('{}', { status: 404 }))
      }) as never,
    })
    await it.up({ jobs: {} }, 1)
    const handle = it.client.start('echo', {}, { id: 'z' })
    it.network.last.receive(ack('c1', { version: 3 }))
    await settle()
    expect(asked).toEqual([])
    it.network.last.receive(snapshot({ jobs: {} }, 4))
    await settle()
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toEqual(['http://board.test/api/jobs/z'])
    it.network.last.receive(snapshot({ jobs: {} }, 5))
    expect(await handle).toBe(42)
    const gone = it.client.start('echo', {}, { id: 'gone' })
    it.network.last.receive(ack('c2', { version: 5 }))
    await expect(gone).rejects.toMatchObject({ code: 'not_found' })
  })
})
