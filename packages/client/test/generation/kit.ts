/** A backend that does what the test says, and a store on it. */
import { vi, type Mock } from 'vitest'
import {
  createGenerationStore,
  type ConnectionEvent,
  type ConnectionSnapshot,
  type GenerationBackend,
  type GenerationSink,
  type GenerationStore,
  type GenerationStoreOptions,
} from '../../src/generation/index.js'
import { ManualClock } from '../../src/testing/index.js'

export const NOW = '2023-11-14T22:13:20.000Z'

type Mocked = { readonly [K in Exclude<keyof GenerationBackend, 'url' | 'pause' | 'close'>]: Mock<GenerationBackend[K]> }
export interface FakeBackend extends Mocked {
  readonly url: string
  /** Where the store listens; nothing before `connect`. */
  sink: GenerationSink | undefined
  /** What was called, in order. */
  readonly calls: string[]
}

export function fakeBackend(url = 'http://one.test'): FakeBackend {
  const calls: string[] = []
  const says = <A extends unknown[], R>(name: string, f: (...args: A) => R): Mock<(...args: A) => R> =>
    vi.fn((...args: A) => {
      calls.push(name)
      return f(...args)
    })
  const backend: FakeBackend = {
    url,
    calls,
    sink: undefined,
    loadStatus: says('loadStatus', async () => ({ status: 'ready', queue_length: 2 })),
    loadJobs: says('loadJobs', async () => [] as unknown),
    loadResults: says('loadResults', async (_limit: number) => [] as unknown),
    start: says('start', async () => ({ job_id: 'b1', status: 'queued' })),
    cancel: says('cancel', async (_id: string) => undefined as unknown),
    deleteResult: says('deleteResult', async (_id: string | number) => undefined as unknown),
    connect: says('connect', (sink: GenerationSink) => {
      backend.sink = sink
    }),
    disconnect: says('disconnect', () => {
      backend.sink = undefined
    }),
    reconnect: says('reconnect', () => {}),
  }
  return backend
}

export interface Kit {
  readonly store: GenerationStore
  readonly backend: FakeBackend
  readonly clock: ManualClock
  readonly told: unknown[]
  readonly warned: string[]
}

export function kit(options: GenerationStoreOptions = {}): Kit {
  const [clock, backend, told, warned] = [new ManualClock(), fakeBackend(), [] as unknown[], [] as string[]]
  const notify = (...args: unknown[]): void => void told.push(args)
  const store = createGenerationStore({ clock, notify, warn: (text) => warned.push(text), unit: 'percent', ...options })
  return { store, backend, clock, told, warned }
}

export async function going(options: GenerationStoreOptions = {}): Promise<Kit> {
  const made = kit(options)
  await made.store.initialize({ backend: made.backend })
  return made
}

export function moment(event: ConnectionEvent, over: Partial<ConnectionSnapshot> = {}): ConnectionSnapshot {
  return {
    event,
    timestamp: NOW,
    url: 'ws://one.test/ws',
    connected: event === 'connect:success',
    reconnectAttempt: 0,
    consecutiveFailures: 0,
    nextRetryDelayMs: null,
    lastConnectedAt: null,
    lastDisconnectedAt: null,
    downtimeMs: null,
    ...over,
  }
}

export const ids = (store: GenerationStore): string[] => store.state.get().jobs.map(({ uiId }) => uiId)
