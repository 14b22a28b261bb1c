/**
 * What a view of one job saves on a large board (S3.6), against the real server, in bytes on the wire. Runs when CALLBOARD_BIN
 * names the binary.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runBulk } from '../src/bulk/index.js'
import { createClient, type Client, type ClientOptions, type Off, type ReadableStore } from '../src/index.js'
import { openView } from '../src/views/index.js'
import { socketTo, startProxy, startServer, temporaryFolder, type Proxy, type Server } from './live/server.js'

const binary = process.env['CALLBOARD_BIN']
const JOBS = 1_000
const RUNNING = 20
/** Patches over which it is measured how much the others cost. */
const PATCHES = 100

describe.skipIf(!binary)('a view of one job of a thousand', () => {
  const folder = temporaryFolder()
  const proxies: Proxy[] = []
  const clients: Client[] = []
  let server: Server

  beforeAll(async () => {
    server = await startServer(binary as string, folder.path)
  }, 60_000)

  afterAll(async () => {
    for (const client of clients) client.close()
    for (const proxy of proxies) await proxy.close()
    await server.kill()
    folder.remove()
  })

  /** A client on a way of its own, whose bytes are counted. */
  async function open(options: Partial<ClientOptions>): Promise<{ client: Client; proxy: Proxy }> {
    const proxy = await startProxy(server.url)
    const client = createClient({
      url: `http://127.0.0.1:${proxy.port}`,
      token: server.token,
      logs: false,
      WebSocket: socketTo(() => server),
      ...options,
    })
    proxies.push(proxy)
    clients.push(client)
    client.connect()
    await reached(client.telemetry, ({ phase }) => phase === 'open')
    return { client, proxy }
  }

  it('costs little at first, and less while the others move', async () => {
    const { client: starter } = await open({ state: false })
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString()
    const args = { prompt: 'northern lights over a quiet fjord', width: 640, height: 480, steps: 36, seed: 7 }
    await Promise.all(
      Array.from({ length: JOBS - RUNNING }, (_, n) =>
        starter.command('jobs.dispatch', { kind: 'echo', args: { ...args, n }, title: `picture ${n}`, scheduledAt }),
      ),
    )
    const napping = Array.from({ length: RUNNING }, (_, n) =>
      starter.command('jobs.dispatch', { kind: 'sleep', id: `nap-${n}`, args: { ms: 600_000, steps: 6_000 } }),
    )
    await Promise.all(napping)

    const whole = await open({})
    const part = await open({ state: false })
    const view = openView(part.client, { paths: ['/meta', '/summary', '/jobs/nap-0'] })
    await reached(view.stale, (isStale) => !isStale)
    const first = [whole.proxy.bytes, part.proxy.bytes] as const
    expect([whole.client.jobs.size, view.jobs.ids()]).toEqual([JOBS, ['nap-0']])

    const { patches } = whole.client.telemetry.get()
    await reached(whole.client.telemetry, (now) => now.patches >= patches + PATCHES)
    const later = [whole.proxy.bytes - first[0], part.proxy.bytes - first[1]] as const
    console.info(`one of ${JOBS} jobs: ${first.join(' and ')} bytes at first, ${later.join(' and ')} in ${PATCHES} patches`)
    expect(first[1] * 4).toBeLessThan(first[0])
    expect(later[1]).toBeLessThan(later[0])

    await runBulk(whole.client, 'cancel', 'kind:sleep')
    await reached(whole.client.job('nap-0'), (job) => job?.state === 'cancelled')
    await reached(view.jobs.item('nap-0'), (job) => job?.state === 'cancelled')
    expect(view.jobs.get('nap-0')).toEqual(whole.client.jobs.get('nap-0'))
  }, 120_000)
})

/** Resolves when a store is as wanted. */
async function reached<T>(store: ReadableStore<T>, isReached: (value: T) => boolean): Promise<void> {
  let off: Off | undefined
  await new Promise<void>((resolve) => {
    off = store.subscribe((value) => {
      if (isReached(value)) resolve()
    })
  })
  off?.()
}
