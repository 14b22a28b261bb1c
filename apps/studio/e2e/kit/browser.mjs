/** A browser and its tabs, with an ear for everything that a page must not say. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The browser to use: `CALLBOARD_CHROMIUM`, else one of the system's. */
export function findChromium() {
  const named = process.env['CALLBOARD_CHROMIUM']
  if (named) return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/** Starts the browser. */
export function launch(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS, timeout: 60_000 })
}

/** A tab of its own profile, as another person's browser would be. Complaints are collected in `complaints`. */
export async function openTab(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    acceptDownloads: true,
    ...options,
  })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const tab = { context, page, complaints: [], gone: false }
  const complain = (text) => {
    // A server that was killed on purpose is not there: the browser says so for each try.
    const expected = tab.gone && /ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket|Failed to load resource/.test(text)
    if (!expected) tab.complaints.push(text)
  }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complain(`exception: ${error.message}`))
  await page.exposeFunction('reportViolation', (text) => complain(`content security policy: ${text}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
  return tab
}
