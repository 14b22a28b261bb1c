import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../src/index.js'
import { deadline, delayMs, happen, HEALTHY_MS, type Events, type Life, WELCOME_MS } from '../src/machine.js'
import { seeded } from './rig.js'

interface Script extends Life {
  time: number
  did: string[]
  /** Lets time pass until the next deadline and `late` ms more, then ticks. */
  tick(late?: number): void
  give<T extends keyof Events>(event: T, value?: Events[T]): string[]
  /** Opens, and sends the first ping unless told otherwise. */
  connect(): void
}

function script(config: Partial<Life['config']> = {}, random = () => 0.5): Script {
  const life: Script = {
    phase: { name: 'idle' },
    attempt: 0,
    failures: 0,
    suspicions: 0,
    uncompressed: false,
    config: { ...defaultConfig.ws, ...config },
    time: 1000,
    did: [],
    now: () => life.time,
    random,
    open: () => life.did.push(life.uncompressed ? 'open uncompressed' : 'open'),
    ping: () => life.did.push('ping'),
    down: (code, _reason, failed) => life.did.push(`down ${code}${failed ? ' failed' : ''}`),
    give(event, value) {
      life.did = []
      happen(life, event, value as never)
      return life.did
    },
    tick(late = 0) {
      life.time = deadline(life.phase) + late
      life.give('tick')
    },
    connect() {
      life.give('start')
      life.give('welcomed')
      life.tick()
      life.time = (life.phase as { since: number }).since
      life.did = []
    },
  }
  return life
}
const drop = (code = 1006): Events['lost'] => ({ code, reason: '' })
const waits = (life: Script): number => deadline(life.phase) - life.time

