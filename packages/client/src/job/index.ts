/** More about one job than its record: its log from the first line that is kept, and where its result is from. */
import { createStore, readable, type Store } from '../store.js'
import { freezeDeep } from '../patch.js'
import type { LogEntry } from '../protocol/index.js'
import type { Client, JobHandle, Off, ReadableStore } from '../types.js'

/** Lines that are asked for at once, and kept of one job, unless told otherwise. */
export const LINES = 2_000

/**
 * Where a job's result is from: `optimistic` until the server has the job, `cached` when an earlier job was found under the
 * same key, so that nothing runs anew, and `fresh` otherwise.
 */
export type JobSource = 'fresh' | 'cached' | 'optimistic'

const none: readonly LogEntry[] = Object.freeze([])

export interface JobLogOptions {
  /** The newest lines are kept. */
  readonly limit?: number | undefined
}

/** A handle with what only some need. */
export interface DetailedHandle<R> extends JobHandle<R> {
  readonly logs: ReadableStore<readonly LogEntry[]>
  readonly source: ReadableStore<JobSource>
}

/** The handle with its job's log and source. */
export function detailed<R>(client: Client, handle: JobHandle<R>, options?: JobLogOptions): DetailedHandle<R> {
  const source: Store<JobSource> = createStore<JobSource>('optimistic')
  handle.accepted.then(
    ({ dup }) => source.set(dup ? 'cached' : 'fresh'),
    () => {},
  )
  return { ...handle, logs: jobLogs(client, handle.id, options), source }
}

/**
 * The lines of one job, oldest first: what the server kept of them, then those that come. Nothing is asked for before somebody
 * listens; each new connection is asked for what was missed. Live lines need a client that receives lines of all channels;
 * with `logs: false` there is what the server had when it was asked.
 */
export function jobLogs(
  client: Client,
  id: string,
  { limit = LINES }: JobLogOptions = {},
): ReadableStore<readonly LogEntry[]> {
  const shown = createStore<readonly LogEntry[]>(none)
  let listeners = 0
  let offs: readonly Off[] = []
  let epoch: string | undefined

  /** Lines come over HTTP and live, in any order, and some twice. */
  const add = (entries: readonly LogEntry[]): void => {
    const before = shown.get()
    const known = new Set(before.map(({ seq }) => seq))
    const more = entries.filter(({ seq }) => !known.has(seq))
    if (!more.length) return
    const all = [...before, ...more].sort((a, b) => a.seq - b.seq)
    shown.set(freezeDeep(all.slice(-limit)))
  }
  const live = (): void => {
    const last = shown.get().at(-1)?.seq ?? 0
    add(client.logs.toArray().filter((row): row is LogEntry => !('gap' in row) && row.jobId === id && row.seq > last))
  }
  const ask = async (): Promise<void> => {
    const last = shown.get().at(-1)?.seq
    const since = last === undefined ? '' : `&sinceSeq=${last}`
    const path = `api/jobs/${encodeURIComponent(id)}/logs?limit=${limit}${since}`
    // Without an answer there are the live lines; the next connection asks again.
    const listing = await client.http<{ entries: LogEntry[] }>(path).catch(() => undefined)
    if (listing && listeners) add(listing.entries)
  }
  const begin = (): void => {
    const now = client.welcome.get()?.epoch
    // Numbers of another history say nothing.
    if (epoch && now !== epoch) shown.set(none)
    epoch = now
    live()
    void ask()
  }
  return readable(shown.get, (f) => {
    const leave = shown.listen(f)
    if (!listeners++) {
      offs = [client.logs.listen(live), client.welcome.listen(begin)]
      begin()
    }
    return () => {
      leave()
      if (--listeners) return
      for (const off of offs) off()
    }
  })
}
