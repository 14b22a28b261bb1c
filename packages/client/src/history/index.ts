/** The state as it was: read from the board's journal, never changed. */
import { CallboardError } from '../error.js'
import { Mirror } from '../mirror.js'
import { equal, freezeDeep } from '../patch.js'
import type { Job, JsonValue, PatchOp, ResultRecord, StatePosition } from '../protocol/index.js'
import type { Client, Collection, JsonObject } from '../types.js'

/** One moment of the board. */
export interface PastState {
  readonly position: StatePosition
  /** The document without `/jobs` and `/results`. */
  readonly state: JsonObject
  readonly jobs: Collection<Job>
  readonly results: Collection<ResultRecord>
}

interface Answer extends StatePosition {
  readonly data: JsonValue
}

/** The state at a version. `unsupported` from a server that keeps no past, `not_found` for one that it has forgotten. */
export async function stateAt(client: Client, version: number, init?: RequestInit): Promise<PastState> {
  const { data, ...position } = await documentAt(client, version, init)
  const mirror = new Mirror()
  mirror.snapshot({ type: 'state.snapshot', epoch: position.epoch, stateVersion: version, data, reason: 'connect' })
  return Object.freeze({
    position: freezeDeep(position),
    state: mirror.state.get() as JsonObject,
    jobs: mirror.jobs,
    results: mirror.results,
  })
}

/** The operations that lead from one version to another; backwards too. */
export async function diff(client: Client, from: number, to: number, init?: RequestInit): Promise<readonly PatchOp[]> {
  const [before, after] = await Promise.all([documentAt(client, from, init), documentAt(client, to, init)])
  if (before.epoch !== after.epoch) throw new CallboardError('conflict', 'the board began another history meanwhile')
  return freezeDeep(changesBetween(before.data, after.data))
}

/** A server without time travel answers with the present: that is no answer. */
async function documentAt(client: Client, version: number, init: RequestInit | undefined): Promise<Answer> {
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new CallboardError('invalid_args', `version: expected a whole number, got ${version}`)
  }
  const answer = await client.http<Answer>(`api/state?at=${version}`, init)
  if (answer.version !== version) throw new CallboardError('unsupported', 'the server keeps no past of its state')
  return answer
}

/** Values are compared member by member; an array is a value and is replaced whole (design: sync 6). */
export function changesBetween(before: JsonValue, after: JsonValue, path: string = ''): PatchOp[] {
  if (equal(before, after)) return []
  if (!isObject(before) || !isObject(after)) return [{ op: 'replace', path, value: after }]
  const below = (key: string): string => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  const kept = Object.entries(after).flatMap(([key, value]): PatchOp[] =>
    Object.hasOwn(before, key)
      ? changesBetween(before[key] as JsonValue, value, below(key))
      : [{ op: 'add', path: below(key), value }],
  )
  return [...gone.map((key): PatchOp => ({ op: 'remove', path: below(key) })), ...kept]
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
