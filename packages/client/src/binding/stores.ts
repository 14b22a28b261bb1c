/** What the three bindings show, as stores. A binding only adapts `get` and `listen` to its framework (STYLE 21). */
import { Emitter, nothing, readable } from '../store.js'
import { initial } from '../telemetry.js'
import type { Client, Collection, JsonValue, Off, ReadableStore, Telemetry } from '../index.js'

/** Something that lends a client: it connects for the first who asks and closes after the last. A manager is one. */
export interface ClientSource {
  acquire(): { readonly client: Client; release(): void }
  /** The client at present, when that can become another one. */
  readonly client?: ReadableStore<Client | undefined>
}

/** Whether a record or row is shown. */
export type Filter<T> = (item: T) => boolean

const never = (): Off => nothing
const none: readonly never[] = Object.freeze([])
const absent: ReadableStore<undefined> = /* @__PURE__ */ readable(() => undefined, never)
/** What is known of a connection that was never made. */
const idle: ReadableStore<Telemetry> = /* @__PURE__ */ readable(() => initial, never)

/** A client, leased while somebody listens and no longer: on a server, where nobody listens, there is none (S0.41). */
export function leased(source: ClientSource): ReadableStore<Client | undefined> {
  const emitter = new Emitter<Client | undefined>()
  let lease: ReturnType<ClientSource['acquire']> | undefined
  let off: Off | undefined
  const get = (): Client | undefined => lease?.client
  return readable(get, (f) => {
    const leave = emitter.listen(f)
    lease ??= source.acquire()
    off ??= source.client?.listen(() => emitter.emit(get()))
    return () => {
      leave()
      if (emitter.size) return
      lease?.release()
      off?.()
      lease = off = undefined
    }
  })
}

/** The facts of the connection; those of an idle one without a client. */
export function statusOf(client: Pick<Client, 'telemetry'> | undefined): ReadableStore<Telemetry> {
  return client?.telemetry ?? idle
}

/** The value at a JSON pointer into the state; `''` is all of it. `undefined` where there is none. */
export function sliceOf(
  client: Pick<Client, 'state'> | undefined,
  pointer: string,
): ReadableStore<JsonValue | undefined> {
  if (!client) return absent
  const path = pointer.split('/').slice(1)
  const keys = path.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  return distinct(
    () => keys.reduce(member, client.state.get()),
    (f) => client.state.listen(f),
  )
}

export function jobOf(client: Pick<Client, 'job'> | undefined, id: string): ReturnType<Client['job']> {
  return client?.job(id) ?? absent
}

export function recordOf<T>(collection: Collection<T> | undefined, id: string): ReadableStore<T | undefined> {
  return collection?.item(id) ?? absent
}

/** Many things in an order: a collection, or the log. */
export interface List<T> {
  toArray(): readonly T[]
  listen(f: () => void): Off
}

/** The things that `filter` takes. */
export function recordsOf<T>(list: List<T> | undefined, filter?: Filter<T>): ReadableStore<readonly T[]> {
  const select = createSelect<T>()
  return distinct(
    () => select(list, filter),
    (f) => list?.listen(f) ?? nothing,
  )
}

/** Filters, and gives the array of last time when it would be equal. */
export function createSelect<T>(): (list: Pick<List<T>, 'toArray'> | undefined, filter: Filter<T> | undefined) => readonly T[] {
  let last: readonly T[] = none
  return (list, filter) => {
    const items = list?.toArray() ?? none
    const next = filter ? items.filter((item) => filter(item)) : items
    const isSame = next.length === last.length && next.every((item, index) => item === last[index])
    if (!isSame) last = next
    return last
  }
}

/** A store that speaks only when its value is another one. */
function distinct<T>(get: () => T, listen: (f: () => void) => Off): ReadableStore<T> {
  return readable(get, (f) => {
    let last = get()
    return listen(() => {
      const next = get()
      if (Object.is(next, last)) return
      last = next
      f(next)
    })
  })
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  return isThere ? (value as Record<string, JsonValue>)[key] : undefined
}
