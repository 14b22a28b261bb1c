// @vitest-environment happy-dom
import { createApp, createSSRApp, nextTick, shallowRef, unref, type MaybeRefOrGetter } from 'vue'
import { renderToString } from 'vue/server-renderer'
import * as hooks from '../../src/vue/index.js'
import { behaves, type Driver, type Hooks } from './suite.js'

/** A hook whose arguments are getters, but for those that it takes as they are; and a getter of what it shows. */
function use(hook: keyof Hooks, args: () => readonly unknown[]): () => unknown {
  const followed = args().map((arg, index): MaybeRefOrGetter<unknown> => {
    const isPlain = hook === 'useClient' || typeof arg === 'function' || (hook === 'useCommand' && index === 1)
    return isPlain ? (arg as MaybeRefOrGetter<unknown>) : () => args()[index]
  })
  const shown = Reflect.apply(hooks[hook] as () => unknown, undefined, followed)
  if (hook !== 'useCommand') return () => unref(shown as MaybeRefOrGetter<unknown>)
  const { operation, ...rest } = shown as ReturnType<typeof hooks.useCommand>
  return () => ({ operation: operation.value, ...rest })
}

const driver: Driver = {
  name: 'Vue',
  async mount(hook, ...first) {
    const args = shallowRef<readonly unknown[]>(first)
    const shown: unknown[] = []
    let draws = 0
    let latest: unknown
    const app = createApp({
      setup() {
        const get = use(hook, () => args.value)
        return () => {
          latest = get()
          draws++
          if (shown.length === 0 || !Object.is(shown.at(-1), latest)) shown.push(latest)
          return null
        }
      },
    })
    app.mount(document.createElement('div'))
    await nextTick()
    return {
      get value() {
        return latest as never
      },
      shown: shown as never,
      get draws() {
        return draws
      },
      async update(...next: readonly unknown[]) {
        args.value = next
        await nextTick()
      },
      async unmount() {
        app.unmount()
        await nextTick()
      },
    }
  },
  async act(change) {
    await change()
    await nextTick()
  },
  async server(hook, ...args) {
    let latest: unknown
    await renderToString(
      createSSRApp({
        setup() {
          const get = use(hook, () => args)
          return () => {
            latest = get()
            return null
          }
        },
      }),
    )
    return latest as never
  },
}

behaves(driver)
