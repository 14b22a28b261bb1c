/** Where an outbox keeps its entries: one place for each, so that two tabs never overwrite what the other has put in. */
import type { OutboxEntry } from './entry.js'

/** A place that outlives the page. All methods may fail; a failed `save` means that nothing is kept. */
export interface OutboxStorage {
  load(): Promise<readonly OutboxEntry[]>
  save(entry: OutboxEntry): Promise<void>
  remove(id: string): Promise<void>
}

/** `localStorage` and what is like it. */
export type KeyedStorage = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>

/** Keeps entries under `prefix` + id. What cannot be read as an entry is left alone. */
export function keyedStorage(storage: KeyedStorage, prefix: string = 'callboard.outbox.'): OutboxStorage {
  return {
    async load() {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      const mine = keys.filter((key) => key.startsWith(prefix))
      return mine.map((key) => read(storage.getItem(key))).filter((entry) => entry !== undefined)
    },
    save: async (entry) => storage.setItem(prefix + entry.id, JSON.stringify(entry)),
    remove: async (id) => storage.removeItem(prefix + id),
  }
}

/** Keeps nothing beyond the page; for tests, and where there is no storage. */
export function memoryStorage(): OutboxStorage {
  const entries = new Map<string, OutboxEntry>()
  return {
    load: async () => [...entries.values()],
    save: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
  }
}

function read(text: string | null): OutboxEntry | undefined {
  try {
    const entry = JSON.parse(text ?? 'null') as Partial<OutboxEntry> | null
    const { id, name, at, tries } = entry ?? {}
    const isEntry = typeof id === 'string' && typeof name === 'string' && Number.isFinite(at) && Number.isFinite(tries)
    return isEntry ? (entry as OutboxEntry) : undefined
  } catch {
    return undefined
  }
}
