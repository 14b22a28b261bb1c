/** A text field that is also part of the address. */
import { ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The text of a query parameter. The address follows the field a moment later; what is typed never waits for it, and an
 * address that is still on its way does not overwrite what was typed since.
 */
export function useQueryText(name: string): { readonly text: Readonly<Ref<string>>; set(value: string): void } {
  const route = useRoute()
  const router = useRouter()
  const inAddress = (): string => {
    const value = route.query[name]
    return typeof value === 'string' ? value : ''
  }
  const text = ref(inAddress())
  const echoes = new Set<string>()
  watch(inAddress, (now) => {
    // What this field wrote comes back as an echo, possibly late; anything else is a link or the way back.
    const isEcho = echoes.has(now)
    if (!isEcho) text.value = now
    if (now === text.value) echoes.clear()
  })
  return {
    text,
    set(value) {
      text.value = value
      if (value !== inAddress()) echoes.add(value)
      void router.replace({ query: { ...route.query, [name]: value === '' ? undefined : value } })
    },
  }
}
