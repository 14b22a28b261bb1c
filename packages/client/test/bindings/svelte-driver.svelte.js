// Runes need Svelte's compiler; this is all that the driver needs of them.
import { flushSync } from 'svelte'

/** Runs `use` in an effect of its own, and `draw` with what its getter gives, each time that changes. */
export function mountRunes(first, use, draw) {
  let args = $state.raw(first)
  const unmount = $effect.root(() => {
    const get = use(() => args)
    $effect(() => draw(get()))
  })
  flushSync()
  return {
    update(next) {
      args = next
      flushSync()
    },
    unmount,
    flush: flushSync,
  }
}
