/**
 * The client against the real server, over a way that is cut (X10, X16). Runs when CALLBOARD_BIN names the binary.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { createClient, type Client, type Clock, type JsonValue, type Off, type ReadableStore, type Telemetry } from '../src/index.js'
import { countBulk, runBulk } from '../src/bulk/index.js'
import { equal } from '../src/patch.js'
import { createOutbox, memoryStorage } from '../src/outbox/index.js'
import { attachPolling } from '../src/polling/index.js'
import { openView } from '../src/views/index.js'
import { runWorkflow, workflow } from '../src/workflow/index.js'
import { socketTo, startProxy, startServer, temporaryFolder, type Proxy, type Server } from './live/server.js'

const binary = process.env['CALLBOARD_BIN']
if (!binary) console.warn('SKIPPED: live.test.ts needs the server; set CALLBOARD_BIN to the callboard binary')

/** The client's time runs faster, so that its real delays fit into a test. */
const SPEED = 4
let skipped = 0
const timers = new Map<NodeJS.Timeout, { readonly due: number; readonly f: () => void }>()
const quickClock: Clock = {
  now: () => Date.now() * SPEED + skipped,
  setTimeout: (f, ms) => {
    const timer = setTimeout(() => fire(timer), ms / SPEED)
    timers.set(timer, { due: quickClock.now() + ms, f })
    return timer
  },
  clearTimeout: (timer) => {
    timers.delete(timer as NodeJS.Timeout)
    clearTimeout(timer as NodeJS.Timeout)
  },
}
function fire(timer: NodeJS.Timeout): void {
  const entry = timers.get(timer)
  quickClock.clearTimeout(timer)
  entry?.f()
}
/** Lets time pass without waiting for it: what has become due happens at once. */
function skip(ms: number): void {
  skipped += ms
  for (const [timer, { due }] of [...timers]) if (due <= quickClock.now()) fire(timer)
}

