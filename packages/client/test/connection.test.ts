import { describe, expect, it } from 'vitest'
import { createClient, defaultConfig, type Telemetry } from '../src/index.js'
import { FakeBoard, ManualClock } from '../src/testing/index.js'
import { job, patch, rig, snapshot } from './rig.js'

describe('connecting', () => {
  it('says hello with what it wants, and mirrors what it gets (S3.9)', async () => {
    const { client, clock, network, greet } = rig({
      token: () => Promise.resolve('secret'),
      name: 'studio',
      url: 'https://h.test/base/',
    })
    expect(client.telemetry.get()).toMatchObject({ phase: 'idle', stale: true })
    client.connect()
    expect(client.telemetry.get()).toMatchObject({ phase: 'connecting', attempt: 1 })
    await clock.advance(0)
    expect([network.last.url, network.last.protocols]).toEqual(['wss://h.test/base/ws', 'callboard.v1.json'])
    await greet({ version: 4 })
    const [hello] = network.last.take()
    expect(hello).toMatchObject({
      type: 'hello',
      protocol: 1,
      client: { name: 'studio' },
      auth: { token: 'secret' },
      logs: {},
      connectionCount: 0,
    })
    expect(client.telemetry.get()).toMatchObject({ phase: 'resyncing', connections: 1, stale: true })
    network.last.receive(snapshot({ meta: { status: 'ready' }, jobs: { a: job('a') } }, 4))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', snapshots: 1, stale: false, attempt: 0 })
    expect([client.jobs.get('a')?.kind, client.state.get(), client.position.get()]).toEqual([
      'echo',
      { meta: { status: 'ready' } },
      { epoch: 'e1', version: 4 },
    ])
  })

  it('does nothing before connect(), and reads have no side effects', async () => {
    const { client, clock, network } = rig()
    client.jobs.toArray()
    client.job('x').get()
    client.logs.toArray()
    client.telemetry.subscribe(() => {})
    await clock.advance(60_000)
    expect([network.sockets.length, clock.pending]).toEqual([0, 0])
  })

  it('refuses an address that is none, and a machine without WebSocket', () => {
    expect(() => createClient({ url: 'localhost:4000' })).toThrow(expect.objectContaining({ code: 'invalid_args' }))
    expect(() => createClient({ url: '' })).toThrow()
    if (!('WebSocket' in globalThis))
      expect(() => createClient({ url: 'http://h' }).connect()).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      )
  })

  it('retries when the token cannot be had, and does not use one that comes too late', async () => {
    const tokens: ((token: string) => void)[] = []
    let isFailing = true
    const token = (): Promise<string> =>
      isFailing ? Promise.reject(new Error('no vault')) : new Promise((resolve) => tokens.push(resolve))
    const { client, clock, network } = rig({ token })
    client.connect()
    await clock.advance(0)
    expect(client.telemetry.get()).toMatchObject({
      phase: 'waiting',
      consecutiveFailures: 1,
      lastError: { message: 'Error: no vault' },
    })
    isFailing = false
    await clock.advance(1000)
    client.pause()
    client.resume()
    await clock.advance(0)
    tokens[0]?.('old')
    await clock.advance(0)
    expect(network.sockets).toHaveLength(0)
    tokens[1]?.('new')
    await clock.advance(0)
    network.last.accept()
    expect(network.last.take()).toMatchObject([{ auth: { token: 'new' } }])
  })

  it('adopts the parameters of the server, from welcome and from the state (S3.14, S3.17, W3.5)', async () => {
    const { client, clock, network, greet } = rig()
    const ws = { ...defaultConfig.ws, heartbeatIntervalMs: 3000, reconnectMinMs: 200 }
    client.connect()
    await greet({ serverConfig: { ...defaultConfig, ws } })
    network.last.receive(snapshot({ jobs: {}, serverConfig: { ...defaultConfig, ws } }))
    network.last.take()
    await clock.advance(3000)
    expect(network.last.take()).toMatchObject([{ type: 'ping' }, { type: 'ping' }])
    network.last.receive(patch(1, 2, { op: 'replace', path: '/serverConfig/logs/capacity', value: 7 }))
    network.last.receive(patch(2, 3, { op: 'replace', path: '/serverConfig/ws/heartbeatIntervalMs', value: 500 }))
    await clock.advance(500)
    expect(network.last.take()).toMatchObject([{ type: 'ping' }])
    expect([client.logs.capacity, client.serverConfig.get().ws.reconnectMinMs]).toEqual([7, 200])
    network.last.drop()
    expect(client.telemetry.get().nextRetryAt).toBe(clock.now() + 100)
  })
})

