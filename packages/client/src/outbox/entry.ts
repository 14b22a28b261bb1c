import type { ClientErrorCode } from '../error.js'
import type { CommandName, JsonValue } from '../protocol/index.js'

/** A command that is kept until the server has carried it out or refused it. */
export interface OutboxEntry {
  /** Names the entry; for a start also the job, and the key under which the server knows a repetition. */
  readonly id: string
  readonly name: CommandName
  readonly args: JsonValue
  /** When it was put in, epoch ms; entries are sent in this order. */
  readonly at: number
  /** Entries of one lane are carried out one after the other; those without one do not wait for each other. */
  readonly lane?: string
  /** Tries that the server has answered with an error that may pass. */
  readonly tries: number
  /** Why the last try failed. */
  readonly error?: { readonly code: ClientErrorCode; readonly message: string }
  /** The server will not have it, or not in `maxTries` tries. It stays until `retry` or `discard`. */
  readonly refused?: true
}
