/** What the types promise. The compiler runs this file: a promise that is broken fails `npm run check`. */
import type { Client, Job, JobHandle, JsonValue, LogRow, ReadableStore, Telemetry } from '../src/index.js'
import { createOperationReducer, createRunner, createSelector, type AsyncOperation } from '../src/operation/index.js'
import { createProgress, type ShownProgress } from '../src/progress/index.js'
import { BoundedQueue, createConcurrencyLimiter, debounce, throttle, withRetry } from '../src/resilience/index.js'
import type * as react from '../src/react/index.js'
import type * as svelte from '../src/svelte/index.js'
import type * as vue from '../src/vue/index.js'

/** Whether two types are the same, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expectType<_ extends true>(): void {}

declare const client: Client

// A handle is awaited as what it was asked for.
expectType<Same<Awaited<JobHandle<{ hash: string }>>, { hash: string }>>()
const handle = client.start('echo', {})
expectType<Same<typeof handle, JobHandle<JsonValue>>>()
// @ts-expect-error A client is made once and not written to.
client.jobs = client.jobs
// @ts-expect-error Values of stores are read-only.
client.telemetry.get().phase = 'open'
// @ts-expect-error A command is one that the server knows.
void client.command('jobs.explode', {})

// Retries and limits give what the operation gives.
expectType<Same<ReturnType<typeof withRetry<number>>, Promise<number>>>()
expectType<Same<Awaited<ReturnType<typeof limited>>, string>>()
function limited() {
  return createConcurrencyLimiter().execute(() => Promise.resolve('text'))
}
// @ts-expect-error A policy is one of three.
new BoundedQueue<number>({ dropStrategy: 'middle' })
expectType<Same<ReturnType<BoundedQueue<Job>['dequeue']>, Job | undefined>>()

// What is throttled keeps its arguments.
const saved = throttle((id: string, value: number) => void [id, value])
saved('a', 1)
// @ts-expect-error The second one is a number.
saved('a', 'b')
// @ts-expect-error One is missing.
debounce((id: string) => void id)()

// The five states are a union: data is there where it can be.
function read(operation: AsyncOperation<number>): number | undefined {
  if (operation.state === 'success') expectType<Same<typeof operation.data, number>>()
  if (operation.state === 'error') expectType<Same<typeof operation.data, undefined>>()
  // @ts-expect-error Without a look at the state it may be missing.
  const data: number = operation.data
  return data
}
expectType<Same<ReturnType<ReturnType<typeof createOperationReducer<string>>>, AsyncOperation<string>>>()
expectType<Same<ReturnType<typeof read>, number | undefined>>()
const runner = createRunner((_signal, id: string) => id.length)
expectType<Same<Parameters<typeof runner.run>, [id: string]>>()
expectType<Same<ReturnType<typeof runner.get>, AsyncOperation<number>>>()
expectType<Same<ReturnType<ReturnType<typeof selector>>, number>>()
function selector() {
  return createSelector((state: { readonly n: number }) => state.n)
}
expectType<Same<ReturnType<typeof createProgress>, ReadableStore<ShownProgress | undefined>>>()

// The three bindings show the same things.
expectType<Same<ReturnType<typeof react.useJob>, Job | undefined>>()
expectType<Same<ReturnType<typeof vue.useJob>['value'], Job | undefined>>()
expectType<Same<ReturnType<typeof svelte.useJob>['current'], Job | undefined>>()
expectType<Same<ReturnType<typeof react.useStatus>, Telemetry>>()
expectType<Same<ReturnType<typeof vue.useLogs>['value'], readonly LogRow[]>>()
expectType<Same<ReturnType<typeof svelte.useLogs>['current'], readonly LogRow[]>>()
