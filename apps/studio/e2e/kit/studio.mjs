/** Studio as a person sees it: what is read from a page and done on it, in the page's own words. */
import { expect } from './expect.mjs'
import { until } from './until.mjs'

/** Opens a page with the token already in this tab, as after a launch. */
export async function openAt(tab, server, path, token = server.token) {
  // Only a page of this origin can put it there; in a tab that has one it is put there without another load.
  if (!tab.page.url().startsWith(server.url)) await tab.page.goto(server.url)
  await tab.page.evaluate(([given]) => sessionStorage.setItem('callboard.token:/', given), [token])
  await tab.page.goto(new URL(path, server.url).href)
  await live(tab.page)
}

/** Waits until the badge says that everything is live. */
export async function live(page) {
  await page.getByTestId('connection').getByText('live', { exact: true }).waitFor()
}

/** The row of a job on the board. */
export function row(page, id) {
  return page.locator(`[id="row-${id}"]`)
}

/** The version that the status bar shows. */
export async function version(page) {
  return page.locator('footer .version').innerText()
}

/** The percentage in the header of a job page. */
export async function percent(page) {
  return Number.parseInt(await page.locator('.header .percent').innerText(), 10)
}

/** The messages of the log rows in view, oldest first (the window shows the newest first). */
export async function logMessages(page) {
  // Read in one go: lines come meanwhile, and rows are used again.
  const rows = await page.locator('[role=log] .line').evaluateAll((lines) =>
    lines.map((line) => ({ text: line.querySelector('.message')?.innerText ?? '', top: line.getBoundingClientRect().top })),
  )
  return rows.sort((a, b) => b.top - a.top).map(({ text }) => text)
}

/**
 * Opens a line of the log in full. Rows are used again while the window scrolls, so one can change between press and release,
 * which is no click: as a person would, it tries again.
 */
export async function openLine(page) {
  const inFull = page.getByRole('region', { name: 'Line' })
  await until('a line in full', async () => {
    await page.locator('[role=log] .line:not(.gap)').nth(20).click({ timeout: 2000 })
    await inFull.waitFor({ timeout: 1000 })
    return true
  })
}

/** Fails when a line is there twice. */
export function expectNoneTwice(lines) {
  const seen = new Set()
  const twice = lines.filter((line) => seen.size === seen.add(line).size)
  expect(twice.length === 0, `lines shown twice: ${twice.slice(0, 5).join(', ')}`)
}

/** Waits for a note in the corner. */
export function note(page, pattern) {
  return until(`a note like ${pattern}`, async () => {
    const notes = await page.locator('.toast p').allInnerTexts()
    return notes.find((text) => pattern.test(text))
  })
}
