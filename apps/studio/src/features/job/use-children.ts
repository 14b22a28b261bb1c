/** The jobs of the mirror that a job has started. */
import type { Client, Job } from '@callboard/client'
import { onScopeDispose, shallowReadonly, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'

/** Follows them, in the order of the mirror; one that changes shows what it is now. */
export function useChildren(client: Client, parent: MaybeRefOrGetter<string>): Readonly<ShallowRef<readonly Job[]>> {
  const children = shallowRef<readonly Job[]>([])
  const known = new Set<string>()
  const show = (): void => {
    const of = toValue(parent)
    children.value = client.jobs.toArray().filter(({ parentId }) => parentId === of)
    known.clear()
    for (const { id } of children.value) known.add(id)
  }
  watch(() => toValue(parent), show, { immediate: true })
  // All jobs are looked through only when one of these has changed, or one has come.
  const off = client.jobs.listen((changed) => {
    const of = toValue(parent)
    for (const id of changed) {
      if (known.has(id) || client.jobs.get(id)?.parentId === of) return show()
    }
  })
  onScopeDispose(off)
  return shallowReadonly(children)
}
