/**
 * What a newcomer does, in a real browser on a real server. Each walk has its own server and its own data.
 *
 *   npm run e2e [-- WALK...]     CALLBOARD_BIN the binary, CALLBOARD_CHROMIUM the browser,
 *                                CALLBOARD_PICTURES a folder for the pictures of the documentation
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium, launch } from './kit/browser.mjs'
import { Server } from './kit/server.mjs'
import { Walk } from './kit/steps.mjs'
import * as away from './walks/away.mjs'
import * as bulk from './walks/bulk.mjs'
import * as cancel from './walks/cancel.mjs'
import * as continuity from './walks/continuity.mjs'
import * as firstRun from './walks/first-run.mjs'
import * as gaps from './walks/gaps.mjs'
import * as keyboard from './walks/keyboard.mjs'
import * as logs from './walks/logs.mjs'
import * as looks from './walks/looks.mjs'
import * as odd from './walks/odd.mjs'
import * as plain from './walks/plain.mjs'
import * as reconnect from './walks/reconnect.mjs'
import * as viewer from './walks/viewer.mjs'
import * as without from './walks/without-socket.mjs'
import * as workflows from './walks/workflows.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const WALKS = { 'first-run': firstRun, continuity, away, cancel, bulk, viewer, logs, gaps, keyboard, looks, odd, plain, reconnect, workflows, 'without-socket': without }

const bin = process.env['CALLBOARD_BIN'] ?? join(root, 'target/debug/callboard')
const executable = findChromium()
if (!existsSync(bin)) give(`there is no callboard binary at ${bin}; build it, or set CALLBOARD_BIN`)
if (executable === undefined) give('there is no Chromium in PATH; install it, or set CALLBOARD_CHROMIUM')

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in WALKS))
if (unknown.length > 0) give(`unknown walk ${unknown.join(', ')}; there are ${Object.keys(WALKS).join(', ')}`)

const pictures = join(root, 'test-results/studio')
const walk = new Walk(pictures)
const browser = await launch(executable)
try {
  for (const [name, { run }] of Object.entries(WALKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(name)
    const server = new Server(bin)
    try {
      await server.start()
      await run({ walk, browser, server, bin, pictures: process.env['CALLBOARD_PICTURES'] ?? pictures })
    } finally {
      await server.close()
    }
  }
} finally {
  await browser.close()
}
console.log(`${walk.passed} steps passed, ${walk.failures.length} failed`)
// Once more at the end: a long log is often seen by its last lines only.
if (walk.failures.length > 0) console.error(walk.failures.join('\n'))
process.exit(walk.failures.length === 0 && walk.passed > 0 ? 0 : 1)

function give(message) {
  console.error(`e2e: ${message}`)
  process.exit(2)
}
