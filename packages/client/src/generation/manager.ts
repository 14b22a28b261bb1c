/** One generation store for a whole page (S0.41-S0.46). */
import type { BrowserHost } from '../browser.js'
import { environmentOf, type EnvironmentOptions } from '../manager/environment.js'
import { createGovernor, type AcquireOptions, type Governor, type Notify } from '../manager/governor.js'
import { nothing } from '../store.js'
import type { ReadableStore } from '../types.js'
import type { GenerationBackend } from './backend.js'
import { createGenerationStore, type GenerationStore, type GenerationStoreOptions } from './store.js'

export interface GenerationManagerOptions extends GenerationStoreOptions, EnvironmentOptions {
  readonly url: string | ReadableStore<string>
  /** Makes the backend at an address. */
  readonly backend: (url: string) => GenerationBackend
  readonly lingerMs?: number | undefined
  readonly host?: BrowserHost | undefined
}

/** Gives out one store; the first who waits for it initialises it, the last one destroys it. */
export function createGenerationManager(options: GenerationManagerOptions): Governor<GenerationStore> {
  const { url, backend, lingerMs = 0, host, clock } = options
  const addresses = new WeakMap<GenerationStore, string>()
  return createGovernor<GenerationStore>({
    url,
    lingerMs,
    clock,
    environment: environmentOf(host, options),
    governed: {
      open(address: string, notify: Notify) {
        const store = createGenerationStore({ ...options, notify })
        addresses.set(store, address)
        return store
      },
      start: (store, historyLimit) =>
        store.initialize({ backend: backend(addresses.get(store) as string), historyLimit }),
      close: (store) => store.destroy(),
      pause(store, reasons) {
        if (reasons.length) store.pause(reasons)
        else void store.resume().catch(nothing)
      },
      setHistoryLimit: (store, limit) => void store.setHistoryLimit(limit).catch(nothing),
      // The same store goes on with another backend: what is shown stays until the new one has answered (S0.22).
      move(store, address) {
        addresses.set(store, address)
        if (!store.state.get().isActive) return
        store.cleanup()
        void store.initialize({ backend: backend(address) }).catch(nothing)
      },
    },
  })
}

export type { AcquireOptions }