describe.skipIf(!binary)('against the real server', () => {
  const folder = temporaryFolder()
  let server: Server
  let proxy: Proxy
  let client: Client

  beforeAll(async () => {
    server = await startServer(binary as string, folder.path)
    proxy = await startProxy(server.url)
    client = createClient({
      url: `http://127.0.0.1:${proxy.port}`,
      name: 'live-test',
      token: () => server.token,
      clock: quickClock,
      WebSocket: socketTo(() => server),
      fetch: (url, init) => fetch(String(url).replace(`127.0.0.1:${proxy.port}`, server.url.host), init),
    })
    client.connect()
    await until(({ phase }) => phase === 'open')
  }, 60_000)

  afterAll(async () => {
    client.close()
    await proxy.close()
    await server.kill()
    folder.remove()
  })

  /** Resolves when a store is as wanted. */
  async function reached<T>(store: ReadableStore<T>, isReached: (value: T) => boolean): Promise<void> {
    let off: Off | undefined
    await new Promise<void>((resolve) => {
      off = store.subscribe((value) => isReached(value) && resolve())
    })
    off?.()
  }

  /** Resolves when the telemetry is as wanted; says what it is when that takes too long. */
  async function until(isReached: (telemetry: Telemetry) => boolean, ms = 45_000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not reached: ${JSON.stringify(client.telemetry.get())}`)), ms)
      const off = client.telemetry.listen(check)
      function check(telemetry: Telemetry): void {
        if (!isReached(telemetry)) return
        clearTimeout(timer)
        off()
        resolve()
      }
      check(client.telemetry.get())
    })
  }

  /** Waits until the mirror stands where GET /api/state does, and compares the two. */
  async function expectEqual(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const state = await client.http<{ epoch: string; version: number; data: Record<string, JsonValue> }>('api/state')
      const wanted = { epoch: state.epoch, version: state.version }
      const isThere = await reaches(wanted)
      if (!isThere) continue
      expect(mirrored()).toEqual(state.data)
      return
    }
    throw new Error('the mirror and the server never stood at the same version')
  }

  /** Whether the mirror stands exactly there, now or soon. */
  function reaches({ epoch, version }: { epoch: string; version: number }): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(false), 2000)
      const off = client.position.listen(check)
      function end(value: boolean): void {
        clearTimeout(timer)
        off()
        resolve(value)
      }
      function check(): void {
        const mine = client.position.get()
        if (equal(mine, { epoch, version })) end(true)
        else if (mine?.epoch === epoch && mine.version > version) end(false)
      }
      check()
    })
  }

  function mirrored(): object {
    const records = (items: Client['jobs'] | Client['results']): object =>
      Object.fromEntries(items.ids().map((id) => [id, items.get(id)]))
    return { ...client.state.get(), jobs: records(client.jobs), results: records(client.results) }
  }

  it('mirrors the state, runs a job and hears its log', async () => {
    await expectEqual()
    expect(await client.start('echo', { hello: ['world', 1, null] })).toEqual({ hello: ['world', 1, null] })
    await client.start('process.run', { argv: ['echo', 'a line of a live test'] })
    await expectEqual()
    const has = (): boolean =>
      client.logs.toArray().some((row) => 'message' in row && row.message.includes('a line of a live test'))
    if (!has()) await new Promise<void>((resolve) => client.logs.listen(() => has() && resolve()))
    expect(client.telemetry.get()).toMatchObject({ resyncs: 0, gaps: 0, compression: true })
  })

  it('gives the codes of the server', async () => {
    await expect(client.start('no.such.kind', {})).rejects.toMatchObject({ code: 'unknown_kind', retryable: false })
    await expect(client.command('jobs.cancel', { id: 'no-such-job' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(client.http('api/jobs/no-such-job')).rejects.toMatchObject({ code: 'not_found' })
    const sleeping = client.start('sleep', { ms: 60_000 })
    await sleeping.cancel('enough')
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('runs a workflow step by step, retries it where it failed, and deletes it', async () => {
    const flag = `${folder.path}/flag`
    const recipe = {
      name: 'live',
      steps: [
        { id: 'each', kind: 'echo', forEach: [1, 2], args: { n: '${item}' } },
        { id: 'test', kind: 'process.run', args: { argv: ['test', '-e', flag] }, needs: ['each'] },
      ],
    }
    const first = runWorkflow(client, recipe)
    const seen: string[] = []
    first.steps((steps) => seen.push(steps.map(({ state }) => state).join()))
    await expect(first).rejects.toMatchObject({ code: 'job_failed', details: { step: 'test' } })
    expect(seen.at(-1)).toBe('succeeded,failed')
    await client.start('process.run', { argv: ['touch', flag] })
    const ended = await first.retry()
    expect([ended.state, ended.retries, ended.steps['each']?.round]).toEqual(['succeeded', 1, undefined])
    await expect(first.retry()).rejects.toMatchObject({ code: 'conflict' })
    await workflow(client, first.id).delete()
    await expect(first.delete()).rejects.toMatchObject({ code: 'not_found' })
    const stopped = runWorkflow(client, { name: 'long', steps: [{ id: 'a', kind: 'sleep', args: { ms: 60_000 } }] })
    await stopped.cancel('enough')
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled', message: 'enough' })
  })

  it('counts what a bulk would do, does it, and has the counts', async () => {
    const jobs = [1, 2, 3].map(() => client.start('echo', {}, { hold: true }))
    await Promise.all(jobs.map(({ accepted }) => accepted))
    const query = `id:${jobs.map(({ id }) => id).join(',')}`
    const { eligible, at } = await countBulk(client, 'tag', query, { args: { add: ['late'] } })
    expect([eligible, jobs[0]?.store.get()?.tags ?? []]).toEqual([3, []])
    expect(await runBulk(client, 'tag', query, { args: { add: ['late'] }, at })).toMatchObject({ done: 3, failed: 0 })
    expect(await runBulk(client, 'cancel', 'tag:late')).toMatchObject({ done: 3 })
    await expect(jobs[0]).rejects.toMatchObject({ code: 'cancelled' })
    await expect(countBulk(client, 'cancel', 'stat:x')).rejects.toMatchObject({ code: 'invalid_args' })
  })

  it('five drops in a row, with jobs under way: equal to the server, nothing done twice (X16)', async () => {
    const results: PromiseLike<JsonValue>[] = []
    for (let round = 1; round <= 5; round++) {
      const { connections } = client.telemetry.get()
      const isCutEarly = round === 2 || round === 4
      for (let index = 0; index < 5; index++)
        results.push(client.start('sleep', { ms: 300, steps: 10 }, { key: `${round}.${index}` }))
      if (isCutEarly) proxy.cutNextAfter(700)
      proxy.cut()
      await until(({ phase, connections: now }) => phase === 'open' && now > connections)
    }
    await Promise.all(results)
    await expectEqual()
    const telemetry = client.telemetry.get()
    expect(telemetry).toMatchObject({ resyncs: 0, gaps: 0, consecutiveFailures: 0, attempt: 0, stale: false })
    expect(telemetry.connections).toBeGreaterThanOrEqual(6)
    const { jobs } = await client.http<{ jobs: { kind: string; attempt: number }[] }>(
      'api/jobs?kind=sleep&state=succeeded&limit=100',
    )
    expect(jobs.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 25 }, () => 1))
  }, 120_000)

  it('views are the same cut of the state, through drops', async () => {
    const view = openView(client, { paths: ['/meta', '/jobs/*/state'] })
    for (let round = 0; round < 3; round++) {
      const { connections } = client.telemetry.get()
      proxy.cut()
      await until(({ phase, connections: now }) => phase === 'open' && now > connections)
      await client.start('sleep', { ms: 50 }, { key: `view.${round}` })
    }
    const isSame = (): boolean =>
      !view.stale.get() &&
      equal(view.state.get(), { meta: client.state.get()?.['meta'] }) &&
      equal(
        view.jobs.toArray(),
        client.jobs.toArray().map(({ state }) => ({ state })),
      )
    for (let wait = 0; wait < 100 && !isSame(); wait++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isSame()).toBe(true)
    view.close()
  }, 60_000)

  it('what is put into the outbox without a connection is carried out once, also from a stored copy (S2.24)', async () => {
    client.pause()
    const storage = memoryStorage()
    const box = createOutbox(client, { storage, clock: quickClock })
    const id = await box.start('echo', { from: 'the outbox' })
    const [stored] = await storage.load()
    client.resume()
    await until(({ phase }) => phase === 'open')
    await reached(box.entries, (entries) => entries.length === 0)
    const { finishedAt } = await client.http<{ finishedAt?: string }>(`api/jobs/${id}`)
    box.close()
    // The page went away before it heard the answer: the next one sends the entry again.
    const again = createOutbox(client, { storage: { ...storage, load: async () => [stored!] }, clock: quickClock })
    await again.ready
    await reached(again.entries, (entries) => entries.length === 0)
    const job = await client.http<{ attempt: number; finishedAt?: string }>(`api/jobs/${id}`)
    expect([job.attempt, finishedAt === undefined || job.finishedAt === finishedAt]).toEqual([1, true])
    again.close()
  })

  it('where no WebSocket comes through, state and commands go over HTTP (S0.35)', async () => {
    const polling = attachPolling(client, { clock: quickClock, intervalMs: 1_000 })
    const { connections } = client.telemetry.get()
    proxy.isDown = true
    proxy.cut()
    while (!polling.get().active) {
      skip(15_000)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const job = client.start('echo', { text: 'over HTTP' })
    await job
    await expect(client.command('jobs.cancel', { id: 'no-such-job' })).rejects.toMatchObject({ code: 'not_found' })
    expect([client.jobs.get(job.id)?.state, client.telemetry.get().phase]).toEqual(['succeeded', 'waiting'])
    proxy.isDown = false
    client.retryNow()
    await until(({ phase, connections: now }) => phase === 'open' && now > connections)
    polling.detach()
    await expectEqual()
  }, 60_000)

  it('ten minutes without a server: goes on trying, and is back with the first chance (X16)', async () => {
    const { connections } = client.telemetry.get()
    const since = quickClock.now()
    proxy.isDown = true
    proxy.cut()
    await until(({ phase }) => phase === 'waiting')
    while (quickClock.now() - since < 600_000) {
      const { attempt } = client.telemetry.get()
      skip(15_000)
      await until(({ phase, attempt: now }) => phase === 'waiting' && now > attempt)
    }
    const { consecutiveFailures, attempt } = client.telemetry.get()
    expect([consecutiveFailures, attempt]).toEqual([expect.any(Number), consecutiveFailures])
    expect(consecutiveFailures).toBeGreaterThanOrEqual(30)
    const heard: Telemetry[] = []
    const off = client.telemetry.listen((telemetry) => heard.push(telemetry))
    proxy.isDown = false
    skip(15_000)
    await until(({ phase, connections: now }) => phase === 'open' && now > connections)
    off()
    // True in the very first telemetry of the new connection (W0.6).
    const first = heard.find((telemetry) => telemetry.connections > connections)
    expect(first).toMatchObject({ consecutiveFailures: 0, attempt: 0, resyncs: 0 })
    expect(first?.downtimeMs).toBeGreaterThanOrEqual(600_000)
    await expectEqual()
  }, 120_000)

  it('kill -9 and a new start: resumes, and a job that ran is finished', async () => {
    const { epoch } = client.position.get() ?? {}
    const { connections } = client.telemetry.get()
    const job = client.start('sleep', { ms: 500 }, { key: 'over-the-kill' })
    await job.accepted
    await server.kill()
    server = await startServer(binary as string, folder.path)
    proxy.target = server.url
    await until(({ phase, connections: now }) => phase === 'open' && now > connections)
    await job
    expect(client.position.get()?.epoch).toBe(epoch)
    await expectEqual()
  }, 120_000)

  it('a wrong token ends the tries with a reason', async () => {
    const stranger = createClient({
      url: server.url.href,
      token: 'wrong',
      WebSocket: NodeWebSocket as unknown as typeof WebSocket,
    })
    await new Promise<void>((resolve) => {
      stranger.telemetry.listen(({ phase }) => phase === 'closed' && resolve())
      stranger.connect()
    })
    expect(stranger.telemetry.get().fatal).toMatchObject({ code: 'unauthorized' })
    await expect(stranger.http('api/state')).rejects.toMatchObject({ code: 'unauthorized' })
  })
})
