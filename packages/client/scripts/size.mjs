// Fails when an entry of the package is larger than its budget (design: ui 2.5). Bundled, minified, brotli.
import { brotliCompressSync, constants } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const budgets = [
  { name: 'createClient', code: "export { createClient } from './dist/index.js'", bytes: 8 * 1000 },
  { name: 'resilience', code: "export * from './dist/resilience/index.js'", bytes: 3000 },
  { name: 'withRetry', code: "export { withRetry } from './dist/resilience/index.js'", bytes: 1100 },
  { name: 'operation', code: "export * from './dist/operation/index.js'", bytes: 1500 },
  // With a client there already, which every user of these has.
  { name: 'manager', code: "export * from './dist/manager/index.js'", bytes: 2000, besideCore: true },
  { name: 'optimistic', code: "export * from './dist/optimistic/index.js'", bytes: 1200, besideCore: true },
  { name: 'progress', code: "export * from './dist/progress/index.js'", bytes: 1500 },
  { name: 'vue binding', code: "export * from './dist/vue/index.js'", bytes: 600 },
  { name: 'applyPatch', code: "export { applyPatch } from './dist/index.js'", bytes: 1600 },
]

/** Leaves the core out: the modules at the root of dist. */
const besideTheCore = {
  name: 'beside the core',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/[^/]+\.js$/ }, ({ path }) => ({ path, external: true }))
  },
}

let isOver = false
for (const { name, code, bytes, besideCore } of budgets) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['vue'],
    plugins: besideCore ? [besideTheCore] : [],
    write: false,
  })
  const size = brotliCompressSync(outputFiles[0].contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
  isOver ||= size > bytes
  console.log(`${size > bytes ? 'over' : 'ok  '} ${name}: ${size} of ${bytes} bytes (brotli)`)
}
process.exitCode = isOver ? 1 : 0
