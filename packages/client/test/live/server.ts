import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket as NodeWebSocket } from 'ws'

/** A running `callboard serve`. */
export interface Server {
  readonly url: URL
  readonly token: string
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts the binary and waits for its line of JSON. */
export async function startServer(binary: string, data: string): Promise<Server> {
  const child: ChildProcess = spawn(binary, ['serve', '--data', data, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const line = await Promise.race([
    once(createInterface(child.stdout as NodeJS.ReadableStream), 'line').then(([text]) => text as string),
    ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
  ])
  const { url, token } = JSON.parse(line) as { url: string; token: string }
  return {
    url: new URL(url),
    token,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A folder that goes with the test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'callboard-client-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A way to a server that can be cut. */
export interface Proxy {
  readonly port: number
  /** What came from the server so far, as it was on the wire. */
  bytes: number
  /** Where new connections lead. */
  target: URL
  /** While true, connections are refused. */
  isDown: boolean
  /** Cuts all connections, in the middle of whatever they carry. */
  cut(): void
  /** Cuts the next connection after so many bytes from the server. */
  cutNextAfter(bytes: number): void
  close(): Promise<void>
}

/**
 * The WebSocket of a client that comes through a proxy: the server, which may be another one by then, knows itself by its own
 * name and port (security 3.3).
 */
export function socketTo(server: () => Server): typeof WebSocket {
  return class extends NodeWebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers: { host: server().url.host } })
    }
  } as unknown as typeof WebSocket
}

export async function startProxy(target: URL): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let budget: number | undefined
  const server = createServer((near) => {
    if (proxy.isDown) return near.destroy()
    const far = connect(Number(proxy.target.port), proxy.target.hostname)
    const pair = [near, far] as const
    let left = budget
    budget = undefined
    pairs.add(pair)
    const cut = (): void => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.on('error', cut).on('close', cut)
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      proxy.bytes += bytes.length
      near.write(left === undefined ? bytes : bytes.subarray(0, left))
      if (left !== undefined && (left -= bytes.length) <= 0) setImmediate(cut)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: Proxy = {
    port: (server.address() as { port: number }).port,
    bytes: 0,
    target,
    isDown: false,
    cut() {
      for (const pair of [...pairs]) for (const socket of pair) socket.destroy()
    },
    cutNextAfter(bytes) {
      budget = bytes
    },
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
