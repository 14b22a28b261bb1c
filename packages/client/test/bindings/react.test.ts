// @vitest-environment happy-dom
import { act, createElement, StrictMode, type ReactElement } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import * as hooks from '../../src/react/index.js'
import { behaves, type Driver, type Hooks } from './suite.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

/** Calls a hook with arguments that the driver does not know, and gives what it shows. */
function use(hook: keyof Hooks, args: readonly unknown[]): unknown {
  const shown: unknown = Reflect.apply(hooks[hook], undefined, args)
  if (hook !== 'useCommand') return shown
  const { run, cancel, reset, ...operation } = shown as ReturnType<typeof hooks.useCommand>
  return { operation, run, cancel, reset }
}

const driver: Driver = {
  name: 'React',
  async mount(hook, ...first) {
    const shown: unknown[] = []
    let draws = 0
    let latest: unknown
    function Probe({ args }: { args: readonly unknown[] }): null {
      latest = use(hook, args)
      draws++
      if (shown.length === 0 || !Object.is(shown.at(-1), latest)) shown.push(latest)
      return null
    }
    // StrictMode mounts each component twice: nothing may be leased or listened to twice.
    const tree = (args: readonly unknown[]): ReactElement => createElement(StrictMode, null, createElement(Probe, { args }))
    const root = createRoot(document.createElement('div'))
    const update = (...args: readonly unknown[]): Promise<void> => act(async () => root.render(tree(args)))
    await update(...first)
    return {
      get value() {
        return latest as never
      },
      shown: shown as never,
      get draws() {
        return draws
      },
      update,
      unmount: () => act(async () => root.unmount()),
    }
  },
  act: (change) => act(async () => void (await change())),
  async server(hook, ...args) {
    let latest: unknown
    renderToString(
      createElement(() => {
        latest = use(hook, args)
        return null
      }),
    )
    return latest as never
  },
}

behaves(driver)