describe('X16: reconnecting, proven repeatedly', () => {
  it('survives five drops in a row and ten minutes of outage, and is equal to the server (X16, W1.1)', async () => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock, state: { jobs: {}, results: {} } })
    const client = createClient({ url: 'http://b.test', clock, random: () => 0.5, WebSocket: board.network.WebSocket })
    const phases: string[] = []
    client.telemetry.listen(({ phase }) => phases.at(-1) !== phase && phases.push(phase))
    client.connect()
    await clock.advance(100)
    for (let round = 1; round <= 5; round++) {
      board.drop(round % 2 ? 1006 : 1001)
      board.commit({ op: 'add', path: `/jobs/j${round}`, value: job(`j${round}`) as never })
      expect(client.telemetry.get()).toMatchObject({ phase: 'waiting', stale: true })
      await clock.advance(20_000)
      expect(client.telemetry.get()).toMatchObject({
        phase: 'open',
        connections: round + 1,
        consecutiveFailures: 0,
        stale: false,
      })
      expect(client.jobs.has(`j${round}`)).toBe(true)
    }
    board.isUp = false
    board.drop()
    const since = clock.now()
    await clock.advance(600_000)
    const outage = client.telemetry.get()
    expect(outage.consecutiveFailures).toBeGreaterThan(30)
    expect(outage.attempt).toBe(outage.consecutiveFailures)
    board.commit({ op: 'add', path: '/jobs/late', value: job('late') as never })
    board.isUp = true
    await clock.advance(20_000)
    const after = client.telemetry.get()
    expect(after).toMatchObject({
      phase: 'open',
      consecutiveFailures: 0,
      attempt: 0,
      connections: 7,
      resyncs: 0,
      stale: false,
    })
    expect(after.nextRetryAt).toBeUndefined()
    expect(after.downtimeMs).toBeGreaterThanOrEqual(600_000)
    expect(after.downtimeMs).toBe((after.lastConnectedAt ?? 0) - since)
    expect(Object.fromEntries(client.jobs.ids().map((id) => [id, client.jobs.get(id)]))).toEqual(
      (board.state as { jobs: object }).jobs,
    )
    expect(phases.filter((phase) => phase === 'open')).toHaveLength(7)
  })

  it('has true counters in the first telemetry after a success (S0.34, W0.6)', async () => {
    const { client, clock, network, up, greet } = rig()
    await up()
    network.last.drop()
    const retry = (): Promise<void> => clock.advance((client.telemetry.get().nextRetryAt ?? 0) - clock.now())
    for (let round = 0; round < 3; round++) {
      await retry()
      network.last.drop()
    }
    expect(client.telemetry.get()).toMatchObject({ consecutiveFailures: 3, attempt: 3 })
    const heard: Telemetry[] = []
    client.telemetry.listen((telemetry) => heard.push(telemetry))
    await retry()
    heard.length = 0
    await greet()
    expect(heard[0]).toMatchObject({
      phase: 'resyncing',
      consecutiveFailures: 0,
      attempt: 0,
      connections: 2,
      downtimeMs: heard[0]?.totalDowntimeMs,
    })
    expect(heard[0]?.lastError).toMatchObject({ code: 'closed_1006' })
  })

  it('resumes by position and shows nothing empty meanwhile', async () => {
    const { client, clock, network, up, greet } = rig()
    await up({ jobs: { a: job('a') } }, 5)
    const before = client.jobs.get('a')
    network.last.receive({
      type: 'logs.history',
      epoch: 'e1',
      entries: [],
      prevSeq: 0,
      toSeq: 12,
      capacity: 10,
      truncated: false,
    })
    network.last.drop()
    expect([client.jobs.get('a'), client.telemetry.get().stale]).toEqual([before, true])
    await clock.advance(1000)
    await greet({ version: 7, subs: { main: 'resumed' } })
    expect(network.last.take()).toMatchObject([
      {
        subs: [{ sub: 'main', paths: [''], resume: { epoch: 'e1', version: 5 } }],
        logs: { resume: { epoch: 'e1', seq: 12 } },
        connectionCount: 1,
      },
    ])
    expect(client.telemetry.get().phase).toBe('resyncing')
    network.last.receive(patch(5, 7, { op: 'replace', path: '/jobs/a/state', value: 'running' }))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', resyncs: 0, snapshots: 1 })
    expect([client.jobs.get('a')?.state, client.position.get()?.version]).toEqual(['running', 7])
  })

  it('is open at once when nothing has happened meanwhile', async () => {
    const { client, clock, network, up, greet } = rig()
    await up({}, 5)
    network.last.drop()
    await clock.advance(1000)
    await greet({ version: 5, subs: { main: 'resumed' } })
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', stale: false })
  })
})

