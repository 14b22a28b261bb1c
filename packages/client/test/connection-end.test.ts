import { describe, expect, it } from 'vitest'
import { createClient } from '../src/index.js'
import { FakeNetwork, ManualClock } from '../src/testing/index.js'
import { patch, rig, snapshot, welcome } from './rig.js'

describe('the end of a connection', () => {
  it('a terminal close code ends the tries and says why; connect() starts again (security 5)', async () => {
    const { client, clock, network, up, greet } = rig()
    await up()
    network.last.drop(4500, 'the token has expired')
    expect(client.telemetry.get()).toMatchObject({
      phase: 'closed',
      fatal: { code: 'unauthorized', message: 'the token has expired' },
    })
    await clock.advance(600_000)
    expect(network.sockets).toHaveLength(1)
    await expect(client.command('jobs.cancel', { id: 'x' }, { key: 'k' })).rejects.toMatchObject({
      code: 'unauthorized',
    })
    client.connect()
    await greet({ subs: { main: 'resumed' } })
    expect(client.telemetry.get().phase).toBe('open')
    expect(client.telemetry.get().fatal).toBeUndefined()
  })

  it('close() ends it, and a later connect() begins anew (W1.1, W3.1, S3.25)', async () => {
    const { client, clock, network, up, greet } = rig()
    await up()
    const closes: unknown[] = []
    client.on('close', (close) => closes.push(close))
    client.close()
    client.close()
    expect([network.last.closed?.code, client.telemetry.get().phase, closes]).toEqual([
      1000,
      'closed',
      [{ code: 1000, reason: '' }],
    ])
    await clock.advance(60_000)
    expect([network.sockets.length, clock.pending]).toEqual([1, 0])
    client.connect()
    await greet({ subs: { main: 'resumed' } })
    network.last.drop()
    expect(client.telemetry.get().phase).toBe('waiting')
    await clock.advance(1000)
    expect(network.sockets).toHaveLength(3)
  })

  it('pause() and resume() keep what is shown, and a pause is no outage (S0.33)', async () => {
    const { client, clock, network, up, greet } = rig()
    await up({ n: 1 })
    client.pause()
    expect(client.telemetry.get()).toMatchObject({ phase: 'idle', paused: true, stale: true })
    await clock.advance(60_000)
    expect([network.sockets.length, client.state.get()]).toEqual([1, { n: 1 }])
    client.resume()
    await greet({ subs: { main: 'resumed' } })
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', paused: false, totalDowntimeMs: 0, connections: 2 })
  })

  it('a goaway is heard and obeyed', async () => {
    const { client, clock, network, up } = rig()
    await up()
    const heard: unknown[] = []
    client.on('goaway', ({ reason }) => heard.push(reason))
    network.last.receive({ type: 'goaway', reason: 'deploy', reconnectAfterMs: [4000, 6000] })
    network.last.drop(1001)
    expect([heard, client.telemetry.get().nextRetryAt]).toEqual([['deploy'], clock.now() + 5000])
  })

  it('retryNow() and setOnline() try at once; offline is a phase of waiting', async () => {
    const { client, clock, network, up } = rig()
    await up()
    network.last.drop()
    client.setOnline(false)
    expect(client.telemetry.get()).toMatchObject({ phase: 'offline' })
    await clock.advance(500)
    expect(network.sockets).toHaveLength(2)
    network.last.drop()
    client.setOnline(true)
    await clock.advance(0)
    expect([network.sockets.length, client.telemetry.get().phase]).toEqual([3, 'connecting'])
    network.last.drop()
    client.retryNow()
    await clock.advance(0)
    expect(network.sockets).toHaveLength(4)
  })
})

