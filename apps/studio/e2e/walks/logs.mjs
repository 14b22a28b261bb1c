/** Reading a log that grows: nothing moves under the reader, filters mean what they say, exports are what is shown. */
import { readFileSync } from 'node:fs'
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { expectNoneTwice, live, logMessages, openAt, openLine } from '../kit/studio.mjs'
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
    await openLine(page)
    await page.getByRole('region', { name: 'Line' }).getByRole('link', { name: /^job / }).click()
    await page.getByRole('heading', { name: 'a talkative job' }).waitFor()
  })

  await step('a link leads to a line: of the board, and of its job', async () => {
    // The log runs on meanwhile: the page must still have the line after the reload, also on a slow machine.
    await server.command('config.set', { values: { 'logs.capacity': CAPACITY } })
    await openAt(tab, server, '/logs')
    await page.getByRole('button', { name: 'Pause' }).click()
    await window.hover()
    await page.mouse.wheel(0, -4000)
    await openLine(page)
    // Rows are used again while the window scrolls: the line in full says which one was hit.
    const text = await page.getByRole('region', { name: 'Line' }).locator('pre').innerText()
    const seq = await until('a line in the address', () => new URL(page.url()).searchParams.get('line'))
    await page.getByLabel('Search', { exact: true }).fill('hidden by this')
    await page.reload()
    const picked = window.locator('.line.picked')
    const isThere = async () => (await picked.locator('.message').innerText()) === text
    await until('the same line, although the search hid it', isThere)
    const middle = await picked.evaluate((element) => {
      const [at, box] = [element, element.closest('[role=log]')].map((each) => each.getBoundingClientRect())
      return box.top < at.top && at.bottom < box.bottom
    })
    expect(middle, 'it is not in view')
    await page.getByRole('region', { name: 'Line' }).getByRole('link', { name: /^job / }).click()
    await page.getByRole('heading', { name: 'a talkative job' }).waitFor()
    const job = new URL(page.url()).pathname
    await page.goto(new URL(`${job}?tab=logs&line=${seq}`, server.url).href)
    await until('the line in the log of its job', isThere)
    await page.goto(new URL(`${job}?tab=logs&line=1`, server.url).href)
    await until('its first line, above what it says in full', async () => {
      const [line, detail] = await Promise.all([picked, page.getByRole('region', { name: 'Line' })].map((each) => each.boundingBox()))
      return line.y + line.height <= detail.y + 1 && (await picked.locator('.message').innerText()) === 'n 1'
    })
    await page.getByRole('button', { name: 'Close the line' }).click()
    await until('no line in the address', () => !new URL(page.url()).searchParams.has('line'))
  })

  await step('a link leads to a line that the page has left behind, as long as the server has it', async () => {
    await server.command('config.set', { values: { 'logs.capacity': 500 } })
    const entries = Array.from({ length: 600 }, (_, n) => ({ message: `later ${n}` }))
    await server.api('api/logs/ingest', { method: 'POST', body: JSON.stringify(entries) })
    const [first] = (await server.api('api/logs?sinceSeq=0&limit=1')).entries
    await openAt(tab, server, `/logs?line=${first.seq}`)
    const inFull = page.getByRole('region', { name: 'Line' })
    await until('the line in full', async () => (await inFull.locator('pre').innerText()) === first.message)
    await page.getByText('This line is older than the rows').waitFor()
    await page.getByRole('button', { name: 'Close the line' }).click()
    await page.getByText('This line is older than the rows').waitFor({ state: 'detached' })
  })

  await step('y copies the address of the line that j picked', async () => {
    await tab.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('log').focus()
    await page.keyboard.press('j')
    await page.keyboard.press('y')
    await until('the address', async () => (await page.evaluate(() => navigator.clipboard.readText())) === page.url())
    expect(new URL(page.url()).searchParams.has('line'), 'the address names no line')
    await page.keyboard.press('Escape')
    await window.locator('.line.picked').waitFor({ state: 'detached' })
  })

  await step('what a program says in colour is in colour, and how it says so is not shown', async () => {
    const text = String.raw`a \033[31mred\033[0m and \033[1;38;5;46mgreen\033[0m\033[2K end\033]0;title\007\n`
    const id = await server.dispatch('process.run', { argv: ['printf', text] })
    await server.jobIs(id, 'succeeded')
    await openAt(tab, server, `/jobs/${id}?tab=logs`)
    await until('the text alone', async () => (await logMessages(page)).includes('a red and green end'))
    const looks = await window.locator('.message', { hasText: 'a red' }).evaluate((message) =>
      [...message.children].map((part) => [part.textContent, part.dataset.color, getComputedStyle(part).color !== getComputedStyle(message).color]),
    )
    expectSame(looks, [['red', 'red', true], ['green', 'green', true]], 'the colours')
    await page.getByLabel('Search', { exact: true }).fill('red and green')
    await until('a hit across colours', async () => (await logMessages(page)).length === 1)
  })

  await step('ten thousand lines a second: what is read stays, and so does what is selected', () => flood(tab, server))
  await tab.context.close()
}

/** Lines of each of so many batches, one batch in so many ms: more than the log of a page holds, several times. */
const [BATCH, BATCHES, EVERY_MS] = [1000, 40, 100]
/** As the server advises the page from now on. */
const CAPACITY = 10_000

async function flood(tab, server) {
  const { page } = tab
  await server.command('config.set', { values: { 'logs.capacity': CAPACITY } })
  await openAt(tab, server, '/logs')
  const log = page.getByRole('log')
  await until('some lines', async () => (await logMessages(page)).length > 20)
  await log.hover()
  await page.mouse.wheel(0, -200)
  await page.locator('.pill').waitFor()
  const first = () => log.evaluate((element) => {
    const top = element.getBoundingClientRect().top
    return [...element.querySelectorAll('.line')].filter((line) => line.getBoundingClientRect().top >= top).sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0].innerText
  })
  await log.locator('.line .message').nth(5).evaluate((element) => document.getSelection().selectAllChildren(element))
  const selected = () => page.evaluate(() => String(document.getSelection()))
  const before = [await first(), await selected()]
  expect(before[1] !== '', 'nothing is selected')
  const heap = await heapOf(tab)
  let sum = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const due = new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    const entries = Array.from({ length: BATCH }, (_, n) => ({ message: `flood ${batch * BATCH + n}`, channel: 'flood' }))
    await server.api('api/logs/ingest', { method: 'POST', body: JSON.stringify(entries) })
    if (batch % 4 === 0) expectSame([await first(), await selected()], before, `the first row and the selection after ${sum} lines`)
    sum += BATCH
    await due
  }
  await until('the page has heard of it', async () => Number((await page.locator('.pill').innerText()).replace(/\D/g, '')) >= CAPACITY * 0.9)
  expectSame([await first(), await selected()], before, 'the first row and the selection at the end')
  await page.evaluate(() => document.getSelection().removeAllRanges())
  await page.locator('.pill').click()
  await until('it follows again', async () => (await page.locator('.pill').count()) === 0 && (await first()) !== before[0])
  const grown = (await heapOf(tab)) - heap
  await page.goto(new URL('logs?line=1', server.url).href)
  await page.getByText('Line 1, where the link leads, is not kept here').waitFor()
  expect(grown < HEAP_BYTES, `the page holds ${Math.round(grown / 1e6)} MB more than before`)
}

/** The lines that a page holds, and what is made of them; 40 000 lines would be several times as much. */
const HEAP_BYTES = 16e6

async function heapOf({ context, page }) {
  const devtools = await context.newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize
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
