/** What every binding does. A driver per framework mounts a hook; the promises are written once. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Client, Collection, Job, LogRow, ReadableStore } from '../../src/index.js'
import type { ClientSource, Filter } from '../../src/binding/stores.js'
import type { AsyncOperation } from '../../src/operation/index.js'
import { FakeBoard, ManualClock, settle } from '../../src/testing/index.js'
import { createClient } from '../../src/index.js'
import { createStore } from '../../src/store.js'
import { job, patch, rig, type Rig } from '../rig.js'

type Maybe<T> = T | undefined

/** The hooks by name: arguments that may change, and what each shows. */
export interface Hooks {
  useStore: { args: [store: ReadableStore<unknown>]; shows: unknown }
  useClient: { args: [source: ClientSource]; shows: Maybe<Client> }
  useStatus: { args: [client: Maybe<Client>]; shows: ReturnType<Client['telemetry']['get']> }
  useSlice: { args: [client: Maybe<Client>, pointer: string]; shows: unknown }
  useJob: { args: [client: Maybe<Client>, id: string]; shows: Maybe<Job> }
  useRecord: { args: [collection: Maybe<Collection<Job>>, id: string]; shows: Maybe<Job> }
  useCollection: { args: [collection: Maybe<Collection<Job>>, filter?: Filter<Job>]; shows: readonly Job[] }
  useLogs: { args: [client: Maybe<Client>, filter?: Filter<LogRow>]; shows: readonly LogRow[] }
  useCommand: { args: [client: Maybe<Client>, name: string]; shows: Command }
}

/** What a command's hook gives, whatever its framework wraps it in. */
export interface Command {
  readonly operation: AsyncOperation
  run(args: never): Promise<AsyncOperation>
  cancel(): void
}

export interface Mounted<H extends keyof Hooks> {
  /** What is shown. */
  readonly value: Hooks[H]['shows']
  /** Each value that was shown, once. */
  readonly shown: readonly Hooks[H]['shows'][]
  /** How often the framework drew. */
  readonly draws: number
  update(...args: Hooks[H]['args']): Promise<void>
  unmount(): Promise<void>
}

export interface Driver {
  readonly name: string
  mount<H extends keyof Hooks>(hook: H, ...args: Hooks[H]['args']): Promise<Mounted<H>>
  /** Lets the framework draw what `change` changed. */
  act(change: () => unknown): Promise<void>
  /** What a server would show. */
  server<H extends keyof Hooks>(hook: H, ...args: Hooks[H]['args']): Promise<Hooks[H]['shows']>
}

/** A manager of one client that counts its leases. */
function lender(client: Client): ClientSource & { readonly leases: number; readonly given: number } {
  const counts = { leases: 0, given: 0 }
  return Object.assign(counts, {
    acquire() {
      counts.leases++
      counts.given++
      let isHeld = true
      return {
        client,
        release() {
          if (isHeld) counts.leases--
          isHeld = false
        },
      }
    },
  })
}

