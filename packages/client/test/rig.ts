/** A client on a fake network and a manual clock, and the frames that a server says most. */
import {
  createClient,
  defaultConfig,
  type Client,
  type ClientOptions,
  type Job,
  type ServerFrame,
  type Welcome,
} from '../src/index.js'
import { FakeNetwork, ManualClock } from '../src/testing/index.js'

export interface Rig {
  readonly client: Client
  readonly clock: ManualClock
  readonly network: FakeNetwork
  /** Opens the newest socket and greets; the state is still to come. */
  greet(welcome?: Partial<Welcome>, how?: { compressed?: boolean }): Promise<void>
  /** The same, with a snapshot of version 1 unless given. */
  up(data?: object, version?: number): Promise<void>
  /** What the client sent on the newest socket, without hellos. */
  sent(): unknown[]
}

/** Randomness in the middle: no jitter, and a plain drop waits half of the least delay. */
export function rig(options: Partial<ClientOptions> = {}): Rig {
  const clock = new ManualClock()
  const network = new FakeNetwork()
  const client = createClient({
    url: 'http://board.test',
    clock,
    random: () => 0.5,
    WebSocket: network.WebSocket,
    ...options,
  })
  const greet: Rig['greet'] = async (over = {}, how = {}) => {
    await clock.advance(0)
    network.last.accept(how).receive(welcome(over))
  }
  return {
    client,
    clock,
    network,
    greet,
    async up(data = { jobs: {} }, version = 1) {
      client.connect()
      await greet({ version })
      network.last.receive(snapshot(data, version))
    },
    sent: () => network.last.take().filter((frame) => frame.type !== 'hello'),
  }
}

export function welcome(over: Partial<Welcome> = {}): Welcome {
  return {
    type: 'welcome',
    protocol: 1,
    server: { name: 'fake', version: '0', node: 'n1' },
    session: 's1',
    role: 'admin',
    epoch: 'e1',
    version: 1,
    serverTime: '2026-11-21T09:00:00Z',
    serverConfig: defaultConfig,
    limits: { maxMessageBytes: 1 << 20, maxInflight: 64, maxSubs: 1 },
    subs: { main: 'snapshot' },
    ...over,
  }
}

export function snapshot(data: object, stateVersion = 1, epoch = 'e1'): ServerFrame {
  return { type: 'state.snapshot', epoch, stateVersion, data: data as never, reason: 'connect' }
}

export function patch(fromVersion: number, toVersion: number, ...ops: object[]): ServerFrame {
  return { type: 'state.patch', epoch: 'e1', fromVersion, toVersion, patch: ops as never }
}

export function job(id: string, over: Partial<Job> = {}): Job {
  return {
    id,
    kind: 'echo',
    queue: 'default',
    state: 'queued',
    priority: 0,
    title: id,
    args: {},
    attempt: 0,
    maxAttempts: 1,
    createdAt: '2026-11-21T09:00:00Z',
    createdBy: 'me',
    ...over,
  }
}

/** A generator with a seed, so that a failure can be had again (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below) | 0
  }
}
