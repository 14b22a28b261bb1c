/** Fails when the build in `dist` is larger than promised (brotli bytes; fonts as they are). Run after `npm run build`. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
if (!existsSync(join(dist, 'index.html'))) {
  console.error('budget: there is no build; run `npm run build` first')
  process.exit(1)
}

const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(dist, path)).isFile())
const brotli = (path) => brotliCompressSync(readFileSync(join(dist, path))).length
const sum = (paths, size) => paths.reduce((total, path) => total + size(path), 0)

/** What the browser loads before the board shows: the page and everything it names. */
const html = readFileSync(join(dist, 'index.html'), 'utf8')
const first = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1])
const scripts = files.filter((path) => path.endsWith('.js'))
const lazy = scripts.filter((path) => !first.includes(path))
const fonts = files.filter((path) => path.endsWith('.woff2'))
const shipped = files.filter((path) => !path.endsWith('.gz') && !existsSync(join(dist, `${path}.br`)))

const kB = 1000
const rows = [
  ['shell + board', sum(['index.html', ...first], brotli), 75 * kB],
  ['largest lazy chunk', Math.max(0, ...lazy.map(brotli)), 65 * kB],
  ['all styles', sum(files.filter((path) => path.endsWith('.css')), brotli), 15 * kB],
  ['fonts', sum(fonts, (path) => statSync(join(dist, path)).size), 95 * kB],
  ['embedded', sum(shipped, (path) => statSync(join(dist, path)).size), 1200 * kB],
]

let over = false
for (const [name, size, limit] of rows) {
  const verdict = size <= limit ? 'ok' : 'OVER'
  over ||= size > limit
  console.log(`${name.padEnd(20)} ${(size / kB).toFixed(1).padStart(7)} kB of ${limit / kB} kB  ${verdict}`)
}
if (first.length === 0) throw new Error('index.html names no script: the measure would be empty')
process.exit(over ? 1 : 0)