export function behaves(driver: Driver): void {
  describe(`the ${driver.name} binding`, () => {
    let made: Rig
    let version = 1
    const receive = (...ops: object[]): Promise<void> =>
      driver.act(() => void made.network.last.receive(patch(version, ++version, ...ops)))

    beforeEach(async () => {
      made = rig({ frame: (flush) => flush() })
      version = 1
      await made.up({ meta: { status: 'ready', 'a/b': 1 }, n: 1, jobs: { a: job('a'), b: job('b') } })
    })

    it('useClient leases from mount to unmount, also when mounted twice (S0.41)', async () => {
      const source = lender(made.client)
      const first = await driver.mount('useClient', source)
      const second = await driver.mount('useClient', source)
      expect([first.value, second.value, source.leases]).toEqual([made.client, made.client, 2])
      await first.unmount()
      expect(source.leases).toBe(1)
      await second.unmount()
      expect(source.leases).toBe(0)
      expect(source.given).toBeGreaterThanOrEqual(2)
    })

    it('useClient follows its manager to another client', async () => {
      const other = rig().client
      const client = createStore<Maybe<Client>>(made.client)
      let leases = 0
      const source: ClientSource = {
        client,
        acquire: () => {
          leases++
          return {
            get client() {
              return client.get() as Client
            },
            release: () => void leases--,
          }
        },
      }
      const mounted = await driver.mount('useClient', source)
      await driver.act(() => client.set(other))
      expect(mounted.value === other).toBe(true)
      await mounted.unmount()
      expect(leases).toBe(0)
    })

    it('connects nothing on a server, and shows what is there (S0.40)', async () => {
      const source = lender(made.client)
      expect([await driver.server('useClient', source), source.given]).toEqual([undefined, 0])
      expect(await driver.server('useJob', undefined, 'a')).toBeUndefined()
      expect(await driver.server('useCollection', undefined)).toEqual([])
      expect((await driver.server('useStatus', undefined)).phase).toBe('idle')
      expect(await driver.server('useSlice', made.client, '/n')).toBe(1)
    })

    it('useStatus is that of the connection, and idle without a client', async () => {
      const mounted = await driver.mount('useStatus', undefined)
      expect(mounted.value).toMatchObject({ phase: 'idle', stale: true })
      await mounted.update(made.client)
      expect(mounted.value.phase).toBe('open')
      await driver.act(() => made.network.last.drop())
      expect(mounted.value).toMatchObject({ phase: 'waiting', stale: true })
      await mounted.unmount()
    })

    it('useSlice draws again only when its part changes, and follows another pointer', async () => {
      const mounted = await driver.mount('useSlice', made.client, '/meta/status')
      const { draws } = mounted
      await receive({ op: 'replace', path: '/n', value: 2 })
      expect([mounted.value, mounted.draws]).toEqual(['ready', draws])
      await receive({ op: 'replace', path: '/meta/status', value: 'draining' })
      expect(mounted.value).toBe('draining')
      for (const [pointer, value] of [
        ['/meta/a~1b', 1],
        ['/none/of/this', undefined],
        ['/meta/toString', undefined],
        ['/meta', { status: 'draining', 'a/b': 1 }],
      ] as const) {
        await mounted.update(made.client, pointer)
        expect(mounted.value, pointer).toEqual(value)
      }
      await mounted.unmount()
    })

    it('useJob draws again only for its job, follows another id, and forgets one that is gone', async () => {
      const mounted = await driver.mount('useJob', made.client, 'a')
      const { draws } = mounted
      await receive({ op: 'replace', path: '/jobs/b/state', value: 'running' })
      expect(mounted.draws).toBe(draws)
      await receive({ op: 'replace', path: '/jobs/a/state', value: 'running' })
      await mounted.update(made.client, 'b')
      await receive({ op: 'replace', path: '/jobs/a/state', value: 'failed' })
      await receive({ op: 'remove', path: '/jobs/b' })
      expect(mounted.shown.map((shown) => shown && `${shown.id} ${shown.state}`)).toEqual([
        'a queued',
        'a running',
        'b running',
        undefined,
      ])
      await mounted.unmount()
    })

    it('shows what changed while nobody looked', async () => {
      const first = await driver.mount('useRecord', made.client.jobs, 'a')
      await first.unmount()
      await receive({ op: 'replace', path: '/jobs/a/state', value: 'running' })
      expect(first.shown.length).toBe(1)
      const second = await driver.mount('useRecord', made.client.jobs, 'a')
      expect(second.value?.state).toBe('running')
      await second.unmount()
    })

    it('useCollection draws again only when a record that its filter takes changes', async () => {
      const mounted = await driver.mount('useCollection', made.client.jobs, ({ state }) => state === 'queued')
      const all = await driver.mount('useCollection', made.client.jobs)
      expect([mounted.value.map(({ id }) => id), all.value]).toEqual([['a', 'b'], made.client.jobs.toArray()])
      await receive({ op: 'replace', path: '/jobs/b/state', value: 'running' })
      const { draws } = mounted
      await receive({ op: 'replace', path: '/jobs/b/state', value: 'failed' })
      expect([mounted.value.map(({ id }) => id), mounted.draws]).toEqual([['a'], draws])
      await receive({ op: 'add', path: '/jobs/c', value: job('c') })
      expect([mounted.value.length, all.value.length]).toEqual([2, 3])
      await mounted.unmount()
      await all.unmount()
    })

    it('useLogs shows the rows that its filter takes', async () => {
      const clock = new ManualClock()
      const board = new FakeBoard({ clock })
      const client = createClient({ url: 'http://board.test', clock, WebSocket: board.network.WebSocket, frame: (f) => f() })
      client.connect()
      await clock.advance(100)
      const mounted = await driver.mount('useLogs', client, (row) => 'message' in row && row.message !== 'noise')
      await driver.act(() => (board.log('one', 'noise', 'two'), clock.advance(100)))
      const messages = mounted.value.map((row) => ('message' in row ? row.message : 'gap'))
      expect(messages).toEqual(['one', 'two'])
      const { draws } = mounted
      await driver.act(() => (board.log('noise'), clock.advance(100)))
      expect(mounted.draws).toBe(draws)
      await mounted.unmount()
      client.close()
    })

    it('useCommand is a command in five states (S1.20)', async () => {
      const mounted = await driver.mount('useCommand', made.client, 'jobs.cancel')
      expect(mounted.value.operation.state).toBe('idle')
      const run = async (answer: object): Promise<void> => {
        await driver.act(() => void mounted.value.run({ id: 'a' } as never))
        expect(mounted.value.operation.state).toBe('pending')
        const [sent] = made.sent() as { id: string; name: string; args: unknown }[]
        expect(sent).toMatchObject({ name: 'jobs.cancel', args: { id: 'a' } })
        await driver.act(async () => {
          made.network.last.receive({ ...answer, id: sent?.id, re: sent?.id } as never)
          await settle()
        })
      }
      await run({ type: 'ack', ok: true, epoch: 'e1', version: 1 })
      expect(mounted.value.operation).toMatchObject({ state: 'success', data: { version: 1 } })
      await run({ type: 'error', code: 'not_found', message: 'no such job', retryable: false })
      expect(mounted.value.operation).toMatchObject({ state: 'error', error: { code: 'not_found' } })
      await driver.act(() => void mounted.value.run({ id: 'a' } as never))
      await driver.act(async () => (mounted.value.cancel(), await settle()))
      expect(mounted.value.operation.state).toBe('cancelled')
      await mounted.update(undefined, 'jobs.cancel')
      await driver.act(async () => void (await mounted.value.run({ id: 'a' } as never)))
      expect(mounted.value.operation).toMatchObject({ state: 'error', error: { code: 'offline' } })
      await mounted.unmount()
    })

    it('lets go of everything with its component', async () => {
      let listeners = 0
      const inner = createStore<unknown>(1)
      const store: ReadableStore<unknown> = {
        get: inner.get,
        listen: (f) => {
          const off = inner.listen(f)
          listeners++
          return () => (listeners--, off())
        },
        subscribe: (f) => {
          const off = store.listen(f)
          f(inner.get())
          return off
        },
      }
      const mounted = await driver.mount('useStore', store)
      expect(listeners).toBe(1)
      await driver.act(() => inner.set(2))
      await mounted.update(createStore<unknown>(3))
      expect([mounted.shown, listeners]).toEqual([[1, 2, 3], 0])
      await mounted.update(store)
      await mounted.unmount()
      await driver.act(() => inner.set(4))
      expect([listeners, mounted.value]).toEqual([0, 2])
    })
  })
}
