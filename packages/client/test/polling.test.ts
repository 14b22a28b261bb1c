import { describe, expect, it, vi } from 'vitest'
import { attachPolling, type PollingFallback } from '../src/polling/index.js'
import { settle } from '../src/testing/index.js'
import { job, rig, snapshot, type Rig } from './rig.js'

interface Polled extends Rig {
  readonly polling: PollingFallback
  readonly fetched: { readonly tag: string | null }[]
  /** What the server answers; with an ETag unless `hasTags` is false. */
  server: { epoch: string; version: number; data: object; hasTags: boolean; isUp: boolean }
  /** The next tries of the WebSocket fail. */
  fail(times: number): Promise<void>
}

function polled(): Polled {
  const fetched: { tag: string | null }[] = []
  const server = { epoch: 'e1', version: 5, data: { jobs: { a: job('a') } } as object, hasTags: true, isUp: true }
  const fetch = vi.fn(async (_url: string, init?: RequestInit) => {
    const tag = new Headers(init?.headers).get('if-none-match')
    fetched.push({ tag })
    if (!server.isUp) throw new TypeError('refused')
    const etag = `"${server.epoch}:${server.version}"`
    if (tag === etag) return new Response(null, { status: 304 })
    return Response.json(server, { headers: server.hasTags ? { etag } : {} })
  })
  const made = rig({ fetch: fetch as unknown as typeof globalThis.fetch })
  const { client, clock, network } = made
  const polling = attachPolling(client, { clock })
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
      network.last.drop(1006)
      await settle()
    }
  }
  return { ...made, polling, fetched, server, fail }
}

describe('polling where no WebSocket comes through (S0.35)', () => {
  it('begins after two failures, and shows the state', async () => {
    const { client, polling, fetched, fail } = polled()
    client.connect()
    await fail(1)
    expect([polling.get().active, fetched.length]).toEqual([false, 0])
    await fail(1)
    await settle()
    expect([polling.get().active, client.jobs.ids(), client.position.get()]).toEqual([true, ['a'], { epoch: 'e1', version: 5 }])
    expect(client.telemetry.get()).toMatchObject({ phase: 'waiting', stale: true })
    polling.detach()
  })

  it('asks with the ETag, and hears cheaply that nothing is new', async () => {
    const { client, clock, polling, server, fetched, fail } = polled()
    client.connect()
    await fail(2)
    const before = client.jobs.get('a')
    await clock.advance(5_000)
    expect([fetched.map(({ tag }) => tag), polling.get()]).toMatchObject([[null, '"e1:5"'], { polls: 2, unchanged: 1, failures: 0 }])
    Object.assign(server, { version: 6, data: { jobs: { a: job('a'), b: job('b') } } })
    await clock.advance(5_000)
    expect([client.jobs.ids(), client.jobs.get('a') === before]).toEqual([['a', 'b'], true])
    polling.detach()
  })

  it('does without ETags', async () => {
    const { client, clock, polling, server, fetched, fail } = polled()
    server.hasTags = false
    client.connect()
    await fail(2)
    await clock.advance(10_000)
    expect([fetched.map(({ tag }) => tag), polling.get()]).toMatchObject([[null, null, null], { polls: 3, unchanged: 0 }])
    polling.detach()
  })

  it('never goes back in time, but follows another history (W0.3)', async () => {
    const { client, clock, network, polling, server, up, fail } = polled()
    await up({ jobs: { new: job('new') } }, 9)
    network.last.drop()
    await fail(2)
    expect(client.jobs.ids()).toEqual(['new'])
    Object.assign(server, { epoch: 'e2', version: 1 })
    await clock.advance(5_000)
    expect([client.jobs.ids(), client.position.get()]).toEqual([['a'], { epoch: 'e2', version: 1 }])
    polling.detach()
  })

  it('ends when the connection is there, which goes on from what was polled', async () => {
    const { client, clock, network, polling, greet, fetched, fail } = polled()
    client.connect()
    await fail(2)
    await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
    await greet({ version: 5, subs: { main: 'resumed' } })
    expect(network.last.take()[0]).toMatchObject({ subs: [{ resume: { epoch: 'e1', version: 5 } }] })
    expect([polling.get().active, client.telemetry.get().phase]).toEqual([false, 'open'])
    const asked = fetched.length
    await clock.advance(8_000)
    await polling.refresh()
    expect(fetched.length).toBe(asked)
  })

  it('does not take an answer that the connection has overtaken', async () => {
    const { client, clock, network, polling, greet, server, fail } = polled()
    client.connect()
    await fail(2)
    Object.assign(server, { version: 99 })
    await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
    const late = polling.refresh()
    await greet({ version: 7 })
    network.last.receive(snapshot({ jobs: {} }, 7))
    await late
    expect([client.position.get()?.version, client.jobs.size]).toEqual([7, 0])
  })

  it('goes on when it is refused, stops when told to, and leaves no timer', async () => {
    const { client, clock, polling, server, fail } = polled()
    server.isUp = false
    client.connect()
    await fail(2)
    await clock.advance(5_000)
    expect(polling.get()).toMatchObject({ active: true, failures: 2 })
    server.isUp = true
    await clock.advance(5_000)
    expect([polling.get().failures, client.jobs.size]).toEqual([0, 1])
    client.close()
    expect([polling.get().active, clock.pending]).toEqual([false, 0])
  })
})

