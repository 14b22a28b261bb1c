import { CallboardError } from './error.js'
import { request, requestJson } from './http.js'
import { sessions } from './internals.js'
import { startJob } from './jobs.js'
import { Session } from './session.js'
import { setupOf } from './setup.js'
import type { Client, ClientOptions } from './types.js'

/** Makes a mirror of the board at `options.url`. Nothing starts before `connect()`. */
export function createClient(options: ClientOptions): Client {
  const setup = setupOf(options)
  const session = new Session(setup)
  const { connection, commands, mirror } = session
  const does = (event: 'stop' | 'pause' | 'resume' | 'retry' | 'probe') => (): void => connection.dispatch(event)
  const client: Client = {
    connect() {
      if (!setup.WebSocket) {
        throw new CallboardError('unsupported', 'no WebSocket')
      }
      connection.dispatch('start')
    },
    close: does('stop'),
    pause: does('pause'),
    resume: does('resume'),
    retryNow: does('retry'),
    probe: does('probe'),
    setOnline: session.setOnline,
    ...mirror,
    logs: session.ring,
    telemetry: session.meter,
    serverConfig: session.serverConfig,
    welcome: session.welcome,
    command: commands.command,
    start: (kind, args, options = {}) => startJob(client, options.id ?? session.ids(), kind, args, options),
    job: (id) => mirror.jobs.item(id),
    http: (path, init) => requestJson(setup, path, init),
    fetch: (path, init) => request(setup, path, init),
    on: session.on,
  }
  sessions.set(client, session)
  return client
}
