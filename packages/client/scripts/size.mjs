// Fails when an entry of the package is larger than its budget (design: ui 2.5). Bundled, minified, brotli.
import { brotliCompressSync, constants } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const core = "export { createClient } from './dist/index.js'"
const all = (name) => `export * from './dist/${name}/index.js'`
// `beside`: what is in every app that uses the entry, so that only what the entry adds is weighed.
const budgets = [
  { name: 'createClient', code: core, bytes: 8 * 1000 },
  { name: 'applyPatch', code: "export { applyPatch } from './dist/index.js'", bytes: 1600 },
  { name: 'resilience', code: all('resilience'), bytes: 3000 },
  { name: 'withRetry', code: "export { withRetry } from './dist/resilience/index.js'", bytes: 1100 },
  { name: 'operation', code: all('operation'), bytes: 1500 },
  { name: 'progress', code: all('progress'), bytes: 1500 },
  { name: 'manager beside the client', code: all('manager'), beside: core, bytes: 2000 },
  { name: 'optimistic beside the client', code: all('optimistic'), beside: core, bytes: 1200 },
  { name: 'outbox beside the client', code: all('outbox'), beside: core, bytes: 1700 },
  { name: 'polling beside the client', code: all('polling'), beside: core, bytes: 900 },
  { name: 'views beside the client', code: all('views'), beside: core, bytes: 1000 },
  { name: 'check beside the client', code: all('check'), beside: core, bytes: 800 },
  { name: 'job beside the client', code: all('job'), beside: core, bytes: 700 },
  { name: 'workflow beside the client', code: all('workflow'), beside: core, bytes: 1400 },
  { name: 'bulk beside the client', code: all('bulk'), beside: core, bytes: 900 },
  { name: 'history beside the client', code: all('history'), beside: core, bytes: 700 },
  { name: 'query beside the client', code: all('query'), beside: core, bytes: 400 },
  { name: 'generation beside the client', code: all('generation'), beside: core, bytes: 8500 },
  { name: 'react beside the client', code: all('react'), beside: core, bytes: 1500 },
  { name: 'vue beside the client', code: all('vue'), beside: core, bytes: 1500 },
  { name: 'svelte beside the client', code: all('svelte'), beside: core, bytes: 1500 },
]

let isOver = false
for (const { name, code, beside = '', bytes } of budgets) {
  const size = (await weigh(`${beside}\n${code}`)) - (beside && (await weigh(beside)))
  isOver ||= size > bytes
  console.log(`${size > bytes ? 'over' : 'ok  '} ${name}: ${size} of ${bytes} bytes (brotli)`)
}
process.exitCode = isOver ? 1 : 0

async function weigh(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['react', 'svelte', 'vue'],
    write: false,
  })
  return brotliCompressSync(outputFiles[0].contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
}
