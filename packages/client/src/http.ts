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
export async function request(setup: Setup, path: string, init: RequestInit = {}): Promise<Response> {
  const token = await tokenOf(setup.token)
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(typeof init.body === 'string' && { 'content-type': 'application/json' }),
    ...Object.fromEntries(new Headers(init.headers)),
  }
  let response: Response
  try {
    const send = setup.fetch ?? fetch
    response = await send(`${setup.base}/${path.replace(/^\/+/, '')}`, { ...init, headers })
  } catch (error) {
    if (init.signal?.aborted) throw new CallboardError('cancelled', 'aborted')
    throw new CallboardError('offline', `no answer: ${error}`)
  }
  // 304 comes only to whoever asked for it, with an ETag.
  if (response.status > 399) throw await problemOf(response)
  return response
}

/** The same, giving the JSON of the answer. */
export async function requestJson<T>(setup: Setup, path: string, init?: RequestInit): Promise<T> {
  const text = await (await request(setup, path, init)).text()
  return (text && JSON.parse(text)) as T
}

async function problemOf(response: Response): Promise<CallboardError> {
  const { status } = response
  const problem = (await response.json().catch(nothing)) as Problem | undefined
  const { code = codes[status] ?? 'internal', message = `status ${status}` } = problem ?? {}
  return new CallboardError(code, message, { retryable: status > 501, ...problem })
}
