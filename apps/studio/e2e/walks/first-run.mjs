/** The first minutes: the way in, three real jobs with one click each, the picture in Results (issue: point 2). */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { live, logMessages, percent, row, version } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

/** Pictures are painted by the processor, which a busy machine has little of. */
const PAINTING_MS = 60_000
const PROMPT = 'northern lights over a quiet fjord'

export async function run({ walk, browser, server, pictures }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)

  await step('without a token the page says how to get in', async () => {
    await page.goto(server.url)
    await page.getByRole('heading', { name: 'This board is locked' }).waitFor()
    expect(await page.getByText('callboard open').isVisible(), 'the command to get in is not shown')
  })

  await step('a token that is not valid leads back to the way in', async () => {
    await page.getByText('I have a token').click()
    await page.getByLabel('Token').fill('not-a-token')
    await page.getByRole('button', { name: 'Open the board' }).click()
    await page.getByText('not valid').waitFor()
    // The browser writes down that a request was refused.
    tab.complaints.length = 0
  })

  await step('the printed link lets in, once, and leaves the address bar', async () => {
    await page.goto(server.launchUrl)
    await live(page)
    expectSame(new URL(page.url()).hash, '', 'the fragment')
    await page.reload()
    await live(page)
    const late = await openTab(browser)
    await late.page.goto(server.launchUrl)
    await late.page.getByText('used already').waitFor()
    await late.context.close()
  })

  await step('an empty board offers three real jobs', async () => {
    await page.getByRole('heading', { name: 'Nothing has run on this board yet' }).waitFor()
    for (const verb of ['Generate image', 'Checksum folder', 'Run command']) {
      expect(await page.getByRole('button', { name: verb }).isEnabled(), `${verb} is not offered`)
    }
  })

  await step('what the server refuses is said where it was asked', async () => {
    await page.getByLabel('Width').fill('999999')
    await page.getByRole('button', { name: 'Generate image' }).click()
    const told = await until('a refusal in the form, or a failed job', async () => {
      if (await page.getByRole('alert').isVisible()) return page.getByRole('alert').innerText()
      const [first] = (await server.api('api/jobs?state=failed')).jobs
      return first?.error?.message
    })
    expect(/width/i.test(told), `the message does not name the field: ${told}`)
  })

  await step('image.generate moves, finishes, and its picture is in Results', async () => {
    if (!(await page.getByRole('button', { name: 'Generate image' }).isVisible())) {
      await page.getByRole('button', { name: 'New job' }).click()
    }
    await page.getByLabel('Prompt').fill(PROMPT)
    await page.getByLabel('Steps').fill('36')
    await page.getByLabel('Width').fill('640')
    await page.getByLabel('Height').fill('480')
    await page.getByRole('button', { name: 'Generate image' }).click()
    await page.getByRole('link', { name: PROMPT }).click()
    const early = await until('progress', async () => (await percent(page)) || undefined)
    await until('more progress', async () => (await percent(page)) > early || (await isDone(page)))
    await page.locator('.header').getByText('succeeded').waitFor({ timeout: PAINTING_MS })
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    const width = await until('a painted picture', () =>
      page.locator('main img').first().evaluate((img) => img.naturalWidth || undefined),
    )
    expectSame(width, 640, 'the width of the picture')
    await page.getByRole('heading', { name: PROMPT }).waitFor()
  })

  await step('checksum of a folder ends with a JSON result that is right', async () => {
    const { folder, sha256 } = folderWithKnownDigest()
    try {
      await page.getByRole('button', { name: 'New job' }).click()
      await page.getByLabel('Folder on the server').fill(folder)
      await page.getByRole('button', { name: 'Checksum folder' }).click()
      await page.locator('.header').getByText('succeeded').waitFor()
      await page.getByRole('link', { name: 'Result', exact: true }).click()
      const value = await page.getByRole('region', { name: 'Value' }).innerText()
      expect(value.includes(sha256), `the digest is not in the result:\n${value}`)
      expect(/files:\s*3/.test(value), `the number of files is not in the result:\n${value}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  await step('a command is shown as its array before it runs, and its output after', async () => {
    await page.getByRole('button', { name: 'New job' }).click()
    await page.getByLabel('Command line').fill(`sh -c 'for i in 1 2 3; do echo "tick $i"; done; echo oops >&2' a\\ b ''`)
    const chips = await page.locator('output .chip').allInnerTexts()
    expectSame(chips, ['sh', '-c', 'for i in 1 2 3; do echo "tick $i"; done; echo oops >&2', 'a b', '(empty)'], 'the array')
    await page.getByLabel('Command line').fill(`sh -c 'open`)
    expect(await page.getByRole('button', { name: 'Run command' }).isDisabled(), 'an unfinished line could be run')
    await page.getByLabel('Command line').fill(`sh -c 'for i in 1 2 3; do echo "tick $i"; done; echo oops >&2'`)
    await page.getByRole('button', { name: 'Run command' }).click()
    await page.locator('.header').getByText('succeeded').waitFor()
    await page.getByRole('link', { name: 'Logs', exact: true }).last().click()
    const lines = await until('four lines', async () => {
      const found = await logMessages(page)
      return found.filter((line) => /tick|oops/.test(line)).length === 4 ? found : undefined
    })
    expectSame(lines.filter((line) => line.startsWith('tick')), ['tick 1', 'tick 2', 'tick 3'], 'the lines in order')
  })

  await step('a program that is not there fails with its name', async () => {
    const id = await server.dispatch('process.run', { argv: ['no-such-program-here'] })
    await server.jobIs(id, 'failed')
    await page.goto(server.url)
    await row(page, id).getByText('no-such-program-here').first().waitFor()
    await row(page, id).getByText('failed').waitFor()
  })

  await step('the picture for the documentation', () => paint(tab, server, pictures))
  await tab.context.close()
}

async function isDone(page) {
  return page.locator('.header').getByText('succeeded').isVisible()
}

/** Three files whose digest is computed here as `sha256sum | sha256sum` would. */
function folderWithKnownDigest() {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-sum-'))
  const files = { 'a.txt': 'alpha\n', 'b.bin': Buffer.alloc(100_000, 7), 'deep/c.txt': 'gamma\n' }
  mkdirSync(join(folder, 'deep'))
  const listing = Object.entries(files).map(([name, content]) => {
    writeFileSync(join(folder, name), content)
    return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`
  })
  return { folder, sha256: createHash('sha256').update(listing.join('')).digest('hex') }
}

/** A board with a little of everything going on, and what it made. */
async function paint(tab, server, pictures) {
  const { page } = tab
  mkdirSync(pictures, { recursive: true })
  // Its message names the PATH of this machine.
  const [missing] = (await server.api('api/jobs?state=failed')).jobs
  await server.command('jobs.delete', { id: missing.id })
  const size = { width: 640, height: 480, steps: 12 }
  const done = await Promise.all([
    server.dispatch('image.generate', { prompt: 'a lighthouse in the rain', seed: 3, ...size }),
    server.dispatch('image.generate', { prompt: 'coral garden at noon', seed: 11, ...size }),
    server.dispatch('image.generate', { prompt: 'the last train home', seed: 21, ...size }),
  ])
  for (const id of done) await server.jobIs(id, 'succeeded')
  const gone = await server.dispatch('sleep', { ms: 60_000 }, { title: 'nightly report' })
  await server.command('jobs.cancel', { id: gone })
  await server.dispatch('process.run', { argv: ['false'] }, { title: 'flaky upload', maxAttempts: 5, retry: { initialMs: 60_000, maxMs: 60_000 } })
  await server.dispatch('sleep', { ms: 60_000, steps: 200 }, { title: 'index the archive' })
  await server.dispatch('process.run', { argv: ['sh', '-c', 'while :; do echo working; sleep 1; done'] }, { title: 'watch the inbox' })
  const long = await server.dispatch('image.generate', { prompt: 'mountains before the storm', seed: 5, width: 640, height: 480, steps: 150 })
  await page.setViewportSize({ width: 1280, height: 640 })
  await page.goto(server.url)
  await row(page, long).waitFor()
  await until('the picture is well under way', async () => (await server.job(long)).progress?.value > 0.3, PAINTING_MS)
  await page.mouse.move(640, 600)
  await page.screenshot({ path: join(pictures, 'studio.png') })
  await page.goto(new URL('results', server.url).href)
  await until('all pictures', () =>
    page.locator('main img').evaluateAll((all) => all.length >= 4 && all.every((img) => img.complete && img.naturalWidth > 0)),
  )
  await page.screenshot({ path: join(pictures, 'results.png') })
  expect(/^v\d/.test((await version(page)).replaceAll('\u2009', '')), 'no version in the status bar')
}
