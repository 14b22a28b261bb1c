/** Reading a log that grows: nothing moves under the reader, filters mean what they say, exports are what is shown. */
import { readFileSync } from 'node:fs'
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { expectNoneTwice, live, logMessages, openAt } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

const SCRIPT = `i=0; while :; do i=$((i+1)); echo "n $i"; [ $((i % 10)) = 0 ] && echo "tenth $i" >&2; sleep 0.03; done`
/** Long enough for a hundred lines to arrive. */
const READING_MS = 3000

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const window = page.getByRole('log')
  const top = () => window.evaluate((element) => element.scrollTop)

  await step('lines arrive, the newest first', async () => {
    await server.dispatch('process.run', { argv: ['sh', '-c', SCRIPT] }, { title: 'a talkative job' })
    await openAt(tab, server, '/logs')
    await until('a screen full', async () => (await logMessages(page)).length > 40)
    const lines = await logMessages(page)
    expectNoneTwice(lines)
    const numbers = lines.filter((line) => line.startsWith('n ')).map((line) => Number(line.slice(2)))
    expectSame(numbers, numbers.toSorted((a, b) => a - b), 'the order of the lines')
  })

  await step('scrolling away holds the picture; coming back lets it go', async () => {
    await window.hover()
    await page.mouse.wheel(0, 300)
    await page.locator('.pill').waitFor()
    const before = await logMessages(page)
    const counts = await countWhileReading(page)
    expectSame(await logMessages(page), before, 'the lines in view')
    expect(counts.at(-1) > counts[0] && counts.at(-1) > 20, `the button does not count: ${counts.join(', ')}`)
    await page.locator('.pill').click()
    await until('it follows again', async () => (await top()) === 0 && (await logMessages(page)).at(-1) !== before.at(-1))
  })

  await step('a pause is not undone by scrolling', async () => {
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = (await logMessages(page)).at(-1)
    await window.hover()
    await page.mouse.wheel(0, 300)
    await page.mouse.wheel(0, -600)
    await page.getByRole('button', { name: /Resume \([1-9]/ }).waitFor()
    await until('back at the top', async () => (await top()) === 0)
    expectSame((await logMessages(page)).at(-1), before, 'the newest line in view')
    await page.getByRole('button', { name: /Resume/ }).click()
  })

  await step('None shows nothing, a chip its channel, All everything', async () => {
    await page.getByRole('button', { name: 'None', exact: true }).click()
    await page.getByText('No line fits').waitFor()
    await page.getByRole('button', { name: /stderr/ }).click()
    await until('only stderr', async () => {
      const lines = await logMessages(page)
      return lines.length > 0 && lines.every((line) => line.startsWith('tenth'))
    })
    await page.getByRole('button', { name: 'All', exact: true }).click()
    await until('both again', async () => (await logMessages(page)).some((line) => line.startsWith('n ')))
  })

  await step('the export is exactly what is shown', async () => {
    await page.getByLabel('Search', { exact: true }).fill('TENTH')
    await until('only hits', async () => (await logMessages(page)).every((line) => line.startsWith('tenth')))
    await page.getByRole('button', { name: 'Pause' }).click()
    const shown = (await logMessages(page)).toReversed()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the shown lines as JSON' }).click(),
    ])
    const saved = JSON.parse(readFileSync(await download.path(), 'utf8')).map((entry) => entry.message)
    expectSame(saved.slice(0, shown.length), shown, 'the saved lines')
    expect(/^callboard-board-logs-.*\.json$/.test(download.suggestedFilename()), 'the name of the file')
  })

  await step('order and filter are remembered, a pause is not', async () => {
    await page.getByRole('button', { name: /Newest first/ }).click()
    await page.reload()
    await live(page)
    await page.getByRole('button', { name: /Oldest first/ }).waitFor()
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    expectSame(await page.getByLabel('Search', { exact: true }).inputValue(), 'TENTH', 'the remembered search')
    await page.getByLabel('Search', { exact: true }).fill('')
    await until('it stays at the bottom', () =>
      window.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 30),
    )
  })

  await step('a line opens in full, with the way to its job', async () => {
    await page.getByRole('button', { name: 'Pause' }).click()
    await window.locator('.line .message').first().click()
    await page.getByRole('region', { name: 'Line' }).getByRole('link', { name: /^job / }).click()
    await page.getByRole('heading', { name: 'a talkative job' }).waitFor()
  })
  await tab.context.close()
}

/** The numbers on the button while lines arrive. */
async function countWhileReading(page) {
  const counts = []
  const end = Date.now() + READING_MS
  while (Date.now() < end) {
    const text = await page.locator('.pill').innerText()
    counts.push(Number.parseInt(text.replaceAll('\u2009', ''), 10) || 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return counts
}
