import { describe, expect, it } from 'vitest'
import { createClient } from '../src/index.js'

function board(
  answer: () => Response | Promise<Response>,
  url = 'ws://h.test/base/?x=1',
): { client: ReturnType<typeof createClient>; asked: { url: string; init: RequestInit }[] } {
  const asked: { url: string; init: RequestInit }[] = []
  const client = createClient({
    url,
    token: () => Promise.resolve('secret'),
    fetch: ((to: string, init: RequestInit) => {
      asked.push({ url: to, init })
      return Promise.resolve().then(answer)
    }) as never,
  })
  return { client, asked }
}
const headers = (init: RequestInit | undefined): object => Object.fromEntries(new Headers(init?.headers))

describe('http', () => {
  it('asks below the base with the token', async () => {
    const { client, asked } = board(() => Response.json({ ok: 1 }))
    expect(await client.http('/api/jobs?limit=1')).toEqual({ ok: 1 })
    await client.http('api/commands/x', {
      method: 'POST',
      body: '{}',
      headers: { 'idempotency-key': 'k', authorization: 'Bearer other' },
    })
    expect(asked.map(({ url }) => url)).toEqual([
      'http://h.test/base/api/jobs?limit=1',
      'http://h.test/base/api/commands/x',
    ])
    expect(headers(asked[0]?.init)).toEqual({ authorization: 'Bearer secret' })
    expect(headers(asked[1]?.init)).toEqual({
      authorization: 'Bearer other',
      'content-type': 'application/json',
      'idempotency-key': 'k',
    })
  })

  it('sends the token nowhere else', async () => {
    const { client, asked } = board(() => Response.json(1))
    for (const path of ['//evil.test/x', 'https://evil.test/x', '\\\\evil.test', '@evil.test'])
      await client.http(path).catch(() => {})
    for (const { url } of asked) expect(new URL(url).host).toBe('h.test')
  })

  it('gives bytes through fetch()', async () => {
    const { client } = board(() => new Response('bytes'))
    expect(await (await client.fetch('api/artifacts/x')).text()).toBe('bytes')
  })

  it('turns a problem into an error with its code', async () => {
    const problem = {
      title: 'Not found',
      status: 404,
      code: 'not_found',
      message: 'there is no job x',
      retryable: false,
      details: { id: 'x' },
    }
    const { client } = board(() => Response.json(problem, { status: 404 }))
    await expect(client.http('api/jobs/x')).rejects.toMatchObject({
      name: 'CallboardError',
      code: 'not_found',
      message: 'there is no job x',
      retryable: false,
      details: { id: 'x' },
    })
  })

  it.each([
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [404, 'not_found', false],
    [500, 'internal', false],
    [502, 'internal', true],
    [503, 'internal', true],
  ])('names what a foreign answer of %i means', async (status, code, retryable) => {
    const { client } = board(() => new Response('<html>', { status }))
    await expect(client.http('x')).rejects.toMatchObject({ code, retryable })
  })

  it('says offline when there is no answer, and cancelled when it was aborted', async () => {
    const { client } = board(() => Promise.reject(new TypeError('fetch failed')))
    await expect(client.http('x')).rejects.toMatchObject({ code: 'offline', retryable: true })
    await expect(client.http('x', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('gives nothing for an empty answer', async () => {
    const { client } = board(() => new Response(null, { status: 204 }))
    expect(await client.http('x')).toBe('')
  })
})
