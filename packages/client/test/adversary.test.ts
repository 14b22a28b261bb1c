/** What users of the client and servers do that nobody expects; none of it breaks more than what it was about. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient, defaultConfig, type ServerFrame } from '../src/index.js'
import { createTestBoard } from '../src/testing/index.js'
import { job, patch, rig, seeded, snapshot, welcome } from './rig.js'

/** Mistakes of listeners are reported as uncaught, and only those may be. */
const uncaught: string[] = []
const heard = (error: Error): void => void uncaught.push(error.message)
let others: NodeJS.UncaughtExceptionListener[] = []
beforeEach(() => {
  others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', heard)
  uncaught.length = 0
})
afterEach(() => {
  process.removeListener('uncaughtException', heard)
  for (const other of others) process.on('uncaughtException', other)
})
/** Uncaught errors are told after the microtasks. */
const told = async (): Promise<string[]> => {
  await new Promise((resolve) => setImmediate(resolve))
  return uncaught
}

describe('listeners that misbehave', () => {
  it('unsubscribing twice takes away nobody else', async () => {
    const { client, network, up } = rig()
    await up({ jobs: { a: job('a') } })
    const off = client.job('a').listen(() => undefined)
    off()
    const states: unknown[] = []
    client.job('a').listen((now) => states.push(now?.state))
    off()
    network.last.receive(patch(1, 2, { op: 'replace', path: '/jobs/a/state', value: 'running' }))
    expect(states).toEqual(['running'])
  })

  it('one that throws at once is subscribed all the same, and can be taken away', async () => {
    const { client, network, up } = rig()
    await up({ n: 1 })
    const seen: unknown[] = []
    const off = client.state.subscribe((state) => {
      seen.push(state?.['n'])
      throw new Error(`mine ${String(state?.['n'])}`)
    })
    network.last.receive(patch(1, 2, { op: 'replace', path: '/n', value: 2 }))
    off()
    network.last.receive(patch(2, 3, { op: 'replace', path: '/n', value: 3 }))
    expect([seen, await told()]).toEqual([
      [1, 2],
      ['mine 1', 'mine 2'],
    ])
  })

  it('they may close, connect, command, come and go while they are told', async () => {
    const { client, clock, network, up, greet } = rig()
    await up({ n: 1 })
    const seen: string[] = []
    const off = client.state.listen(() => {
      off()
      client.state.listen(() => void seen.push('came'))
      client.close()
      client.close()
      client.command('jobs.cancel', { id: 'a' }).catch((error: { code: string }) => seen.push(error.code))
      client.connect()
    })
    client.position.listen(({ version } = { epoch: '', version: 0 }) => void seen.push(`v${version}`))
    network.last.receive(patch(1, 2, { op: 'replace', path: '/n', value: 2 }))
    await clock.advance(0)
    expect(client.telemetry.get().phase).toBe('connecting')
    await greet({ version: 2, subs: { main: 'resumed' } })
    network.last.receive(patch(2, 3, { op: 'replace', path: '/n', value: 3 }))
    expect([client.state.get(), client.telemetry.get().phase]).toEqual([{ n: 3 }, 'open'])
    expect(seen).toEqual(expect.arrayContaining(['v2', 'came', 'v3']))
    expect(await told()).toEqual([])
  })

  it('the progress of a job that throws does not keep it from its end', async () => {
    const { board, client, tick } = await createTestBoard()
    const handle = client.start('echo', {})
    await tick()
    handle.progress(() => {
      throw new Error('mine')
    })
    board.putJob({ id: handle.id, state: 'running', progress: { value: 0.5 } as never })
    await tick()
    board.putJob({ id: handle.id, state: 'succeeded', result: 7 })
    await tick()
    expect(await handle).toBe(7)
    expect(new Set(await told())).toEqual(new Set(['mine']))
  })
})

