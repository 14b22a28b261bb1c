import { describe, expect, it, vi } from 'vitest'
import { createGovernor, createManager, environmentOf, type Governed, type Manager, type ManagerOptions } from '../src/manager/index.js'
import { createStore } from '../src/store.js'
import { FakeNetwork, ManualClock, settle } from '../src/testing/index.js'
import { snapshot, welcome } from './rig.js'

/** A window whose visibility and network are set by the test. */
class Host extends EventTarget {
  readonly navigator = { onLine: true }
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  listening = 0

  constructor() {
    super()
    for (const target of [this, this.document]) {
      const { addEventListener, removeEventListener } = target
      target.addEventListener = (...args) => (this.listening++, addEventListener.apply(target, args as never))
      target.removeEventListener = (...args) => (this.listening--, removeEventListener.apply(target, args as never))
    }
  }

  online(isOnline: boolean): void {
    this.navigator.onLine = isOnline
    this.dispatchEvent(new Event(isOnline ? 'online' : 'offline'))
  }

  show(isVisible: boolean): void {
    this.document.visibilityState = isVisible ? 'visible' : 'hidden'
    this.document.dispatchEvent(new Event('visibilitychange'))
  }
}

interface Rig {
  readonly manager: Manager
  readonly clock: ManualClock
  readonly network: FakeNetwork
  readonly host: Host
  greet(): Promise<void>
}
function managed(options: Partial<ManagerOptions> = {}): Rig {
  const [clock, network, host] = [new ManualClock(), new FakeNetwork(), new Host()]
  const manager = createManager({
    url: 'http://one.test',
    clock,
    host: host as never,
    random: () => 0.5,
    WebSocket: network.WebSocket,
    ...options,
  })
  const greet = async (): Promise<void> => {
    await clock.advance(0)
    network.last.accept().receive(welcome(), snapshot({ jobs: {} }))
    await settle()
  }
  return { manager, clock, network, host, greet }
}

describe('a manager (S0.41)', () => {
  it('does nothing before somebody acquires, and reading it starts nothing (S0.40)', async () => {
    const { manager, clock, network, host } = managed()
    expect([manager.client.get(), manager.consumers, manager.historyLimit.get()]).toEqual([undefined, 0, 10])
    await clock.advance(60_000)
    expect([network.sockets.length, clock.pending, host.listening]).toEqual([0, 0, 0])
  })

  it('gives all the same client, and lets go of it after the last and the linger', async () => {
    const { manager, clock, network, host, greet } = managed()
    const [one, two] = [manager.acquire(), manager.acquire()]
    await greet()
    await Promise.all([one.ready(), two.ready()])
    expect([one.client === two.client, network.sockets.length, manager.consumers]).toEqual([true, 1, 2])
    one.release()
    one.release()
    await clock.advance(10_000)
    expect([manager.consumers, one.client.telemetry.get().phase]).toEqual([1, 'open'])
    two[Symbol.dispose]()
    await clock.advance(4_999)
    expect(two.client.telemetry.get().phase).toBe('open')
    await clock.advance(1)
    expect([two.client.telemetry.get().phase, manager.client.get(), host.listening]).toEqual(['closed', undefined, 0])
    expect(clock.pending).toBe(0)
  })

  it('keeps the connection over a remount, and makes another one after the linger', async () => {
    const { manager, clock, network, greet } = managed()
    const first = manager.acquire()
    await greet()
    first.release()
    await clock.advance(3_000)
    const again = manager.acquire()
    await clock.advance(6_000)
    expect([again.client === first.client, network.sockets.length]).toEqual([true, 1])
    again.release()
    await clock.advance(5_000)
    const later = manager.acquire()
    await clock.advance(0)
    expect([later.client === first.client, network.sockets.length]).toEqual([false, 2])
  })

  it('shares one start among all who wait; a failure reaches them all, and can be tried again (S0.42)', async () => {
    const { manager, clock, network, greet } = managed()
    const [one, two] = [manager.acquire(), manager.acquire()]
    const both = Promise.allSettled([one.ready(), two.ready()])
    await clock.advance(0)
    network.last.accept().drop(4500, 'no such token')
    expect(await both).toMatchObject([{ reason: { message: 'no such token' } }, { reason: { message: 'no such token' } }])
    const again = one.ready()
    await greet()
    await again
    expect([one.client.telemetry.get().phase, network.sockets.length]).toEqual(['open', 2])
  })

  it('does not try for ever for nobody, where the board is away', async () => {
    const { manager, clock, network } = managed()
    const lease = manager.acquire()
    await clock.advance(0)
    network.last.drop()
    lease.release()
    await clock.advance(5_000)
    expect([manager.client.get(), clock.pending]).toEqual([undefined, 0])
  })

  it('counts readers, who start nothing (S0.43)', async () => {
    const { manager, clock, network, greet } = managed()
    const reader = manager.acquire({ readOnly: true })
    await clock.advance(1_000)
    expect([network.sockets.length, manager.consumers]).toEqual([0, 1])
    const user = manager.acquire()
    await greet()
    user.release()
    await clock.advance(9_000)
    expect(reader.client.telemetry.get().phase).toBe('open')
    reader.release()
    await clock.advance(5_000)
    expect(reader.client.telemetry.get().phase).toBe('closed')
  })

  it('tells all consumers, as info unless told otherwise', () => {
    const { manager } = managed()
    const heard: unknown[] = []
    const lease = manager.acquire({ notify: (...args) => heard.push(['one', ...args]) })
    manager.acquire({ notify: (...args) => heard.push(['two', ...args]) })
    manager.notify('hello')
    lease.release()
    manager.notify('bye', 'success')
    expect(heard).toEqual([['one', 'hello', 'info'], ['two', 'hello', 'info'], ['two', 'bye', 'success']])
  })

  it('has a history of 50 while anybody shows it, else of 10 (S0.44)', () => {
    const { manager } = managed()
    const limits: number[] = []
    manager.historyLimit.listen((limit) => limits.push(limit))
    const [one, two] = [manager.acquire(), manager.acquire()]
    manager.acquire({ autoSync: false, showsHistory: true })
    manager.acquire({ autoSync: { history: false }, showsHistory: true })
    expect(limits).toEqual([])
    one.showHistory(true)
    two.showHistory(true)
    one.release()
    two.showHistory(false)
    expect(limits).toEqual([50, 10])
  })

  it('follows the address while anybody wants that (S0.45)', async () => {
    const url = createStore('http://one.test')
    const { manager, clock, network, greet } = managed({ url })
    const lease = manager.acquire()
    await greet()
    const first = lease.client
    url.set('http://two.test')
    await clock.advance(0)
    expect([first.telemetry.get().phase, network.last.url]).toEqual(['closed', 'ws://two.test/ws'])
    await greet()
    expect([lease.client === first, lease.client.telemetry.get().phase]).toEqual([false, 'open'])
    manager.acquire({ autoSync: { url: false } })
    lease.release()
    url.set('http://three.test')
    await clock.advance(0)
    expect(network.last.url).toBe('ws://two.test/ws')
  })
})

