/**
 * New lines for a screen reader, when asked for: at most one summary in two seconds, only while the log follows. The rows
 * themselves are not announced; they would flood.
 */
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { plural } from '../../lib/format'
import { plainText } from '../../lib/sgr'
import { isGap } from './log-filter'
import type { LogSource } from './log-source'
import { seqOf } from './log-view'

const EVERY_MS = 2000

/** `reading` turns it on; `spoken` is the text for a polite region. */
export function useLogAnnouncer(
  source: LogSource,
  following: () => boolean,
): { readonly reading: Ref<boolean>; readonly spoken: Readonly<Ref<string>> } {
  const reading = ref(false)
  const spoken = ref('')
  let heard = 0
  let timer: ReturnType<typeof setInterval> | undefined
  const lastSeq = (): number => {
    const last = source.toArray().at(-1)
    return last === undefined ? 0 : seqOf(last)
  }
  const speak = (): void => {
    if (!following()) return
    const fresh = source.toArray().filter((row) => seqOf(row) > heard)
    heard = lastSeq()
    const errors = fresh.filter((row) => !isGap(row) && (row.level === 'error' || row.level === 'fatal'))
    const [error] = errors
    if (fresh.length === 0) return
    const grave = error === undefined || isGap(error) ? '' : `, ${plural(errors.length, 'error')}: ${plainText(error.message)}`
    spoken.value = `${plural(fresh.length, 'new line')}${grave}`
  }
  watch(reading, (on) => {
    clearInterval(timer)
    heard = lastSeq()
    spoken.value = on ? 'New lines are read' : ''
    if (on) timer = setInterval(speak, EVERY_MS)
  })
  onScopeDispose(() => clearInterval(timer))
  return { reading, spoken }
}