describe('after the end', () => {
  it('everything is refused or quiet, however often it is ended', async () => {
    const { client, clock, up } = rig()
    await up({ n: 1 })
    for (let time = 0; time < 3; time++) client.close()
    const ends = await Promise.allSettled([
      client.command('jobs.cancel', { id: 'a' }),
      client.command('jobs.cancel', { id: 'a' }, { key: 'k' }),
      client.start('echo', {}),
      client.start('echo', {}, { signal: AbortSignal.abort() }),
    ])
    expect(ends.map((end) => (end as { reason: { code: string } }).reason.code)).toEqual(Array(4).fill('closed'))
    client.pause()
    client.resume()
    client.probe()
    client.retryNow()
    client.setOnline(false)
    client.setOnline(true)
    expect([client.telemetry.get().phase, client.state.get(), clock.pending]).toEqual(['closed', { n: 1 }, 0])
  })
})

describe('a server that answers nonsense', () => {
  it('over HTTP: no JSON, half of an answer, an error that is none', async () => {
    const answers = [
      () => new Response('<html>log in</html>'),
      () => new Response(new ReadableStream({ start: (body) => body.error(new Error('cut')) })),
      () => new Response('"no"', { status: 500 }),
      () => new Response('null', { status: 404 }),
    ]
    for (const [index, code] of ['offline', 'offline', 'internal', 'not_found'].entries()) {
      const client = createClient({ url: 'http://board.test', fetch: async () => answers[index]?.() as Response })
      await expect(client.http('api/jobs')).rejects.toMatchObject({ name: 'CallboardError', code })
    }
  })

  it('parameters that are none are not adopted: no crash, and no loop without a pause', async () => {
    const odd = [{ ws: null }, { ws: {} }, { logs: null }, { logs: { capacity: 'x' } }, { ws: { reconnectMaxMs: -1 } }, 'x', null]
    for (const config of odd) {
      const { client, clock, network, greet } = rig()
      client.connect()
      await greet({ serverConfig: config as never })
      network.last.receive(snapshot({ serverConfig: config }, 1))
      expect(client.serverConfig.get().ws, JSON.stringify(config)).toEqual(defaultConfig.ws)
      expect(client.serverConfig.get().logs, JSON.stringify(config)).toEqual(defaultConfig.logs)
      network.last.drop()
      await clock.advance(60_000)
      expect(network.sockets.length, JSON.stringify(config)).toBeLessThan(20)
    }
    expect(await told()).toEqual([])
  })

  it('frames with members gone or of another sort: it stays whole, and is equal to the server afterwards', async () => {
    const frames: ServerFrame[] = [
      welcome(),
      snapshot({ jobs: { a: job('a') }, n: 1 }, 2),
      patch(2, 3, { op: 'replace', path: '/n', value: 2 }),
      { type: 'logs.append', entries: [], prevSeq: 0, toSeq: 1 },
      { type: 'logs.history', epoch: 'e1', entries: [], prevSeq: 0, toSeq: 0, capacity: 9, truncated: false },
      { type: 'ping', ts: 1 },
      { type: 'pong', ts: 1, id: '1', epoch: 'e1', version: 1, logSeq: 0 },
      { type: 'ack', id: 'c1', ok: true, epoch: 'e1', version: 1 },
      { type: 'error', code: 'internal', message: 'x' },
      { type: 'state.check', epoch: 'e1', version: 1 },
    ] as never
    const values: unknown[] = [undefined, null, 0, -1, 1e308, '', 'x', [], {}, true, [null], { a: null }]
    for (let seed = 1; seed <= 150; seed++) {
      const below = seeded(seed)
      const { client, clock, network, greet } = rig()
      client.connect()
      await greet()
      for (let turn = 0; turn < 12; turn++) {
        const frame = { ...frames[below(frames.length)] } as Record<string, unknown>
        const names = Object.keys(frame).slice(1)
        frame[names[below(names.length)] as string] = values[below(values.length)]
        network.last.receive(frame as never)
        await clock.advance(below(3) * 400)
      }
      const before = network.sockets.length
      await clock.advance(60_000)
      expect(network.sockets.length - before, `sockets of a minute, seed ${seed}`).toBeLessThan(30)
      client.close()
      client.connect()
      await greet({ epoch: 'e9', version: 5 })
      network.last.receive(snapshot({ jobs: { b: job('b') }, n: 9 }, 5, 'e9'))
      expect([client.state.get(), client.jobs.ids(), client.telemetry.get().phase], `seed ${seed}`).toEqual([{ n: 9 }, ['b'], 'open'])
      client.close()
      expect(clock.pending, `timers, seed ${seed}`).toBe(0)
    }
    expect(await told()).toEqual([])
  })
})
