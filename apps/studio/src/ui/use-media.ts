/** Media queries as refs. */
import { onScopeDispose, ref, readonly, type Ref } from 'vue'

/** Whether a media query holds. */
export function useMedia(query: string): Readonly<Ref<boolean>> {
  const media = window.matchMedia(query)
  const matches = ref(media.matches)
  const look = (): void => {
    matches.value = media.matches
  }
  media.addEventListener('change', look)
  onScopeDispose(() => {
    media.removeEventListener('change', look)
  })
  return readonly(matches)
}

/** Whether the page is as narrow as a phone: two-line rows, the rail at the bottom. */
export function useNarrow(): Readonly<Ref<boolean>> {
  return useMedia('(max-width: 719px)')
}
