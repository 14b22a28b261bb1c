import type { Session } from './session.js'
import type { Client } from './types.js'

/** The session behind a client, for the package's other entries. Not part of the contract. */
export const sessions: WeakMap<Client, Session> = new WeakMap<Client, Session>()