describe('the connection machine', () => {
  it('M1 goes on trying after any number of drops and failures (W3.1, X16)', () => {
    const life = script()
    life.connect()
    for (let round = 0; round < 200; round++) {
      expect(life.give('lost', drop([1000, 1001, 1006, 1011, 1013, 4000, 4499][round % 7]))[0]).toMatch(
        /^down \d+ failed$/,
      )
      expect(life.phase.name).toBe('waiting')
      life.tick()
      expect([life.did, life.phase.name]).toEqual([['open'], 'connecting'])
      if (round % 3 === 0) life.give('welcomed')
    }
  })

  it('M1 stops at a terminal code, and starts again when asked', () => {
    for (const code of [4500, 4501, 4502, 4503, 4999]) {
      const life = script()
      life.connect()
      life.give('lost', { code, reason: 'why' })
      expect(life.phase).toEqual({ name: 'closed', fatal: { code, reason: 'why' } })
      expect([life.give('retry'), life.give('resume'), life.give('tick')]).toEqual([[], [], []])
      expect(life.give('start')).toEqual(['open'])
    }
  })

  it('M1 stops when the server does not want clients to connect again', () => {
    const life = script({ reconnectEnabled: false })
    life.connect()
    life.give('lost', drop())
    expect(life.phase).toEqual({ name: 'closed' })
  })

  it('M2 pings within a second whatever is received, and does not give up over that ping (S3.24)', () => {
    const life = script()
    life.give('start')
    life.give('welcomed')
    life.time += 900
    life.give('frame')
    expect(waits(life)).toBe(100)
    life.tick()
    expect([life.did, waits(life)]).toEqual([['ping'], 9000])
    const quick = script({ heartbeatIntervalMs: 300 })
    quick.give('start')
    quick.give('welcomed')
    expect(waits(quick)).toBe(300)
    quick.tick()
    expect([quick.did, waits(quick)]).toEqual([['ping'], 5000])
  })

  it('M2 pings after silence, is dead after more of it, and any frame is a sign of life (X12, W1.6)', () => {
    const life = script()
    life.connect()
    expect(waits(life)).toBe(10_000)
    life.time += 4000
    life.give('frame')
    expect(waits(life)).toBe(10_000)
    life.tick()
    expect([life.did, waits(life)]).toEqual([['ping'], 5000])
    life.time += 1000
    expect([life.give('probe'), waits(life)]).toEqual([[], 4000])
    life.give('frame')
    expect(waits(life)).toBe(10_000)
    life.tick()
    life.tick()
    expect(life.did).toEqual(['down 4000 failed'])
    expect(life.phase.name).toBe('waiting')
  })

  it('M2 works with a timeout longer than the interval (X12)', () => {
    const life = script({ heartbeatIntervalMs: 1000, heartbeatTimeoutMs: 5000 })
    life.give('start')
    life.give('welcomed')
    life.tick()
    expect([life.did, waits(life)]).toEqual([['ping'], 5000])
    life.tick()
    expect(life.did).toEqual(['down 4000 failed'])
  })

  it('M3 asks once more when its timer came late, and only once', () => {
    const life = script()
    life.connect()
    life.tick(60_000)
    expect(life.did).toEqual(['ping'])
    life.tick(60_000)
    expect([life.did, waits(life)]).toEqual([['ping'], 5000])
    life.tick(60_000)
    expect(life.did).toEqual(['down 4000 failed'])
  })

  it('M3 goes on when the late probe is answered', () => {
    const life = script()
    life.connect()
    life.tick(60_000)
    life.tick(60_000)
    life.give('frame')
    expect([life.phase.name, waits(life)]).toEqual(['open', 10_000])
    life.tick()
    life.tick(60_000)
    expect(life.did).toEqual(['ping'])
  })

  it('M4 waits in [0, min] after a plain drop, then ever longer within [min, max] (S3.23)', () => {
    const life = script()
    life.connect()
    life.give('lost', drop())
    expect(waits(life)).toBe(500)
    const delays: number[] = []
    for (let round = 0; round < 8; round++) {
      life.tick()
      life.give('lost', drop())
      delays.push(waits(life))
    }
    expect(delays).toEqual([1800, 3240, 5832, 10498, 15000, 15000, 15000, 15000])
  })

  it('M4 waits at least min after a failed try or an overload', () => {
    const life = script({}, () => 0)
    life.give('start')
    life.give('lost', drop())
    expect(waits(life)).toBe(1000)
    const other = script({}, () => 0)
    other.connect()
    other.give('lost', drop(1013))
    expect(waits(other)).toBe(1000)
  })

  it('M4 spreads delays, also the longest, and keeps within the bounds', () => {
    const below = seeded(3)
    const config = defaultConfig.ws
    const longest = new Set<number>()
    for (let round = 0; round < 2000; round++) {
      const failures = below(2000)
      const delay = delayMs({ failures, config, random: () => below(1000) / 1000 })
      expect(delay).toBeGreaterThanOrEqual(config.reconnectMinMs)
      expect(delay).toBeLessThanOrEqual(config.reconnectMaxMs)
      if (failures > 10) longest.add(delay)
    }
    expect(longest.size).toBeGreaterThan(300)
  })

  it('M5 begins the delays anew after 30 s of health, not before', () => {
    const life = script()
    life.connect()
    for (const [health, expected] of [
      [0, 500],
      [HEALTHY_MS - 1, 1800],
      [10, 3240],
      [HEALTHY_MS, 500],
      [10, 1800],
    ] as const) {
      life.time += health
      life.give('lost', drop())
      expect(waits(life)).toBe(expected)
      life.tick()
      life.give('welcomed')
    }
  })

  it('M5 begins the delays anew when somebody asks for a try', () => {
    const life = script()
    life.give('start')
    for (let round = 0; round < 5; round++) {
      life.give('lost', drop())
      life.tick()
    }
    life.give('lost', drop())
    expect(life.give('retry')).toEqual(['open'])
    life.give('lost', drop())
    expect(waits(life)).toBe(1000)
  })

  it('M6 opens nothing by itself while idle, paused or closed', () => {
    for (const way of ['idle', 'paused', 'closed'] as const) {
      const life = script()
      if (way !== 'idle') life.connect()
      if (way === 'paused') expect(life.give('pause')).toEqual(['down 1000'])
      if (way === 'closed') expect(life.give('stop')).toEqual(['down 1000'])
      expect(deadline(life.phase)).toBe(Infinity)
      for (const event of ['tick', 'retry', 'probe', 'frame', 'welcomed'] as const) expect(life.give(event)).toEqual([])
      expect(life.give('lost', drop())).toEqual([])
      expect(life.phase.name).toBe(way)
    }
  })

  it('M6 goes on after resume, and pauses from waiting and connecting as well', () => {
    const life = script()
    life.connect()
    life.give('lost', drop())
    life.give('pause')
    expect(life.phase.name).toBe('paused')
    expect(life.give('resume')).toEqual(['open'])
    expect(life.give('pause')).toEqual(['down 1000'])
    expect(life.give('start')).toEqual(['open'])
  })

  it('M7 comes back in the window that the server named', () => {
    const life = script()
    life.connect()
    life.give('goaway', [2000, 4000])
    life.time += 1000
    life.give('lost', drop(1001))
    expect(waits(life)).toBe(2000)
  })

  it('M7 leaves by itself when the time has come', () => {
    const life = script()
    life.connect()
    life.give('goaway', [2000, 4000])
    life.tick()
    expect(life.time).toBe(4000)
    expect([life.did, life.phase.name]).toEqual([['down 1000', 'open'], 'connecting'])
  })

  it('gives a try up that gets no welcome', () => {
    const life = script()
    life.give('start')
    expect(waits(life)).toBe(WELCOME_MS)
    life.tick()
    expect([life.did, life.phase.name, life.attempt]).toEqual([['down 4001 failed'], 'waiting', 1])
  })

  it('changes between compressed and not after two suspicious deaths in a row (sync 1.8)', () => {
    const life = script()
    const die = (suspicious: boolean): void => {
      life.give('lost', { ...drop(), suspicious })
      life.tick()
    }
    life.connect()
    die(true)
    die(false)
    die(true)
    expect(life.did).toEqual(['open'])
    die(true)
    expect(life.did).toEqual(['open uncompressed'])
    die(true)
    die(true)
    expect(life.did).toEqual(['open'])
  })
})
