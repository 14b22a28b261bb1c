/**
 * React 19: the client's stores as hooks. All of them are safe in StrictMode and on a server, where there is no client
 * and nothing is connected. What they return is frozen and shared: `===` means unchanged.
 */
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import {
  createSelect,
  jobOf,
  leased,
  recordOf,
  sliceOf,
  statusOf,
  type ClientSource,
  type Filter,
  type List,
} from '../binding/stores.js'
import { send, type CommandRun } from '../binding/command.js'
import { nothing } from '../store.js'
import { createRunner, type Runner, type RunnerOptions } from '../operation/runner.js'
import type { AsyncOperation } from '../operation/operation.js'
import type { Accepted, Client, Collection, CommandName, Job, JsonValue, LogRow, Off } from '../index.js'
import type { ReadableStore, Telemetry } from '../index.js'

export type { ClientSource, Filter } from '../binding/stores.js'
export type { CommandRun } from '../binding/command.js'

/** A store's value. */
export function useStore<T>(store: ReadableStore<T>): T {
  return useSyncExternalStore(store.listen, store.get, store.get)
}

/** A client of a manager, leased from mount to unmount; `undefined` before and on a server. */
export function useClient(source: ClientSource): Client | undefined {
  return useStore(useMemo(() => leased(source), [source]))
}

/** The facts of the connection. */
export function useStatus(client: Client | undefined): Telemetry {
  return useStore(statusOf(client))
}

/** The part of the state at a JSON pointer. Renders again only when that part changes. */
export function useSlice(client: Client | undefined, pointer: string): JsonValue | undefined {
  return useStore(useMemo(() => sliceOf(client, pointer), [client, pointer]))
}

/** One job. Renders again only when that job changes. */
export function useJob(client: Client | undefined, id: string): Job | undefined {
  return useStore(useMemo(() => jobOf(client, id), [client, id]))
}

/** One record of a collection. */
export function useRecord<T>(collection: Collection<T> | undefined, id: string): T | undefined {
  return useStore(useMemo(() => recordOf(collection, id), [collection, id]))
}

/** The records that `filter` takes, in the order of their ids. Renders again only when one of those changes. */
export function useCollection<T>(collection: Collection<T> | undefined, filter?: Filter<T>): readonly T[] {
  return useFiltered(collection, filter)
}

/** The log's rows that `filter` takes, oldest first. */
export function useLogs(client: Client | undefined, filter?: Filter<LogRow>): readonly LogRow[] {
  return useFiltered(client?.logs, filter)
}

/** A run's state, and how to start, cancel and forget one. */
export type OperationHook<A extends readonly unknown[], T> = AsyncOperation<T> &
  Pick<Runner<A, T>, 'run' | 'cancel' | 'reset'>

/** `work` in five states, as a button needs it. A run outlives the component; nobody waits for it then. */
export function useOperation<A extends readonly unknown[], T>(
  work: (signal: AbortSignal, ...args: A) => T | PromiseLike<T>,
  options?: RunnerOptions,
): OperationHook<A, T> {
  type Work = (signal: AbortSignal) => T | PromiseLike<T>
  const [runner] = useState(() => createRunner<[Work], T>((signal, run) => run(signal), options))
  const { cancel, reset } = runner
  const run = (...args: A): Promise<AsyncOperation<T>> => runner.run((signal) => work(signal, ...args))
  return { ...useStore(runner), run, cancel, reset }
}

/** A command in five states. */
export function useCommand(
  client: Client | undefined,
  name: CommandName,
  options?: RunnerOptions,
): OperationHook<CommandRun, Accepted> {
  return useOperation<CommandRun, Accepted>((signal, ...args) => send(client, name, signal, args), options)
}

/** A filter written in the component is another function at each render; an equal result is the same array. */
function useFiltered<T>(list: List<T> | undefined, filter: Filter<T> | undefined): readonly T[] {
  const [select] = useState(() => createSelect<T>())
  const listen = useCallback((f: () => void): Off => list?.listen(f) ?? nothing, [list])
  const get = (): readonly T[] => select(list, filter)
  return useSyncExternalStore(listen, get, get)
}
