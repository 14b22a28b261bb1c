/** Vue: the client's stores as shallow refs that let go with their scope. */
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import type { Client, Collection, Job, Off, ReadableStore } from '../index.js'

/** A ref that cannot be assigned and is not deeply reactive. */
export type ReadonlyRef<T> = Readonly<ShallowRef<T>>

/** A store's value. */
export function useStore<T>(store: ReadableStore<T>): ReadonlyRef<T> {
  const value = shallowRef(store.get()) as ShallowRef<T>
  onScopeDispose(
    store.subscribe((next) => {
      value.value = next
    }),
  )
  return value
}

/** One job; follows `id` when that is a ref or a getter. */
export function useJob(client: Pick<Client, 'job'>, id: MaybeRefOrGetter<string>): ReadonlyRef<Job | undefined> {
  return useItem((key) => client.job(key), id)
}

/** One record of a collection; follows `id` when that is a ref or a getter. */
export function useRecord<T>(collection: Collection<T>, id: MaybeRefOrGetter<string>): ReadonlyRef<T | undefined> {
  return useItem((key) => collection.item(key), id)
}

/** All records of a collection, in the order of their ids. */
export function useCollection<T>(collection: Collection<T>): ReadonlyRef<readonly T[]> {
  const value = shallowRef(collection.toArray()) as ShallowRef<readonly T[]>
  onScopeDispose(
    collection.listen(() => {
      value.value = collection.toArray()
    }),
  )
  return value
}

function useItem<T>(item: (id: string) => ReadableStore<T>, id: MaybeRefOrGetter<string>): ReadonlyRef<T> {
  const value = shallowRef(item(toValue(id)).get()) as ShallowRef<T>
  let off: Off = () => {}
  watch(
    () => toValue(id),
    (key) => {
      off()
      off = item(key).subscribe((next) => {
        value.value = next
      })
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => off())
  return value
}
