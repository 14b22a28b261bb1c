/** A search through all that the server has stored: asked when the typing is over, read on page by page. */
import type { Client, Job } from '@callboard/client'
import { search } from '@callboard/client/query'
import { onScopeDispose, shallowReadonly, shallowRef, watch, type ShallowRef } from 'vue'
import { errorText } from '../../board/errors'

/** Where it is. */
export type SearchPhase =
  /** Nothing is sought. */
  | { readonly name: 'off' }
  | { readonly name: 'searching' }
  /** `next`: where it goes on; `undefined` at the end. */
  | { readonly name: 'found'; readonly jobs: readonly Job[]; readonly next: string | undefined; readonly isLoading: boolean }
  /** The text is no query, or nobody answered. */
  | { readonly name: 'unclear'; readonly why: string }

/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 250
const PAGE = 100

/** Searches for `query` whenever it changes; `undefined` seeks nothing. */
export function useSearch(
  client: Client,
  query: () => string | undefined,
): { readonly phase: Readonly<ShallowRef<SearchPhase>>; more(): void; again(): void } {
  const phase = shallowRef<SearchPhase>({ name: 'off' })
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Answers to earlier questions come too late. */
  let asking = new AbortController()

  async function ask(text: string, before: readonly Job[], cursor?: string): Promise<void> {
    const { signal } = asking
    let next: SearchPhase
    try {
      const page = await search(client, text, { limit: PAGE, signal, ...(cursor !== undefined && { cursor }) })
      next = { name: 'found', jobs: [...before, ...page.jobs], next: page.next, isLoading: false }
    } catch (error) {
      next = { name: 'unclear', why: errorText(error) }
    }
    if (!signal.aborted) phase.value = next
  }

  function begin(text: string | undefined, after: number): void {
    clearTimeout(timer)
    asking.abort()
    asking = new AbortController()
    if (text === undefined) phase.value = { name: 'off' }
    else timer = setTimeout(() => void ask(text, []), after)
  }

  watch(
    query,
    (text, before) => {
      // What was found for another text stays until the answer is there: the page must not flicker with each letter.
      if (text !== undefined && phase.value.name !== 'found') phase.value = { name: 'searching' }
      begin(text, before === undefined ? 0 : TYPING_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    asking.abort()
  })
  return {
    phase: shallowReadonly(phase),
    more() {
      const text = query()
      const found = phase.value
      if (text === undefined || found.name !== 'found' || found.next === undefined || found.isLoading) return
      phase.value = { ...found, isLoading: true }
      void ask(text, found.jobs, found.next)
    },
    again: () => {
      begin(query(), 0)
    },
  }
}
