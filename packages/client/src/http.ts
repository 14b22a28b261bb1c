import { CallboardError, codes } from './error.js'
import type { ErrorCode, JsonValue } from './protocol/index.js'
import { nothing } from './store.js'
import { tokenOf, type Setup } from './setup.js'

/** The body of an error. */
interface Problem {
  readonly code?: ErrorCode
  readonly message?: string
  readonly retryable?: boolean
  readonly details?: JsonValue
}

/** A request below the base, with the token. Any answer other than 2xx, and none at all, is a `CallboardError`. */
export async function request<T = Response>(
  setup: Setup,
  path: string,
  init: RequestInit = {},
  read: (response: Response) => T | Promise<T> = (response) => response as T,
): Promise<T> {
  const token = await tokenOf(setup.token)
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(typeof init.body === 'string' && { 'content-type': 'application/json' }),
    ...Object.fromEntries(new Headers(init.headers)),
  }
  let response: Response
  try {
    response = await (setup.fetch ?? fetch)(`${setup.base}/${path.replace(/^\/+/, '')}`, { ...init, headers })
    // 304 comes only to whoever asked for it, with an ETag.
    if (response.status < 400) return await read(response)
  } catch (error) {
    // Also what was cut off on the way, or is not ours: the page of a proxy.
    throw new CallboardError(init.signal?.aborted ? 'cancelled' : 'offline', `no answer: ${error}`)
  }
  throw await problemOf(response)
}

/** The same, giving the JSON of the answer. */
export function requestJson<T>(setup: Setup, path: string, init?: RequestInit): Promise<T> {
  return request(setup, path, init, async (response) => JSON.parse((await response.text()) || '""') as T)
}

async function problemOf(response: Response): Promise<CallboardError> {
  const { status } = response
  const problem = (await response.json().catch(nothing)) as Problem | undefined
  const { code = codes[status] ?? 'internal', message = `status ${status}` } = problem ?? {}
  return new CallboardError(code, message, { retryable: status > 501, ...problem })
}
