/**
 * Parts of the state, each with a mirror of its own: what a page needs that shows a few things of a large board, at its own
 * pace. Views of the same paths share one subscription, which begins with the first of them and ends with the last.
 */
import { CallboardError } from '../error.js'
import { sessions } from '../internals.js'
import { sharedView } from './shared.js'
import type { Job, ResultRecord, StatePosition } from '../protocol/index.js'
import type { Client, Collection, JsonObject, ReadableStore } from '../types.js'

export interface ViewOptions {
  /** What is selected: pointers; a segment `*` stands for any, as in `/jobs/*\/progress`. */
  readonly paths: readonly string[]
  /** At least so many ms between two changes; what happens in between is folded into one. */
  readonly maxRateMs?: number | undefined
}

/** A part of the state. What lies on the way to something selected is there, with nothing but the selected in it. */
export interface View {
  /** The selected part of the document without `/jobs` and `/results`. `undefined` before the first snapshot. */
  readonly state: ReadableStore<JsonObject | undefined>
  /** What is selected of the jobs: only the members that the paths name. */
  readonly jobs: Collection<Partial<Job>>
  readonly results: Collection<Partial<ResultRecord>>
  readonly position: ReadableStore<StatePosition | undefined>
  /** What is shown may be old: not connected, or the state is on its way. */
  readonly stale: ReadableStore<boolean>
  /** Why the server does not serve it. It is asked again with the next connection. */
  readonly error: ReadableStore<CallboardError | undefined>
  /** Gives the view back; again does nothing. */
  close(): void
}

/** Opens a view. Nothing is asked for before the client is connected; `state: false` in its options leaves the whole away. */
export function openView(client: Client, options: ViewOptions): View {
  const session = sessions.get(client)
  if (!session) throw new CallboardError('unsupported', 'views need a client that was made by createClient')
  return sharedView(client, session, options)
}
