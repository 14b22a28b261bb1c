import { fileURLToPath } from 'node:url'
import { compileModule } from 'svelte/compiler'
import { defineConfig, type Plugin } from 'vitest/config'

/** Runes of the tests' own modules. */
const runes: Plugin = {
  name: 'svelte-runes',
  transform: (code, id) =>
    id.endsWith('.svelte.js') ? compileModule(code, { filename: id, generate: 'client' }).js : undefined,
}

/** Svelte as in a browser; Node would get what renders on a server. */
const svelte = (path: string): string => fileURLToPath(new URL(`../../node_modules/svelte/src/${path}`, import.meta.url))

export default defineConfig({
  plugins: [runes],
  resolve: {
    alias: [
      { find: /^svelte$/, replacement: svelte('index-client.js') },
      { find: /^svelte\/reactivity$/, replacement: svelte('reactivity/index-client.js') },
    ],
  },
  test: { include: ['test/**/*.test.{ts,tsx}'], testTimeout: 60_000, restoreMocks: true },
})
