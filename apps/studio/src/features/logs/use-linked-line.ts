/** The line of a log that the address names (`?line=SEQ`), so that a link leads to it. */
import { useRoute, useRouter } from 'vue-router'

/** The line of the address, and the addresses of lines. */
export interface LinkedLine {
  /** What the address named when the page was opened. */
  readonly wanted: number | undefined
  /** Puts another line there, or none. */
  name(seq: number | undefined): Promise<unknown>
  /** The whole address of this page with that line. */
  link(seq: number): string
}

export function useLinkedLine(): LinkedLine {
  const route = useRoute()
  const router = useRouter()
  const to = (seq: number | undefined) => ({ query: { ...route.query, line: seq === undefined ? undefined : String(seq) } })
  return {
    wanted: lineOf(route.query['line']),
    name: (seq) => router.replace(to(seq)),
    link: (seq) => new URL(router.resolve(to(seq)).href, location.href).href,
  }
}

/** A position as an address holds it; anything else names no line. */
export function lineOf(text: unknown): number | undefined {
  const seq = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : 0
  return seq > 0 ? seq : undefined
}
