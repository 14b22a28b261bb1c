/** A bulk from the first count to its end. */
import { CallboardError, type Client } from '@callboard/client'
import { countBulk, runBulk, type BulkHandle } from '@callboard/client/bulk'
import type { BulkCount, BulkResult, Progress } from '@callboard/client/protocol'
import { onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import { errorText } from '../../board/errors'
import { missing, valuesOf, type BulkForm } from './words'

/** Where it is. */
export type BulkPhase =
  | { readonly name: 'counting' }
  /** Nothing can be counted: something is missing, or the query is none. */
  | { readonly name: 'unclear'; readonly why: string; readonly isProblem: boolean }
  | { readonly name: 'counted'; readonly count: BulkCount; readonly problem?: string }
  | { readonly name: 'running'; readonly id?: string; readonly progress?: Progress; readonly isStopping: boolean }
  | { readonly name: 'over'; readonly id?: string; readonly result: BulkResult; readonly why?: string }
  | { readonly name: 'failed'; readonly why: string }

export interface Bulk {
  readonly phase: Readonly<ShallowRef<BulkPhase>>
  /** Counts anew, a moment after the last change of the form. */
  count(form: BulkForm): void
  /** Does it to what was counted. `confirm`: how many jobs may be deleted. */
  run(form: BulkForm, confirm?: number): void
  stop(): void
}

/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 250

/** For one dialog. What was begun goes on when the dialog is closed. */
export function useBulk(client: Client): Bulk {
  const phase = shallowRef<BulkPhase>({ name: 'counting' })
  let timer: ReturnType<typeof setTimeout> | undefined
  /** The last count that was asked for: answers to earlier ones come too late. */
  let asked = 0
  let handle: BulkHandle | undefined
  let off = (): void => undefined

  async function ask(form: BulkForm, number: number): Promise<void> {
    let next: BulkPhase
    try {
      next = { name: 'counted', count: await countBulk(client, form.action, form.query, { args: valuesOf(form) }) }
    } catch (error) {
      next = { name: 'unclear', why: errorText(error), isProblem: true }
    }
    if (number === asked) phase.value = next
  }

  async function follow(begun: BulkHandle, counted: BulkPhase): Promise<void> {
    let id: string | undefined
    try {
      id = await begun.accepted
      phase.value = { name: 'running', id, isStopping: false }
    } catch (error) {
      phase.value = counted.name === 'counted' ? { ...counted, problem: errorText(error) } : { name: 'failed', why: errorText(error) }
      return
    }
    try {
      phase.value = { name: 'over', id, result: await begun }
    } catch (error) {
      const done = error instanceof CallboardError && error.code === 'cancelled' ? error.details : undefined
      const why = errorText(error)
      phase.value = done === undefined ? { name: 'failed', why } : { name: 'over', id, result: done as unknown as BulkResult, why: 'It was stopped before its end.' }
    }
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    asked += 1
    off()
  })
  return {
    phase: shallowReadonly(phase),
    count(form) {
      clearTimeout(timer)
      const number = (asked += 1)
      const why = missing(form)
      phase.value = why === undefined ? { name: 'counting' } : { name: 'unclear', why, isProblem: false }
      if (why === undefined) timer = setTimeout(() => void ask(form, number), TYPING_MS)
    },
    run(form, confirm) {
      const counted = phase.value
      if (counted.name !== 'counted') return
      phase.value = { name: 'running', isStopping: false }
      handle = runBulk(client, form.action, form.query, { args: valuesOf(form), at: counted.count.at, confirm })
      off = handle.progress((progress) => {
        if (phase.value.name === 'running') phase.value = { ...phase.value, progress }
      })
      void follow(handle, counted)
    },
    stop() {
      if (phase.value.name !== 'running') return
      phase.value = { ...phase.value, isStopping: true }
      handle?.cancel('stopped in Studio').catch(() => {
        // It came too late, or did not arrive; then it may be asked for again.
        if (phase.value.name === 'running') phase.value = { ...phase.value, isStopping: false }
      })
    },
  }
}