describe('heartbeat (S3.24, X12)', () => {
  it('answers the pings of the server', async () => {
    const { network, up, sent } = rig()
    await up()
    sent()
    network.last.receive({ type: 'ping', ts: 7 })
    expect(sent()).toEqual([{ type: 'pong', ts: 7 }])
  })

  it('notices a half-open socket within interval + timeout (W0.6, W1.6)', async () => {
    const { client, clock, network, up, sent } = rig()
    await up()
    await clock.advance(1000)
    expect(sent()).toMatchObject([{ type: 'ping' }])
    await clock.advance(13_999)
    expect([sent(), client.telemetry.get().phase]).toEqual([[expect.objectContaining({ type: 'ping' })], 'open'])
    await clock.advance(1)
    expect([client.telemetry.get().phase, network.last.closed?.code]).toEqual(['waiting', 4000])
    network.sockets[0]?.receive(snapshot({ n: 'late' }, 99))
    expect(client.position.get()?.version).toBe(1)
  })

  it('counts any frame as a sign of life, for an hour', async () => {
    const { client, clock, network, up, sent } = rig()
    await up()
    await clock.advance(1000)
    sent()
    for (let minute = 0; minute < 60 * 12; minute++) {
      await clock.advance(5000)
      network.last.receive(patch(1 + minute, 2 + minute))
    }
    expect([sent(), client.telemetry.get().phase, network.sockets.length]).toEqual([[], 'open', 1])
  })

  it('asks first when the machine has slept', async () => {
    const { client, clock, network, up, sent } = rig()
    await up()
    sent()
    await clock.sleep(3_600_000)
    expect([sent().length, client.telemetry.get().phase]).toEqual([1, 'open'])
    await clock.sleep(3_600_000)
    expect([sent().length, client.telemetry.get().phase]).toEqual([1, 'open'])
    network.last.receive({ type: 'ping', ts: 1 })
    expect([sent(), client.telemetry.get().phase]).toEqual([[{ type: 'pong', ts: 1 }], 'open'])
  })

  it('probe() asks now, once', async () => {
    const { client, up, sent } = rig()
    await up()
    sent()
    client.probe()
    client.probe()
    expect(sent()).toHaveLength(1)
  })
})

describe('a way on which compression fails (sync 1.8)', () => {
  const memory = (): {
    map: Map<string, string>
    storage: { getItem(key: string): string | null; setItem(key: string, value: string): void }
  } => {
    const map = new Map<string, string>()
    return {
      map,
      storage: { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value) },
    }
  }

  it('asks for none after two early deaths, and remembers it for 30 days once it works', async () => {
    const { map, storage } = memory()
    const { client, clock, network, greet } = rig({ storage })
    client.connect()
    for (let round = 0; round < 2; round++) {
      await greet({}, { compressed: true })
      network.last.drop(1006)
      expect(map.size).toBe(0)
      await clock.advance(5000)
    }
    expect(network.last.url).toBe('ws://board.test/ws?deflate=0')
    await greet()
    network.last.receive(snapshot({}))
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', compression: false })
    expect([...map.values()]).toEqual([String(clock.now() + 30 * 86_400_000)])
    const later = rig({ storage })
    later.client.connect()
    await later.clock.advance(0)
    expect(later.network.last.url).toMatch(/deflate=0$/)
  })

  it('does so at a message that is no JSON, but keeps compression that works', async () => {
    const { client, clock, network, greet } = rig()
    client.connect()
    for (let round = 0; round < 2; round++) {
      await greet({}, { compressed: true })
      expect(client.telemetry.get().compression).toBe(true)
      network.last.receive(snapshot({}), patch(1, 2), patch(2, 3), '\u0000')
      await clock.advance(5000)
    }
    expect(network.last.url).toMatch(/deflate=0$/)
    const other = rig()
    other.client.connect()
    for (let round = 0; round < 5; round++) {
      await other.greet({}, { compressed: true })
      other.network.last.receive(snapshot({}), patch(1, 2), patch(2, 3))
      other.network.last.drop(1006)
      await other.clock.advance(20_000)
    }
    expect(other.network.last.url).toBe('ws://board.test/ws')
  })

  it('does not mind a storage that throws', async () => {
    const storage = {
      getItem: (): string => {
        throw new Error('forbidden')
      },
      setItem: () => {},
    }
    const network = new FakeNetwork()
    const clock = new ManualClock()
    createClient({ url: 'http://h', storage, clock, WebSocket: network.WebSocket }).connect()
    await clock.advance(0)
    network.last.accept().receive(welcome())
    expect(network.last.url).toBe('ws://h/ws')
  })
})
