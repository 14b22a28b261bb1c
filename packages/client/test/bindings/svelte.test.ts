// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import * as hooks from '../../src/svelte/index.js'
import { job, patch, rig } from '../rig.js'
import { behaves, type Driver, type Hooks } from './suite.js'
import { mountRunes } from './svelte-driver.svelte.js'

/** A hook whose arguments are functions, but for those that it takes as they are; and a getter of what it shows. */
function use(hook: keyof Hooks, args: () => readonly unknown[]): () => unknown {
  const followed = args().map((arg, index) => {
    const isPlain = hook === 'useClient' || typeof arg === 'function' || (hook === 'useCommand' && index === 1)
    return isPlain ? arg : () => args()[index]
  })
  const shown = Reflect.apply(hooks[hook] as () => unknown, undefined, followed) as { readonly current: unknown }
  if (hook !== 'useCommand') return () => shown.current
  const { run, cancel } = shown as ReturnType<typeof hooks.useCommand>
  return () => ({ operation: shown.current, run, cancel })
}

/** Effects let go in a microtask. */
const microtasks = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

const driver: Driver = {
  name: 'Svelte',
  async mount(hook, ...first) {
    const shown: unknown[] = []
    let draws = 0
    let latest: unknown
    const mounted = mountRunes(first, (args) => use(hook, args), (value) => {
      latest = value
      draws++
      if (shown.length === 0 || !Object.is(shown.at(-1), latest)) shown.push(latest)
    })
    flush = mounted.flush
    return {
      get value() {
        return latest as never
      },
      shown: shown as never,
      get draws() {
        return draws
      },
      async update(...next: readonly unknown[]) {
        mounted.update(next)
        await microtasks()
      },
      async unmount() {
        mounted.unmount()
        await microtasks()
      },
    }
  },
  async act(change) {
    await change()
    flush()
    await microtasks()
    flush()
  },
  // Without an effect nothing is listened to, as on a server.
  server: async (hook, ...args) => use(hook, () => args)() as never,
}

let flush = (): void => {}
behaves(driver)

it('is a Svelte store as well', async () => {
  const { client, network, up } = rig({ frame: (flush) => flush() })
  await up({ jobs: { a: job('a') } })
  const seen: unknown[] = []
  const off = hooks.useJob(client, 'a').subscribe((value) => seen.push(value?.state))
  network.last.receive(patch(1, 2, { op: 'replace', path: '/jobs/a/state', value: 'running' }))
  off()
  network.last.receive(patch(2, 3, { op: 'replace', path: '/jobs/a/state', value: 'failed' }))
  expect(seen).toEqual(['queued', 'running'])
})
