/** Jobs by a query, live and stored, newest first; the language is in docs/reference/query.md. */
import type { Job } from '../protocol/index.js'
import type { Client } from '../types.js'

export interface SearchOptions {
  /** Rows of a page, 1 to 500; 100 when absent. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string
  readonly signal?: AbortSignal
}

export interface JobPage {
  readonly jobs: readonly Job[]
  /** Where the next page begins; `undefined` at the end. */
  readonly next?: string
  /** The server had looked at enough before the page was full; `next` goes on there. */
  readonly cut: boolean
}

/** One page. `invalid_args` for a text that is no query: `details` has the `column` and `length` of what is wrong. */
export async function search(client: Client, query: string, options: SearchOptions = {}): Promise<JobPage> {
  const { limit = 100, cursor, signal } = options
  const asked = new URLSearchParams({ q: query, limit: `${limit}`, ...(cursor && { cursor }) })
  interface Answer {
    readonly jobs: readonly Job[]
    readonly nextCursor: string | null
    readonly cut?: boolean
  }
  const { jobs, nextCursor, cut = false } = await client.http<Answer>(`api/jobs?${asked}`, signal && { signal })
  return { jobs, cut, ...(nextCursor && { next: nextCursor }) }
}

/** All of them, one page after the other; end the loop when there are enough. */
export async function* searchAll(client: Client, query: string, options: SearchOptions = {}): AsyncGenerator<Job> {
  let cursor = options.cursor
  do {
    const page = await search(client, query, { ...options, ...(cursor && { cursor }) })
    yield* page.jobs
    cursor = page.next
  } while (cursor)
}
