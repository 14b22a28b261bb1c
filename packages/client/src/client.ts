import { CallboardError } from './error.js'
import { request, requestJson } from './http.js'
import { startJob } from './jobs.js'
import { Session } from './session.js'
import { setupOf } from './setup.js'
import type { Client, ClientOptions } from './types.js'

/** Makes a mirror of the board at `options.url`. Nothing starts before `connect()`. */
export function createClient(options: ClientOptions): Client {
  const setup = setupOf(options)
  const session = new Session(setup)
  const { connection, commands, mirror } = session
  const client: Client = {
    connect() {
      if (!(setup.WebSocket ?? globalThis.WebSocket)) {
        throw new CallboardError('unsupported', 'no WebSocket here')
      }
      connection.dispatch('start')
    },
    close: () => connection.dispatch('stop'),
    pause: () => connection.dispatch('pause'),
    resume: () => connection.dispatch('resume'),
    retryNow: () => connection.dispatch('retry'),
    probe: () => connection.dispatch('probe'),
    setOnline: (online) => session.setOnline(online),
    state: mirror.state,
    jobs: mirror.jobs,
    results: mirror.results,
    position: mirror.position,
    logs: session.ring,
    telemetry: session.meter,
    serverConfig: session.serverConfig,
    welcome: session.welcome,
    command: (name, args, options) => commands.command(name, args, options),
    start: (kind, args, options = {}) => startJob(client, options.id ?? session.ids(), kind, args, options),
    job: (id) => mirror.jobs.item(id),
    http: (path, init) => requestJson(setup, path, init),
    fetch: (path, init) => request(setup, path, init),
    on: (event, f) => session.on(event, f),
  }
  return client
}
