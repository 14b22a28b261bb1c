/** The real server, started as a person would, and the API as a script would use it. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from './until.mjs'

const START_MS = 20_000

/** A server on its own data folder. `kill()` is `kill -9`; `start()` after it takes the same port and data. */
export class Server {
  #bin
  #more
  #child
  #port = 0
  #log = []
  data = mkdtempSync(join(tmpdir(), 'callboard-e2e-'))

  /**
   * @param {string} bin the `callboard` binary
   * @param {readonly string[]} more further arguments of `serve`
   */
  constructor(bin, more = []) {
    this.#bin = bin
    this.#more = more
  }

  /** Starts it; afterwards `url`, `launchUrl` and `token` are set. */
  async start() {
    const args = ['serve', '--data', this.data, '--port', String(this.#port), '--json', ...this.#more]
    const child = spawn(this.#bin, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stderr.on('data', (text) => this.#log.push(String(text)))
    const ready = await Promise.race([
      firstLine(child.stdout),
      once(child, 'exit').then(([code]) => fail(`the server left with ${code}:\n${this.#log.join('')}`)),
      once(child, 'error').then(([error]) => fail(`the server cannot be started: ${error.message}`)),
      later(START_MS).then(() => fail(`the server was not ready in ${START_MS} ms:\n${this.#log.join('')}`)),
    ])
    Object.assign(this, JSON.parse(ready))
    this.#port = Number(new URL(this.url).port)
    return this
  }

  /** Ends it as a power cut would. */
  async kill() {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** A token with a role, put where the server keeps its own; it is read at the next start. */
  grant(name, role) {
    const file = join(this.data, 'tokens.json')
    const token = randomBytes(32).toString('hex')
    const hash = createHash('sha256').update(token).digest('hex')
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const kept = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify([...kept, { hash, role, name, expiresAt }]))
    return token
  }

  /** Ends it and removes its data. */
  async close() {
    await this.kill()
    rmSync(this.data, { recursive: true, force: true })
  }

  /** What it wrote to its standard error. */
  get log() {
    return this.#log.join('')
  }

  /** One request of the API; an answer other than 2xx throws. */
  async api(path, init = {}) {
    const response = await fetch(new URL(path, this.url), {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...init.headers },
    })
    const body = await response.json()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${body.message}`)
    return body
  }

  /** One command; its answer. */
  command(name, args) {
    return this.api(`api/commands/${name}`, { method: 'POST', body: JSON.stringify(args) })
  }

  /** Starts a job; its id. */
  async dispatch(kind, args, more = {}) {
    return (await this.command('jobs.dispatch', { kind, args, ...more })).result.id
  }

  /** A job's record. */
  job(id) {
    return this.api(`api/jobs/${id}`)
  }

  /** Waits until a job is in one of these states. */
  jobIs(id, ...states) {
    return until(`job ${id} is ${states.join(' or ')}`, async () => {
      const job = await this.job(id)
      return states.includes(job.state) ? job : undefined
    })
  }
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line
  return new Promise(() => undefined)
}

function later(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function fail(message) {
  throw new Error(message)
}
