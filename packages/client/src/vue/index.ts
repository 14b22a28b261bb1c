/**
 * Vue: the client's stores as shallow refs that let go with their scope. Arguments may be refs or getters, which are
 * followed. On a server nothing is connected: a lease begins when the component is mounted.
 */
import {
  computed,
  getCurrentInstance,
  onMounted,
  onScopeDispose,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'
import {
  createSelect,
  jobOf,
  leased,
  recordOf,
  recordsOf,
  sliceOf,
  statusOf,
  type ClientSource,
  type Filter,
  type List,
} from '../binding/stores.js'
import { send, type CommandRun } from '../binding/command.js'
import { createRunner, type Runner, type RunnerOptions } from '../operation/runner.js'
import type { AsyncOperation } from '../operation/operation.js'
import type { Accepted, Client, Collection, CommandName, Job, JsonValue, LogRow, Off } from '../index.js'
import type { ReadableStore, Telemetry } from '../index.js'

export type { ClientSource, Filter } from '../binding/stores.js'
export type { CommandRun } from '../binding/command.js'

/** A ref that cannot be assigned and is not deeply reactive. */
export type ReadonlyRef<T> = Readonly<ShallowRef<T>>

/** A client where there may be none yet. */
export type MaybeClient<K extends keyof Client = keyof Client> = MaybeRefOrGetter<Pick<Client, K> | undefined>

/** A store's value. */
export function useStore<T>(store: MaybeRefOrGetter<ReadableStore<T>>): ReadonlyRef<T> {
  const value = shallowRef(toValue(store).get()) as ShallowRef<T>
  let off: Off = () => {}
  watch(
    () => toValue(store),
    (next) => {
      off()
      off = next.subscribe((now) => {
        value.value = now
      })
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => off())
  return value
}

/** A client of a manager, leased from mount to unmount, outside of components with the scope; `undefined` before. */
export function useClient(source: ClientSource): ReadonlyRef<Client | undefined> {
  const value = shallowRef<Client>()
  let off: Off = () => {}
  const start = (): void => {
    off = leased(source).subscribe((client) => {
      value.value = client
    })
  }
  if (getCurrentInstance()) onMounted(start)
  else start()
  onScopeDispose(() => off())
  return value
}

/** The facts of the connection. */
export function useStatus(client: MaybeClient<'telemetry'>): ReadonlyRef<Telemetry> {
  return useStore(() => statusOf(toValue(client)))
}

/** The part of the state at a JSON pointer. Changes only when that part does. */
export function useSlice(
  client: MaybeClient<'state'>,
  pointer: MaybeRefOrGetter<string>,
): ReadonlyRef<JsonValue | undefined> {
  return useStore(() => sliceOf(toValue(client), toValue(pointer)))
}

/** One job. */
export function useJob(client: MaybeClient<'job'>, id: MaybeRefOrGetter<string>): ReadonlyRef<Job | undefined> {
  return useStore(() => jobOf(toValue(client), toValue(id)))
}

/** One record of a collection. */
export function useRecord<T>(
  collection: MaybeRefOrGetter<Collection<T> | undefined>,
  id: MaybeRefOrGetter<string>,
): ReadonlyRef<T | undefined> {
  return useStore(() => recordOf(toValue(collection), toValue(id)))
}

/** The records that `filter` takes, in the order of their ids. What reactive things `filter` reads is followed. */
export function useCollection<T>(
  collection: MaybeRefOrGetter<Collection<T> | undefined>,
  filter?: Filter<T>,
): ReadonlyRef<readonly T[]> {
  return useFiltered(() => toValue(collection), filter)
}

/** The log's rows that `filter` takes, oldest first. */
export function useLogs(client: MaybeClient<'logs'>, filter?: Filter<LogRow>): ReadonlyRef<readonly LogRow[]> {
  return useFiltered(() => toValue(client)?.logs, filter)
}

/** A run's state, and how to start, cancel and forget one. */
export interface Operation<A extends readonly unknown[], T> extends Pick<Runner<A, T>, 'run' | 'cancel' | 'reset'> {
  readonly operation: ReadonlyRef<AsyncOperation<T>>
}

/** `work` in five states, as a button needs it. */
export function useOperation<A extends readonly unknown[], T>(
  work: (signal: AbortSignal, ...args: A) => T | PromiseLike<T>,
  options?: RunnerOptions,
): Operation<A, T> {
  const runner = createRunner(work, options)
  const { run, cancel, reset } = runner
  return { operation: useStore(runner), run, cancel, reset }
}

/** A command in five states. */
export function useCommand(
  client: MaybeClient<'command'>,
  name: CommandName,
  options?: RunnerOptions,
): Operation<CommandRun, Accepted> {
  return useOperation<CommandRun, Accepted>((signal, ...args) => send(toValue(client), name, signal, args), options)
}

function useFiltered<T>(list: () => List<T> | undefined, filter: Filter<T> | undefined): ReadonlyRef<readonly T[]> {
  const rows = useStore(() => recordsOf(list()))
  if (!filter) return rows
  const select = createSelect<T>()
  return computed(() => select({ toArray: () => rows.value }, filter))
}
