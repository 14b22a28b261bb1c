/** The words of the generation store: who a job is, how it stands, how far it is (S0.1-S0.4 with X3 and X4). */
import { CallboardError } from '../error.js'
import { freezeDeep } from '../patch.js'

/** A record from outside: nothing about its members is known. */
export type Input = { readonly [member: string]: unknown }

/** How a job stands. `unknown`: a word that is not known; it can not be cancelled and counts as not active (X4, W0.5). */
export type GenerationStatus = 'queued' | 'processing' | 'completed' | 'failed' | 'unknown'

/** What a producer's progress is: of 1 or of 100. Declared once for a producer, never guessed from a value (X3). */
export type ProgressUnit = 'fraction' | 'percent'

const statuses: Readonly<Record<string, GenerationStatus>> = {
  pending: 'queued',
  queued: 'queued',
  scheduled: 'queued',
  processing: 'processing',
  running: 'processing',
  retrying: 'processing',
  starting: 'processing',
  completed: 'completed',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
}

/** The status that a server's word stands for; case does not matter (S0.3). */
export function statusOf(word: unknown): GenerationStatus {
  const key = typeof word === 'string' ? word.trim().toLowerCase() : ''
  return Object.hasOwn(statuses, key) ? (statuses[key] as GenerationStatus) : 'unknown'
}

/** Progress as an integer percentage, rounded half up, within 0..100 (S0.4, X3). */
export function percentOf(value: unknown, unit: ProgressUnit): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return 0
  // Tamed before it is rounded: 0.285 * 100 is 28.499999999999996.
  const percent = Number((unit === 'fraction' ? value * 100 : value).toPrecision(12))
  return Math.min(100, Math.max(0, Math.floor(percent + 0.5)))
}

/** An identity as text; anything but text and numbers is none (S0.1). */
export function idOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : ''
}

/** The two identities of a job: the stable key of the page, and what commands need (S0.1). */
export function identitiesOf(input: Input, make: () => string): { readonly uiId: string; readonly backendId: string } {
  const uiId = idOf(input['uiId'] ?? input['id']) || idOf(input['jobId']) || idOf(input['backendId']) || make()
  return { uiId, backendId: idOf(input['backendId']) || idOf(input['jobId']) || idOf(input['id']) || uiId }
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && !Number.isNaN(value) ? value : null
}

/** A JSON object or nothing; anything else is an error that names the member (S0.2). */
export function objectOrNull(value: unknown, member: string): Input | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new CallboardError('invalid_args', `${member}: expected an object, got ${JSON.stringify(value)}`)
  }
  return value as Input
}

/** A record of our own, frozen to the bottom; what it was made from stays as it is (S0.48). */
export function recordOf<T>(members: T): T {
  return freezeDeep(structuredClone(members))
}

export function isRecord(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Takes what is good of a list, and says what is not (S0.36). */
export function goodOf<T>(list: readonly unknown[], take: (entry: Input) => T, warn: (message: string) => void): T[] {
  return list.flatMap((entry, index) => {
    try {
      if (!isRecord(entry)) throw new CallboardError('invalid_args', 'expected an object')
      return [take(entry)]
    } catch (error) {
      warn(`entry ${index} was left out: ${(error as Error).message}`)
      return []
    }
  })
}
