import { createClient } from '../client.js'
import type { DispatchArgs } from '../protocol/index.js'
import type { Client, ClientOptions } from '../types.js'
import { FakeBoard, type FakeBoardOptions } from './board.js'
import { ManualClock } from './clock.js'

export interface TestBoardOptions extends Partial<FakeBoardOptions> {
  /** More of the client's options. */
  readonly client?: Partial<ClientOptions>
}

/** Everything that a test of something that uses a client needs. */
export interface TestBoard {
  readonly board: FakeBoard
  readonly client: Client
  readonly clock: ManualClock
  /** Lets so many ms pass, 100 unless given: enough for what was sent to arrive. */
  tick(ms?: number): Promise<void>
}

/**
 * A board and a client that is connected to it, on a clock that stands until it is moved. The board queues what is
 * dispatched and cancels what is cancelled; what runs and ends, the test says: `board.putJob({ id, state: 'running' })`.
 */
export async function createTestBoard(options: TestBoardOptions = {}): Promise<TestBoard> {
  const clock = new ManualClock()
  const board = new FakeBoard({ clock, ...options })
  board.commands.set('jobs.dispatch', (args) => {
    const { id, kind, args: given = {} } = args as unknown as DispatchArgs
    const job = board.putJob({ id: id ?? `job-${board.version}`, kind, args: given })
    return { id: job.id }
  })
  board.commands.set('jobs.cancel', (args) => {
    board.putJob({ id: (args as { id: string }).id, state: 'cancelled' })
    return undefined
  })
  const client = createClient({
    url: 'http://board.test',
    clock,
    random: () => 0.5,
    frame: (flush) => flush(),
    ...(options.token !== undefined && { token: options.token }),
    ...options.client,
    WebSocket: board.network.WebSocket,
  })
  const tick = (ms = 100): Promise<void> => clock.advance(ms)
  client.connect()
  await tick()
  return { board, client, clock, tick }
}