describe('the state', () => {
  it('gap: exactly one resync, however many patches follow (S3.12, W1.6)', async () => {
    const { client, network, up, sent } = rig()
    await up({ n: 1 }, 5)
    sent()
    const heard: unknown[] = []
    client.on('gap', (gap) => heard.push(gap))
    client.on('resync', (resync) => heard.push(resync))
    network.last.receive(patch(6, 7), patch(7, 8), patch(8, 9))
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'gap', have: { epoch: 'e1', version: 5 } }])
    expect(heard).toEqual([{ stream: 'state', from: 6, to: 6 }, { reason: 'gap' }])
    expect(client.telemetry.get()).toMatchObject({ phase: 'resyncing', resyncs: 1, gaps: 1, stale: true })
    network.last.receive(patch(5, 9, { op: 'replace', path: '/n', value: 9 }))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', stale: false })
    expect(client.state.get()).toEqual({ n: 9 })
  })

  it('ignores a duplicate', async () => {
    const { client, network, up, sent } = rig()
    await up({ n: 1 }, 5)
    sent()
    const op = { op: 'add', path: '/list', value: [1] }
    network.last.receive(patch(5, 6, op), patch(5, 6, op), patch(4, 5, op))
    expect([sent(), client.state.get(), client.telemetry.get().resyncs]).toEqual([[], { n: 1, list: [1] }, 0])
  })

  it('a patch that does not apply: one resync for everything, no exception', async () => {
    const { client, network, up, sent } = rig()
    await up({ n: 1 }, 5)
    sent()
    network.last.receive(patch(5, 6, { op: 'remove', path: '/absent' }), patch(6, 7, { op: 'nonsense' } as never))
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'apply_failed' }])
    network.last.receive(snapshot({ n: 7 }, 7))
    expect([client.state.get(), client.telemetry.get().phase]).toEqual([{ n: 7 }, 'open'])
  })

  it('another epoch: the server sends a snapshot, also of a lower version, and we say so', async () => {
    const { client, clock, network, up, greet } = rig()
    await up({ n: 1 }, 50)
    const heard: unknown[] = []
    client.on('epoch', (change) => heard.push(change))
    network.last.drop()
    await clock.advance(1000)
    await greet({ epoch: 'e2', version: 3 })
    network.last.receive({ ...snapshot({ n: 2 }, 3, 'e2'), reason: 'epoch' } as never)
    expect([heard, client.position.get(), client.state.get()]).toEqual([
      [{ from: 'e1', to: 'e2' }],
      { epoch: 'e2', version: 3 },
      { n: 2 },
    ])
    expect(client.telemetry.get().phase).toBe('open')
  })

  it('a pong that is ahead of us shows a silent loss within one interval (W1.6)', async () => {
    const { client, clock, network, up, sent } = rig()
    await up({ n: 1 }, 5)
    await clock.advance(1_000)
    sent()
    await clock.advance(9_000)
    expect(sent()).toEqual([{ type: 'ping', ts: clock.now(), id: '2' }])
    await clock.advance(30)
    network.last.receive({
      type: 'pong',
      ts: clock.now() - 30,
      id: '2',
      serverTime: 0,
      epoch: 'e1',
      version: 6,
      logSeq: 0,
    })
    expect(sent()).toEqual([{ type: 'state.resync', reason: 'gap', have: { epoch: 'e1', version: 5 } }])
    expect(client.telemetry.get()).toMatchObject({ rttMs: 30, gaps: 1 })
  })

  it('gives a connection up on which the state does not arrive, or cannot be used', async () => {
    const { client, clock, network, greet } = rig()
    client.connect()
    await greet()
    await clock.advance(9_000)
    network.last.receive({
      type: 'state.snapshot',
      epoch: 'e1',
      stateVersion: 3,
      data: { jobs: {} },
      reason: 'connect',
      part: 0,
      more: true,
    })
    await clock.advance(9_000)
    expect(client.telemetry.get().phase).toBe('resyncing')
    network.last.receive({ type: 'pong', ts: 0, serverTime: 0, epoch: 'e1', version: 0, logSeq: 0 })
    await clock.advance(1_000)
    expect([client.telemetry.get().phase, network.last.closed?.code]).toEqual(['waiting', 4003])
    await clock.advance(5_000)
    await greet()
    network.last.receive({
      type: 'state.snapshot',
      epoch: 'e1',
      stateVersion: 3,
      entries: [],
      reason: 'connect',
      part: 1,
    })
    expect([client.telemetry.get().phase, network.last.closed?.code]).toEqual(['waiting', 4003])
  })

  it('survives messages that are none', async () => {
    const { client, network, up } = rig()
    await up({ n: 1 }, 5)
    const heard: string[] = []
    client.on('error', ({ code }) => heard.push(code))
    network.last.receive(
      'not json',
      'null',
      '7',
      '{}',
      '{"type":"something.new"}',
      '{"type":"state.patch","epoch":"e1","fromVersion":5,"toVersion":6}',
    )
    expect(heard).toEqual(['bad_message', 'bad_message'])
    expect(client.telemetry.get()).toMatchObject({ phase: 'resyncing', lastError: { code: 'bad_message' } })
    network.last.receive(snapshot({ n: 2 }, 6))
    expect(client.telemetry.get().phase).toBe('open')
  })
})
