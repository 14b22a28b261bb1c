/** What of the graph is unfolded, as part of the address. */
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export interface Folds {
  readonly open: ComputedRef<ReadonlySet<string>>
  /** Resolves when the address has changed. */
  toggle(key: string): Promise<void>
  foldAll(): void
}

export function useFolds(): Folds {
  const route = useRoute()
  const router = useRouter()
  const open = computed<ReadonlySet<string>>(() => {
    const text = route.query['open']
    return new Set(typeof text === 'string' && text !== '' ? text.split(',') : [])
  })
  const set = async (keys: readonly string[]): Promise<void> => {
    await router.replace({ query: { ...route.query, open: keys.length === 0 ? undefined : keys.join(',') } })
  }
  return {
    open,
    toggle: (key) => set(open.value.has(key) ? [...open.value].filter((one) => one !== key) : [...open.value, key]),
    foldAll: () => void set([]),
  }
}
