/** Dark, light, or what the system says; remembered in this browser. */
import { ref, watchEffect, type Ref } from 'vue'

/** The choice. */
export type ThemeChoice = 'system' | 'dark' | 'light'

const KEY = 'callboard.theme'
const ORDER: readonly ThemeChoice[] = ['system', 'dark', 'light']

/** The theme of the page; made once by the root. */
export interface Theme {
  readonly choice: Ref<ThemeChoice>
  /** Goes to the next choice. */
  next(): void
}

/** Reads the choice and keeps the page in it. */
export function createTheme(root: HTMLElement, storage: Pick<Storage, 'getItem' | 'setItem'>): Theme {
  const stored = storage.getItem(KEY)
  const choice = ref<ThemeChoice>(ORDER.find((theme) => theme === stored) ?? 'system')
  watchEffect(() => {
    if (choice.value === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = choice.value
    storage.setItem(KEY, choice.value)
  })
  return {
    choice,
    next() {
      choice.value = ORDER[(ORDER.indexOf(choice.value) + 1) % ORDER.length] ?? 'system'
    },
  }
}
