import type { Notify } from '../manager/governor.js'
import { createStore } from '../store.js'
import type { ReadableStore } from '../types.js'
import type { GenerationStore } from './store.js'

/** One cancel at a time, for a button (S0.49). */
export interface CancelGuard {
  readonly isCancelling: ReadableStore<boolean>
  /** Whether it was cancelled; what went wrong is told, never thrown. */
  cancel(id: unknown): Promise<boolean>
}

export function createCancelGuard(store: Pick<GenerationStore, 'queue' | 'cancelJob'>, notify: Notify): CancelGuard {
  const isCancelling = createStore(false)
  return {
    isCancelling,
    async cancel(id) {
      if (isCancelling.get()) return false
      if (!store.queue.getJobByIdentifier(id)) {
        notify('Job not found', 'error')
        return false
      }
      isCancelling.set(true)
      try {
        await store.cancelJob(id)
        return true
      } catch {
        // The store has told of it.
        return false
      } finally {
        isCancelling.set(false)
      }
    },
  }
}
