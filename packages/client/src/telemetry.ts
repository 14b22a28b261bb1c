import { equal, freezeDeep } from './patch.js'
import { Emitter, readable } from './store.js'
import type { Clock, ReadableStore, Telemetry } from './types.js'

/** Listeners hear of counters at most this often; of anything else at once. */
const COUNTERS_MS = 1_000

type Counter = 'bytesIn' | 'bytesOut' | 'messages' | 'patches' | 'snapshots' | 'resyncs' | 'gaps' | 'connections'
export type Changes = { readonly [K in keyof Telemetry]?: Telemetry[K] | undefined }

const zero: Record<Counter, number> = {
  connections: 0,
  bytesIn: 0,
  bytesOut: 0,
  messages: 0,
  patches: 0,
  snapshots: 0,
  resyncs: 0,
  gaps: 0,
}
/** Before anything happened. */
export const initial: Telemetry = freezeDeep({
  phase: 'idle',
  attempt: 0,
  consecutiveFailures: 0,
  downtimeMs: 0,
  totalDowntimeMs: 0,
  ...zero,
  compression: false,
  stale: true,
  paused: false,
})

/** The connection's facts as a store. `get()` is always true; listeners of counters are spared (S0.31, S0.32). */
export interface Meter extends ReadableStore<Telemetry> {
  count(name: Counter, by?: number): void
  /** Changes facts as one; `undefined` removes one. */
  put(changes: Changes): void
}

export function createMeter(clock: Clock): Meter {
  const emitter = new Emitter<Telemetry>()
  let value = initial
  const counted = { ...zero }
  let isBehind = false
  let timer: unknown
  const get = (): Telemetry => {
    if (isBehind) value = freezeDeep({ ...value, ...counted })
    isBehind = false
    return value
  }
  const tell = (): void => {
    clock.clearTimeout(timer)
    timer = undefined
    emitter.emit(get())
  }
  return {
    ...readable(get, (f) => emitter.listen(f)),
    count(name, by = 1) {
      counted[name] += by
      isBehind = true
      if (emitter.size) timer ??= clock.setTimeout(tell, COUNTERS_MS)
    },
    put(changes) {
      const before = get()
      const next = { ...before, ...changes } as Record<string, unknown>
      for (const fact in next) if (next[fact] === undefined) delete next[fact]
      if (equal(next, before)) return
      value = freezeDeep(next) as unknown as Telemetry
      tell()
    },
  }
}
