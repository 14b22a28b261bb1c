import { CallboardError } from '../error.js'
import type { Accepted, Client, CommandName, CommandOptions, JsonValue } from '../index.js'

/** What a command's run needs beside its name. */
export type CommandRun = readonly [args: JsonValue, options?: CommandOptions]

/** The work of one command for a runner. */
export function send(
  client: Pick<Client, 'command'> | undefined,
  name: CommandName,
  signal: AbortSignal,
  [args, options]: CommandRun,
): Promise<Accepted> {
  if (!client) return Promise.reject(new CallboardError('offline', 'there is no client yet', { retryable: true }))
  return client.command(name, args, { ...options, signal })
}
