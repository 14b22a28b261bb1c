/** W1.6: what consumers of the client do wrong is told as theirs, and what the server does not do is noticed. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createOptimistic } from '../src/optimistic/index.js'
import { openView } from '../src/views/index.js'
import { job, patch, rig, snapshot } from './rig.js'

describe('a consumer that throws (W1.6)', () => {
  /** What would be reported as uncaught. */
  let uncaught: unknown[]
  beforeEach(() => {
    uncaught = []
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((f) => {
      try {
        f()
      } catch (error) {
        uncaught.push(error)
      }
    })
  })
  afterEach(() => void vi.restoreAllMocks())

  /** A mistake that looks like one of the parser. */
  const mistake = new SyntaxError('Unexpected token in JSON: a mistake of the page')
  const fail = (): never => {
    throw mistake
  }

  it('is reported as uncaught with its own error, and all goes on', async () => {
    const { client, network, greet, clock, sent } = rig()
    const problems: unknown[] = []
    client.on('error', (problem) => problems.push(problem))
    for (const part of [client.state, client.position, client.jobs, client.logs, client.welcome, client.serverConfig]) {
      part.listen(fail)
    }
    client.telemetry.listen(({ phase }) => phase === 'open' && fail())
    client.job('a').listen(fail)
    for (const event of ['gap', 'resync', 'epoch', 'goaway', 'close', 'error'] as const) client.on(event, fail)
    createOptimistic(client).jobs.listen(fail)
    openView(client, { paths: ['/jobs/*/state'] }).state.listen(fail)

    client.connect()
    await greet({}, { compressed: true })
    network.last.receive(snapshot({ n: 1, jobs: { a: job('a') } }, 5))
    network.last.receive(patch(5, 6, { op: 'replace', path: '/n', value: 2 }))
    network.last.receive(patch(6, 7, { op: 'replace', path: '/jobs/a/state', value: 'running' }))
    network.last.receive({ type: 'logs.append', entries: [], prevSeq: 0, toSeq: 3 })
    sent()
    network.last.receive(patch(9, 10))
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'gap', have: { epoch: 'e1', version: 7 } }])
    network.last.receive(patch(7, 10, { op: 'replace', path: '/n', value: 3 }))
    network.last.receive({ type: 'goaway', reason: 'deploy', reconnectAfterMs: [60_000, 60_000] })

    expect([client.state.get(), client.jobs.get('a')?.state]).toEqual([{ n: 3 }, 'running'])
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', stale: false, connections: 1, resyncs: 1 })
    expect([problems, client.telemetry.get().lastError]).toEqual([[], undefined])
    expect(uncaught.length).toBeGreaterThan(10)
    expect(new Set(uncaught)).toEqual(new Set([mistake]))

    // What is no message is told as that, also to the one whose listener throws.
    network.last.receive('{"type":')
    expect(problems).toMatchObject([{ code: 'bad_message' }])
    await clock.advance(0)
    expect(client.telemetry.get()).toMatchObject({ lastError: { code: 'closed_1007' } })
  })

  it('is no message that cannot be read when it paints', async () => {
    let isBroken = true
    const { client, network, up } = rig({ frame: (flush) => (isBroken ? fail() : flush()) })
    const problems: unknown[] = []
    client.on('error', (problem) => problems.push(problem))
    await up({ n: 1 }, 5)
    network.last.receive(patch(5, 6, { op: 'replace', path: '/n', value: 2 }))
    expect([problems, uncaught, client.telemetry.get().lastError]).toEqual([[], [mistake], undefined])
    isBroken = false
    network.last.receive(patch(6, 7, { op: 'add', path: '/m', value: 3 }))
    expect([client.state.get(), client.telemetry.get()]).toMatchObject([{ n: 2, m: 3 }, { phase: 'open', resyncs: 0 }])
  })
})

describe('a server that does not do its part (W1.6)', () => {
  it('is asked twice in its silence, then left, however often that happens', async () => {
    const { client, clock, network, up, greet } = rig()
    await up()
    for (let round = 1; round <= 20; round++) {
      const socket = network.last
      socket.take()
      await clock.advance(60_000)
      const pings = socket.take().filter(({ type }) => type === 'ping')
      expect([pings.length, socket.closed?.code], `round ${round}`).toEqual([2, 4000])
      while (network.last.readyState !== 0) await clock.advance(1000)
      await greet({ subs: { main: 'resumed' } })
    }
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', connections: 21 })
  })

  it('is asked once in each interval while it answers, and has one ping to answer at a time', async () => {
    const { client, clock, network, up } = rig()
    await up()
    let outstanding = 0
    let asked = 0
    network.last.onframe = ({ type }) => {
      if (type !== 'ping') return
      asked++
      expect(++outstanding).toBe(1)
      // Late, but in time.
      clock.setTimeout(() => {
        outstanding--
        network.last.receive({ type: 'pong', ts: 0, serverTime: 0, epoch: 'e1', version: 1, logSeq: 0 })
      }, 4000)
    }
    await clock.advance(3_600_000)
    expect(asked).toBeGreaterThan(250)
    expect(asked).toBeLessThanOrEqual(361)
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', connections: 1, consecutiveFailures: 0 })
  })
})
