/**
 * Other WebSocket clients on the real server, compressed, joining while a shared chain is under way (design: sync 3): `ws`,
 * Node's own (undici) and Python's `websockets`; Chromium joins in Studio's walk-through. Runs when CALLBOARD_BIN names the
 * binary; CALLBOARD_PYTHON names a Python that has the package.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { createClient, type Client, type JsonValue } from '../src/index.js'
import { startServer, temporaryFolder, type Server } from './live/server.js'

const binary = process.env['CALLBOARD_BIN']
if (!binary) console.warn('SKIPPED: interop.test.ts needs the server; set CALLBOARD_BIN to the callboard binary')
const python = process.env['CALLBOARD_PYTHON'] ?? 'python3'
const hasPython = spawnSync(python, ['-c', 'import websockets.sync.client']).status === 0
if (!hasPython) console.warn(`SKIPPED: ${python} has no package "websockets"; set CALLBOARD_PYTHON to a Python that has it`)

const file = (name: string): string => fileURLToPath(new URL(`live/${name}`, import.meta.url))
/** Patches that each follows after it has joined: past two keyframes, which come every 64. */
const PATCHES = 150

interface Joiner {
  readonly name: string
  /** What it said when it had the state. */
  readonly begins: { readonly begins: number; readonly extensions: string }
  /** Its state at a version, and how many patches it took. */
  at(version: number): Promise<{ version: number; state: JsonValue; patches: number }>
}

describe.skipIf(!binary)('other clients, mid-chain', () => {
  const folder = temporaryFolder()
  let server: Server
  let clients: Client[]
  let writing = true
  let writer: Promise<void>

  beforeAll(async () => {
    server = await startServer(binary as string, folder.path)
    const WebSocket = NodeWebSocket as unknown as typeof globalThis.WebSocket
    // Several readers of one view: only then there is a chain.
    clients = [1, 2, 3].map(() => createClient({ url: server.url.href, token: server.token, WebSocket, logs: false }))
    for (const client of clients) client.connect()
    writer = write()
    await waitForPatches(40)
  }, 60_000)

  afterAll(async () => {
    writing = false
    await writer
    for (const client of clients) client.close()
    await server.kill()
    folder.remove()
  })

  /** Changes of all forms, one after the other. */
  async function write(): Promise<void> {
    for (let n = 0; writing; n++) {
      const client = clients[0] as Client
      const path = `/app.interop/k${n % 20}`
      const value = { n, text: `${n} Größe ${'ab'.repeat(n % 30)}`, list: [n, null, true] }
      if (client.telemetry.get().phase !== 'open') await new Promise((resolve) => setTimeout(resolve, 20))
      else if (n % 7 === 6) await client.command('state.delete', { path }).catch(() => {})
      else await client.command('state.set', { path, value })
    }
  }

  const patches = (): number => (clients[0] as Client).telemetry.get().patches

  async function waitForPatches(more: number): Promise<void> {
    const wanted = patches() + more
    while (patches() < wanted) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async function join(name: string, program: string, args: readonly string[]): Promise<Joiner> {
    const url = `${server.url.href.replace('http', 'ws').replace(/\/$/, '')}/ws`
    const child: ChildProcess = spawn(program, [...args, url, server.token], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]()
    const line = async <T>(): Promise<T> => {
      const { value, done } = (await lines.next()) as IteratorResult<string>
      if (done) throw new Error(`${name} ended with ${child.exitCode ?? (await once(child, 'exit'))[0]}`)
      return JSON.parse(value) as T
    }
    const begins = await line<Joiner['begins']>()
    return {
      name,
      begins,
      at: (version) => {
        child.stdin?.write(`${version}\n`)
        return line()
      },
    }
  }

  it(
    'read every patch, and have the state of the server in the end',
    async () => {
      const joiners: Joiner[] = []
      const ways: [string, string, string[]][] = [
        ['ws', process.execPath, [file('joiner.mjs'), 'ws']],
        ['undici', process.execPath, ['--experimental-websocket', '--no-warnings', file('joiner.mjs'), 'global']],
        ...(hasPython ? [['python', python, [file('joiner.py')]] as [string, string, string[]]] : []),
      ]
      for (const way of ways) {
        joiners.push(await join(...way))
        // The next one joins at another place of the chain.
        await waitForPatches(17)
      }
      await waitForPatches(PATCHES)
      writing = false
      await writer
      const { version, data } = await (clients[0] as Client).http<{ version: number; data: JsonValue }>('api/state')
      for (const { name, begins, at } of joiners) {
        const found = await at(version)
        expect([name, found.version, found.state]).toEqual([name, version, data])
        expect(found.patches, name).toBeGreaterThanOrEqual(PATCHES)
        console.log(`${name}: joined at ${begins.begins}, ${found.patches} patches, ${begins.extensions || 'not compressed'}`)
        expect(begins.extensions, name).toContain('permessage-deflate')
      }
      const metrics = await (await (clients[0] as Client).fetch('metrics')).text()
      const keyframes = Number(/^callboard_\S*keyframes\S* (\d+)$/m.exec(metrics)?.[1])
      expect(keyframes).toBeGreaterThanOrEqual(PATCHES / 64)
    },
    120_000,
  )
})
