/**
 * Whether the mirror is what it should be. A server that is asked for it says now and then what the checksum of the state at
 * some version is; a mirror that has another one went astray without anything being missing, and is made anew, once.
 */
import { sessions } from '../internals.js'
import { CallboardError } from '../error.js'
import { createStore, type Store } from '../store.js'
import type { ServerFrame, StatePosition } from '../protocol/index.js'
import type { Client, Collection, ReadableStore } from '../types.js'
import { checksum } from './checksum.js'

export { checksum } from './checksum.js'

/** What was compared so far. */
export interface CheckFacts {
  readonly checks: number
  /** Of these, how often the mirror was not what the server has. */
  readonly mismatches: number
  /** The version that was compared last. */
  readonly lastVersion?: number
}

/**
 * Asks for the checks, from the next connection on, so call it before `connect()`. A check reads the whole state: some 50 ms
 * at 10 000 jobs, every ten minutes at most.
 */
export function attachCheck(client: Client): ReadableStore<CheckFacts> {
  const session = sessions.get(client)
  if (!session) throw new CallboardError('unsupported', 'a check needs a client that was made by createClient')
  const facts: Store<CheckFacts> = createStore<CheckFacts>(Object.freeze({ checks: 0, mismatches: 0 }))
  let marked: (StatePosition & { readonly document: () => object }) | undefined

  const check = ({ epoch, version, sum }: Extract<ServerFrame, { type: 'state.check' }>): void => {
    const mine = client.position.get()
    if (sum === undefined) {
      // The sum takes the server a while: what we have now is kept, and costs nothing, for it is never changed.
      const isHere = mine?.epoch === epoch && mine.version === version
      marked = isHere ? { ...mine, document: documentOf(client) } : undefined
      return
    }
    if (marked?.epoch !== epoch || marked.version !== version) return
    const isSame = checksum(marked.document()) === sum
    marked = undefined
    const { checks, mismatches } = facts.get()
    facts.set(Object.freeze({ checks: checks + 1, mismatches: mismatches + (isSame ? 0 : 1), lastVersion: version }))
    if (!isSame) session.resync({ reason: 'checksum', from: 0, to: Infinity })
  }

  session.caps.push('check')
  const before = session.aside
  session.aside = (frame) => {
    if (frame.type !== 'state.check' || (frame.sub ?? 'main') !== 'main') return before(frame)
    check(frame)
    return true
  }
  return { get: facts.get, listen: facts.listen, subscribe: facts.subscribe }
}

/** The whole document as it is now; put together when it is asked for. */
function documentOf(client: Client): () => object {
  const state = client.state.get()
  const jobs = recordsOf(client.jobs)
  const results = recordsOf(client.results)
  return () => ({ ...state, jobs: jobs(), results: results() })
}

function recordsOf<T>(collection: Collection<T>): () => Readonly<Record<string, T>> {
  const ids = collection.ids()
  const records = collection.toArray()
  return () => Object.fromEntries(ids.map((id, index) => [id, records[index] as T]))
}
