import { describe, expect, it } from 'vitest'
import { search, searchAll } from '../src/query/index.js'
import { job, rig } from './rig.js'

/** A server with two pages, and what it was asked for. */
function board(): { readonly client: ReturnType<typeof rig>['client']; readonly asked: URLSearchParams[] } {
  const asked: URLSearchParams[] = []
  const fetch = async (url: string): Promise<Response> => {
    const params = new URL(url).searchParams
    asked.push(params)
    if (params.get('q') === 'stat:x') {
      const problem = { code: 'invalid_args', message: 'column 1', retryable: false, details: { column: 1, length: 4 } }
      return Response.json(problem, { status: 400 })
    }
    if (params.get('cursor')) return Response.json({ jobs: [job('a')], nextCursor: null, cut: false })
    return Response.json({ jobs: [job('c'), job('b')], nextCursor: 'c2.b', cut: true })
  }
  return { client: rig({ fetch: fetch as typeof globalThis.fetch }).client, asked }
}

describe('jobs by a query', () => {
  it('come page by page', async () => {
    const { client, asked } = board()
    const query = 'state:failed args.prompt~"a & b" -kind:mail.*'
    const page = await search(client, query, { limit: 2 })
    expect([page.jobs.map(({ id }) => id), page.next, page.cut]).toEqual([['c', 'b'], 'c2.b', true])
    expect(asked.map((params) => Object.fromEntries(params))).toEqual([{ q: query, limit: '2' }])
    const last = await search(client, query, { cursor: page.next as string })
    expect([last.jobs.length, last.next, last.cut]).toEqual([1, undefined, false])
  })

  it('come all, and no more is asked for than is wanted', async () => {
    const { client, asked } = board()
    const ids: string[] = []
    for await (const { id } of searchAll(client, '')) ids.push(id)
    expect(ids).toEqual(['c', 'b', 'a'])
    for await (const { id } of searchAll(client, '')) if (id === 'c') break
    expect(asked.length).toBe(3)
  })

  it('are refused with the place of what is wrong', async () => {
    const wrong = search(board().client, 'stat:x')
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_args', details: { column: 1, length: 4 } })
  })
})
