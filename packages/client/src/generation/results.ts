/** The newest results, up to a limit (S0.23-S0.26, W0.8). */
import { CallboardError } from '../error.js'
import { createStore, type Store } from '../store.js'
import type { ReadableStore } from '../types.js'
import { goodOf, idOf, isRecord, recordOf, statusOf, type GenerationStatus, type Input } from './words.js'

/** The limit when a wish is none, and the most that is kept whatever was wished (S0.23). */
export const DEFAULT_HISTORY_LIMIT = 10
export const HISTORY_LIMIT_MAX = 200

/** A result as the store keeps it (S0.26). Members that are not named here pass through. */
export interface GenerationResult {
  readonly id: string | number
  readonly created_at: string
  readonly status?: GenerationStatus
  readonly negative_prompt: unknown
  readonly image_url: unknown
  readonly thumbnail_url: unknown
  readonly seed: unknown
  readonly finished_at: unknown
  readonly generation_info: unknown
  readonly [member: string]: unknown
}

/** The news that a job is done. */
export interface CompletionMessage {
  readonly job_id: string | number
  readonly result_id?: string | number
  readonly status?: string
  readonly image_url?: string | null
  readonly images?: readonly string[]
  readonly created_at?: string
  readonly [member: string]: unknown
}

export interface GenerationResults {
  readonly results: ReadableStore<readonly GenerationResult[]>
  /** As it was wished, also above what is kept (S0.23). */
  readonly historyLimit: ReadableStore<number>
  setHistoryLimit(limit: unknown): void
  /** Takes the list of a server, the newest first; bad entries are left out (S0.24, S0.36). */
  setResults(list: unknown): void
  /** Puts one in front; an older one of the same id goes (W0.8). */
  addResult(input: Input): GenerationResult
  removeResult(id: unknown): void
  resetResults(): void
}

/** The limit that a wish stands for. */
export function historyLimitOf(wish: unknown): number {
  const limit = Math.floor(Number(wish))
  return Number.isFinite(limit) && limit > 0 ? limit : DEFAULT_HISTORY_LIMIT
}

/** The result that a completion tells of (S0.25). */
export function resultOf(message: CompletionMessage, now: number): Input {
  const { job_id, result_id, image_url, images, created_at } = message
  const copied = ['prompt', 'negative_prompt', 'width', 'height', 'steps', 'cfg_scale'] as const
  return {
    ...Object.fromEntries(copied.filter((key) => message[key] !== undefined).map((key) => [key, message[key]])),
    id: result_id ?? job_id,
    image_url: image_url ?? images?.[0] ?? null,
    created_at: created_at ?? new Date(now).toISOString(),
    seed: message['seed'] ?? null,
  }
}

export function createResults(now: () => number, warn: (message: string) => void = () => {}): GenerationResults {
  const results: Store<readonly GenerationResult[]> = createStore<readonly GenerationResult[]>(Object.freeze([]))
  const historyLimit = createStore(DEFAULT_HISTORY_LIMIT)
  const publish = (list: readonly GenerationResult[]): void => {
    const before = results.get()
    const kept = list.slice(0, Math.min(historyLimit.get(), HISTORY_LIMIT_MAX))
    if (kept.length !== before.length || kept.some((one, index) => one !== before[index])) results.set(Object.freeze(kept))
  }
  const others = (id: unknown): readonly GenerationResult[] => results.get().filter((one) => idOf(one.id) !== idOf(id))
  return {
    results,
    historyLimit,
    setHistoryLimit(wish) {
      historyLimit.set(historyLimitOf(wish))
      publish(results.get())
    },
    setResults(list) {
      if (!Array.isArray(list)) return
      const good = goodOf(list, (entry) => made(entry, now()), warn)
      const first = new Map<string, GenerationResult>()
      for (const one of good) if (!first.has(idOf(one.id))) first.set(idOf(one.id), one)
      publish([...first.values()])
    },
    addResult(input) {
      const result = made(input, now())
      publish([result, ...others(result.id)])
      return result
    },
    removeResult: (id) => publish(others(id)),
    resetResults() {
      historyLimit.set(DEFAULT_HISTORY_LIMIT)
      publish([])
    },
  }
}

function made(input: unknown, now: number): GenerationResult {
  if (!isRecord(input)) throw new CallboardError('invalid_args', 'a result is an object')
  const { id, status } = input
  if (!idOf(id)) throw new CallboardError('invalid_args', `id: expected text or a number, got ${JSON.stringify(id)}`)
  return recordOf({
    negative_prompt: null,
    image_url: null,
    thumbnail_url: null,
    seed: null,
    finished_at: null,
    generation_info: null,
    ...input,
    id: id as string | number,
    created_at: idOf(input['created_at']) || new Date(now).toISOString(),
    ...(status !== undefined && status !== null && { status: statusOf(status) }),
  }) as GenerationResult
}
