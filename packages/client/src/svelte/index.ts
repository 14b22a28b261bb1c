/**
 * Svelte 5: the client's stores as objects that are both: `job.current` in runes, `$job` as a store. Arguments may be
 * functions, which are followed: `useJob(client, () => id)`. Nothing is listened to before an effect or a `$` reads,
 * and nothing afterwards; on a server nothing is ever connected.
 */
import { createSubscriber } from 'svelte/reactivity'
import {
  jobOf,
  leased,
  recordOf,
  recordsOf,
  sliceOf,
  statusOf,
  type ClientSource,
  type Filter,
} from '../binding/stores.js'
import { send, type CommandRun } from '../binding/command.js'
import { createRunner, type Runner, type RunnerOptions } from '../operation/runner.js'
import type { AsyncOperation } from '../operation/operation.js'
import type { Accepted, Client, Collection, CommandName, Job, JsonValue, LogRow, Off } from '../index.js'
import type { ReadableStore, Telemetry } from '../index.js'

export type { ClientSource, Filter } from '../binding/stores.js'
export type { CommandRun } from '../binding/command.js'

/** A value for runes and for `$`. */
export interface Readable<T> {
  readonly current: T
  subscribe(f: (value: T) => void): Off
}

/** A value, or how to get it. */
export type Followed<T> = T | (() => T)

/** A client where there may be none yet. */
export type MaybeClient = Followed<Client | undefined>

/** A store's value. */
export function useStore<T>(store: Followed<ReadableStore<T>>): Readable<T> {
  const storeOf = memo(store)
  return {
    get current() {
      const { made, track } = storeOf()
      track()
      return made.get()
    },
    subscribe: (f) => storeOf().made.subscribe(f),
  }
}

/** A client of a manager, leased while it is shown; `undefined` before and on a server. */
export function useClient(source: ClientSource): Readable<Client | undefined> {
  return useStore(leased(source))
}

/** The facts of the connection. */
export function useStatus(client: MaybeClient): Readable<Telemetry> {
  return useStore(() => statusOf(value(client)))
}

/** The part of the state at a JSON pointer. Speaks only when that part changes. */
export function useSlice(client: MaybeClient, pointer: Followed<string>): Readable<JsonValue | undefined> {
  return follow(sliceOf, client, pointer)
}

/** One job. Speaks only when that job changes. */
export function useJob(client: MaybeClient, id: Followed<string>): Readable<Job | undefined> {
  return follow(jobOf, client, id)
}

/** One record of a collection. */
export function useRecord<T>(
  collection: Followed<Collection<T> | undefined>,
  id: Followed<string>,
): Readable<T | undefined> {
  return follow(recordOf<T>, collection, id)
}

/** The records that `filter` takes, in the order of their ids. Speaks only when one of those changes. */
export function useCollection<T>(
  collection: Followed<Collection<T> | undefined>,
  filter?: Filter<T>,
): Readable<readonly T[]> {
  return follow(recordsOf<T>, collection, () => filter)
}

/** The log's rows that `filter` takes, oldest first. */
export function useLogs(client: MaybeClient, filter?: Filter<LogRow>): Readable<readonly LogRow[]> {
  return follow(recordsOf<LogRow>, () => value(client)?.logs, () => filter)
}

/** A run's state, and how to start, cancel and forget one. */
export type Operation<A extends readonly unknown[], T> = Readable<AsyncOperation<T>> &
  Pick<Runner<A, T>, 'run' | 'cancel' | 'reset'>

/** `work` in five states, as a button needs it. */
export function useOperation<A extends readonly unknown[], T>(
  work: (signal: AbortSignal, ...args: A) => T | PromiseLike<T>,
  options?: RunnerOptions,
): Operation<A, T> {
  const runner = createRunner(work, options)
  const { run, cancel, reset } = runner
  return Object.defineProperties({ run, cancel, reset }, Object.getOwnPropertyDescriptors(useStore(runner))) as never
}

/** A command in five states. */
export function useCommand(
  client: MaybeClient,
  name: CommandName,
  options?: RunnerOptions,
): Operation<CommandRun, Accepted> {
  return useOperation<CommandRun, Accepted>((signal, ...args) => send(value(client), name, signal, args), options)
}

/** The store that `make` makes of two values, made anew when one of them is another. */
function follow<A, B, T>(
  make: (a: A, b: B) => ReadableStore<T>,
  first: Followed<A>,
  second: Followed<B>,
): Readable<T> {
  let last: { readonly a: A; readonly b: B; readonly made: ReadableStore<T> } | undefined
  return useStore(() => {
    const [a, b] = [value(first), value(second)]
    if (!last || last.a !== a || last.b !== b) last = { a, b, made: make(a, b) }
    return last.made
  })
}

/** The store and what tells Svelte of it; the same while the store is. */
function memo<T>(store: Followed<ReadableStore<T>>): () => { made: ReadableStore<T>; track: () => void } {
  let last: { readonly made: ReadableStore<T>; readonly track: () => void } | undefined
  return () => {
    const made = value(store)
    if (last?.made !== made) last = { made, track: createSubscriber((update) => made.listen(update)) }
    return last
  }
}

function value<T>(followed: Followed<T>): T {
  return typeof followed === 'function' ? (followed as () => T)() : followed
}
