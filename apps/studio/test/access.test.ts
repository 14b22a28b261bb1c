import { describe, expect, it } from 'vitest'
import { type AccessDeps, enter, keepToken, launchCode, tokenKey } from '../src/board/access'

interface Setup {
  readonly deps: AccessDeps
  readonly asked: { url: string; body: unknown }[]
  readonly stored: Map<string, string>
}

function setup(answer: () => Response, base = 'http://127.0.0.1:7420/'): Setup {
  const asked: Setup['asked'] = []
  const stored = new Map<string, string>()
  const storage: AccessDeps['storage'] = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
    removeItem: (key) => void stored.delete(key),
  }
  const fetch: AccessDeps['fetch'] = (url, init) => {
    asked.push({ url: url.href, body: JSON.parse(String(init.body)) })
    return Promise.resolve(answer())
  }
  return { deps: { base: new URL(base), storage, fetch }, asked, stored }
}

const granted = (): Response => Response.json({ token: 'T', role: 'admin' })
const used = (): Response => Response.json({ code: 'unauthorized', message: 'no such code' }, { status: 401 })

describe('launchCode', () => {
  it.each([
    ['', undefined],
    ['#', undefined],
    ['#launch=', undefined],
    ['#launch=abc', 'abc'],
    ['#section', undefined],
  ])('%j', (hash, code) => {
    expect(launchCode(hash)).toBe(code)
  })
})

describe('enter', () => {
  it('exchanges a code for a token and keeps it for this tab, under the board’s path', async () => {
    const { deps, asked, stored } = setup(granted, 'http://127.0.0.1:7420/tools/cb/')
    expect(await enter(deps, 'C')).toEqual({ state: 'in', token: 'T' })
    expect(asked).toEqual([{ url: 'http://127.0.0.1:7420/tools/cb/api/auth/launch', body: { code: 'C' } }])
    expect([...stored]).toEqual([['callboard.token:/tools/cb/', 'T']])
  })

  it('takes the kept token without asking', async () => {
    const { deps, asked } = setup(granted)
    keepToken(deps, 'K')
    expect(await enter(deps, undefined)).toEqual({ state: 'in', token: 'K' })
    expect(asked).toEqual([])
  })

  it('is out without code and token', async () => {
    expect(await enter(setup(granted).deps, undefined)).toEqual({ state: 'out' })
  })

  it('says why a code did not work', async () => {
    const access = await enter(setup(used).deps, 'C')
    expect(access).toMatchObject({ state: 'out', why: expect.stringContaining('used already') })
  })

  it('does not throw out somebody who is in because of an old link', async () => {
    const { deps } = setup(used)
    deps.storage.setItem(tokenKey(deps.base), 'K')
    expect(await enter(deps, 'old')).toEqual({ state: 'in', token: 'K' })
  })

  it('survives a server that is gone and an answer that is no JSON', async () => {
    const gone = setup(() => {
      throw new TypeError('failed to fetch')
    })
    expect(await enter(gone.deps, 'C')).toMatchObject({ state: 'out', why: expect.stringContaining('did not answer') })
    expect(await enter(setup(() => new Response('<html>')).deps, 'C')).toMatchObject({ state: 'out' })
  })
})