describe('commands where no WebSocket comes through', () => {
  interface Posted {
    readonly path: string
    readonly key: string | null
    readonly body: unknown
  }

  async function posting(answer: (turn: number) => Response | Promise<Response>) {
    const posted: Posted[] = []
    const fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
      if (init.method !== 'POST') return Response.json({ epoch: 'e1', version: 5 + posted.length, data: { jobs: {} } })
      const key = new Headers(init.headers).get('idempotency-key')
      posted.push({ path: new URL(url).pathname, key, body: JSON.parse(String(init.body)) })
      return answer(posted.length)
    }
    const made = rig({ fetch: fetch as unknown as typeof globalThis.fetch })
    const { client, clock, network } = made
    const polling = attachPolling(client, { clock })
    client.connect()
    for (let time = 0; time < 2; time++) {
      await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
      network.last.drop(1006)
      await settle()
    }
    return { ...made, polling, posted }
  }

  it('go over HTTP, with their key, and have the same outcome; the state follows at once', async () => {
    const { client, polling, posted } = await posting(() => Response.json({ version: 6, result: { id: 'a' } }))
    expect(await client.command('jobs.cancel', { id: 'a' }, { key: 'k' })).toEqual({ version: 6, result: { id: 'a' } })
    expect(posted).toEqual([{ path: '/api/commands/jobs.cancel', key: 'k', body: { id: 'a' } }])
    await settle()
    expect(client.position.get()?.version).toBe(6)
    polling.detach()
  })

  it('that are refused say why', async () => {
    const problem = { code: 'not_found', message: 'there is no job "a"', retryable: false }
    const { client, polling } = await posting(() => Response.json(problem, { status: 404 }))
    await expect(client.command('jobs.cancel', { id: 'a' })).rejects.toMatchObject(problem)
    polling.detach()
  })

  it('without an answer are sent again with the same key', async () => {
    const { client, clock, polling, posted } = await posting((turn) => {
      if (turn === 1) throw new TypeError('reset')
      return turn === 2 ? new Response('bad gateway', { status: 502 }) : Response.json({ version: 6, dup: true })
    })
    const done = client.command('jobs.cancel', { id: 'a' })
    await clock.advance(5_000)
    await clock.advance(5_000)
    expect(await done).toEqual({ version: 6, dup: true })
    expect(new Set(posted.map(({ key }) => key)).size).toBe(1)
    expect(posted.length).toBe(3)
    polling.detach()
  })

  it('that are under way when the connection comes are asked for there, and settle once', async () => {
    let give = (_: Response): void => {}
    const { client, clock, network, greet, polling, posted } = await posting(() => new Promise((resolve) => (give = resolve)))
    const done = client.command('jobs.cancel', { id: 'a' }, { key: 'k' })
    await clock.advance(Math.max(0, (client.telemetry.get().nextRetryAt ?? 0) - clock.now()))
    await greet({ version: 5 })
    expect([polling.get().active, posted.length]).toEqual([false, 1])
    const cmd = network.last.take().find((frame) => frame.type === 'cmd')
    expect(cmd).toMatchObject({ name: 'jobs.cancel', key: 'k' })
    network.last.receive({ type: 'ack', id: cmd?.id ?? '', ok: true, epoch: 'e1', version: 7, dup: true })
    expect(await done).toEqual({ version: 7, dup: true })
    give(Response.json({ version: 7 }))
    await settle()
    await expect(client.command('jobs.clear', {}, { timeoutMs: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
    expect(posted.length).toBe(1)
  })
})
