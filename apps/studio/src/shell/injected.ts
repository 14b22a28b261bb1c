/** What the shell hands down to pages. */
import { inject, onMounted, onUnmounted, type InjectionKey } from 'vue'
import type { KeyGroup, KeyMap } from '../lib/keys'
import type { Theme } from './theme'

/** The shell's services. */
export interface Shell {
  readonly keys: KeyMap
  readonly theme: Theme
  /** Opens the panel that offers the first jobs. */
  newJob(): void
}

const SHELL: InjectionKey<Shell> = Symbol('shell')
export { SHELL }

/** The shell around this component. */
export function useShell(): Shell {
  const shell = inject(SHELL)
  if (shell === undefined) throw new Error('useShell() needs a component inside the workspace')
  return shell
}

/** Makes a group of keys live while the component is. */
export function useKeys(group: KeyGroup): void {
  const { keys } = useShell()
  let off: (() => void) | undefined
  onMounted(() => {
    off = keys.add(group)
  })
  onUnmounted(() => off?.())
}
