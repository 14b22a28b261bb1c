/** Writes `.br` and `.gz` beside every file of `dist`, and the licences of what is in it. The server embeds them as they are. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
/** What the bundle contains code or fonts of. */
const SHIPPED = ['vue', 'vue-router', '@lucide/vue', '@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono']
/** Fonts are compressed already. */
const COMPRESSIBLE = /\.(?:html|js|css|svg|txt|json)$/

writeFileSync(join(dist, 'licences.txt'), licences())
let bytes = 0
for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!COMPRESSIBLE.test(path)) continue
  const content = readFileSync(join(dist, path))
  const br = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  })
  writeFileSync(join(dist, `${path}.br`), br)
  writeFileSync(join(dist, `${path}.gz`), gzipSync(content, { level: 9 }))
  bytes += br.length
}
console.log(`precompressed: ${(bytes / 1000).toFixed(1)} kB brotli`)

function licences() {
  const require = createRequire(join(root, 'package.json'))
  const parts = SHIPPED.map((name) => {
    const folder = packageFolder(require, name)
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${name} has no licence file in ${folder}`)
    return `${name}\n${'='.repeat(name.length)}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `Callboard Studio contains parts of these works.\n\n${parts.join('\n\n')}`
}

/** Packages need not export their package.json, so the folders that Node would look in are tried one by one. */
function packageFolder(require, name) {
  for (const modules of require.resolve.paths(name) ?? []) {
    try {
      readdirSync(join(modules, name))
      return join(modules, name)
    } catch {
      // Not in this folder; the next one is further up.
    }
  }
  throw new Error(`${name} is not installed`)
}