describe('pausing with the environment (S0.33, S0.46)', () => {
  it('is off unless asked for: a hidden page stays connected', async () => {
    const { manager, clock, host, greet } = managed()
    const { client } = manager.acquire()
    await greet()
    host.show(false)
    await clock.advance(1)
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', paused: false })
  })

  it('pauses while hidden or offline, and goes on when no reason is left', async () => {
    const { manager, clock, network, host, greet } = managed({ pauseWhenHidden: true, pauseWhenOffline: true })
    const { client } = manager.acquire()
    await greet()
    host.show(false)
    expect(client.telemetry.get()).toMatchObject({ paused: true, stale: true })
    host.online(false)
    host.show(true)
    await clock.advance(60_000)
    expect([client.telemetry.get().paused, network.sockets.length]).toEqual([true, 1])
    host.online(true)
    await greet()
    expect(client.telemetry.get()).toMatchObject({ phase: 'open', paused: false, connections: 2 })
  })

  it('is applied once it is going, by force, and not twice', async () => {
    const pause = vi.fn()
    const host = new Host()
    host.show(false)
    let go = (): void => {}
    const governed: Governed<object> = {
      open: () => ({}),
      start: () => new Promise((resolve) => (go = resolve)),
      close: () => {},
      pause,
    }
    const governor = createGovernor({ governed, url: 'x', lingerMs: 0, environment: environmentOf(host as never) })
    const lease = governor.acquire()
    const ready = lease.ready()
    host.show(true)
    host.show(false)
    expect([pause.mock.calls.length, host.listening]).toEqual([0, 0])
    go()
    await ready
    host.document.dispatchEvent(new Event('visibilitychange'))
    expect(pause.mock.calls).toEqual([[lease.value, ['document-hidden']]])
    host.show(true)
    expect(pause.mock.calls[1]).toEqual([lease.value, []])
    lease.release()
    await settle()
    expect(host.listening).toBe(0)
  })

  it('waits for a start that is under way before it closes (S0.43)', async () => {
    const did: string[] = []
    let go = (): void => {}
    const governed: Governed<object> = {
      open: () => ({}),
      start: () => new Promise((resolve) => (go = () => (did.push('started'), resolve()))),
      close: () => did.push('closed'),
    }
    const governor = createGovernor({ governed, url: 'x', lingerMs: 0, environment: environmentOf(undefined) })
    const lease = governor.acquire()
    const ready = lease.ready()
    lease.release()
    await settle()
    expect(did).toEqual([])
    go()
    await ready
    await settle()
    expect(did).toEqual(['started', 'closed'])
  })
})
