/** How a person gets in (design: security 5): a one-time code in the fragment is exchanged for a token that this tab keeps. */

/** Whether somebody is in. */
export type Access =
  | { readonly state: 'exchanging' }
  | { readonly state: 'out'; readonly why?: string }
  | { readonly state: 'in'; readonly token: string }

/** What the access needs of the page; handed in, so that it can be tested. */
export interface AccessDeps {
  /** Where the board lives, ending in `/`. */
  readonly base: URL
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>
}

/** The one-time code in a fragment such as `#launch=CODE`. */
export function launchCode(hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('launch')
  return code === null || code === '' ? undefined : code
}

/** Boards under several paths of one host each keep their own token. */
export function tokenKey(base: URL): string {
  return `callboard.token:${base.pathname}`
}

/** The token that this tab keeps. */
export function storedToken(deps: AccessDeps): string | undefined {
  return deps.storage.getItem(tokenKey(deps.base)) ?? undefined
}

/** Keeps a token for this tab. */
export function keepToken(deps: AccessDeps, token: string): void {
  deps.storage.setItem(tokenKey(deps.base), token)
}

/** Forgets the token of this tab. */
export function dropToken(deps: AccessDeps): void {
  deps.storage.removeItem(tokenKey(deps.base))
}

/**
 * Exchanges a code, or takes the token that is there. A code that does not work is no reason to throw out somebody who is in:
 * the same link may be opened a second time in the same tab.
 */
export async function enter(deps: AccessDeps, code: string | undefined): Promise<Access> {
  const stored = storedToken(deps)
  if (code === undefined) return stored === undefined ? { state: 'out' } : { state: 'in', token: stored }
  const answer = await exchange(deps, code)
  if (answer.state === 'in') keepToken(deps, answer.token)
  else if (stored !== undefined) return { state: 'in', token: stored }
  return answer
}

async function exchange(deps: AccessDeps, code: string): Promise<Access> {
  try {
    const response = await deps.fetch(new URL('api/auth/launch', deps.base), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    const body: unknown = await response.json()
    if (response.ok && hasText(body, 'token')) return { state: 'in', token: body.token }
    if (response.status === 401 || response.status === 403 || response.status === 404) {
      return { state: 'out', why: 'This link was used already, or it is older than a minute.' }
    }
    return { state: 'out', why: hasText(body, 'message') ? body.message : `The server answered ${response.status}.` }
  } catch {
    return { state: 'out', why: 'The server did not answer. Is it running?' }
  }
}

function hasText<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[key] === 'string'
}
