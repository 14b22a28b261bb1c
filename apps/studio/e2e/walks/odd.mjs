/** Texts that nobody expects, wherever people and programs may write them: shown as they are, in their place, and never run. */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { logMessages, openAt, row } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

const TEXTS = {
  long: 'Donaudampfschifffahrtsgesellschaft'.repeat(10),
  html: '<img src=x onerror="document.body.id=\'pwned\'"><script>document.body.id="pwned"</script><b>bold</b>',
  rtl: 'שלום עולם \u202etxt.exe مرحبا بالعالم',
  emoji: '👩\u200d👩\u200d👧\u200d👦 z\u0338\u0321\u031ba\u0335lgo',
}

export async function run({ walk, browser, server }) {
  const ids = {}
  for (const [name, text] of Object.entries(TEXTS)) {
    ids[name] = {
      echo: await server.dispatch('echo', { [text]: text, [name]: [[[text]]] }, { title: text, tags: [name] }),
      says: await server.dispatch('process.run', { argv: ['sh', '-c', 'echo "$0"; exit 3', text] }, { title: `says ${text}` }),
      bin: await server.dispatch('process.run', { argv: [`/no/${text}`] }),
    }
    for (const id of Object.values(ids[name])) await server.jobIs(id, 'succeeded', 'failed')
  }
  const blank = await server.dispatch('echo', {}, { title: ' ' })
  for (const width of [390, 1200]) {
    const tab = await openTab(browser, { viewport: { width, height: 800 } })
    for (const [name, text] of Object.entries(TEXTS)) {
      // What is too long shows on a wide page in other places than on a narrow one; the rest is the same.
      if (width > 390 && name !== 'long') continue
      await walk.step(`odd texts in every place: ${name}, ${width} px`, tab, () => everywhere(tab, server, ids[name], text))
    }
    if (width === 390) await walk.step('a title that shows nothing gives way to the kind', tab, async () => {
      await openAt(tab, server, '/')
      await row(tab.page, blank).getByText('echo', { exact: true }).last().click()
      await tab.page.getByRole('heading', { name: 'echo' }).waitFor()
    })
    await tab.context.close()
  }
}

/** The board, the pages of the jobs, the logs and the results. */
async function everywhere(tab, server, { echo, says, bin }, text) {
  const { page } = tab
  const open = async (path) => {
    await openAt(tab, server, path)
    await until('the page', () => page.evaluate(() => document.querySelector('main h1') !== null && document.querySelector('.loading') === null))
  }
  const fine = async () => {
    expectSame(await page.evaluate(() => [document.body.id, document.querySelectorAll('main img, main script, main b').length]), ['', 0], 'what was made of the text')
    expectSame(await overlaps(page), [], 'texts over their neighbours')
    const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    expect(wide <= width, `the page is ${wide} px wide`)
  }
  await open('/')
  const link = row(page, echo).locator('.title a')
  expectSame(await link.textContent(), text, 'the title on the board')
  await row(page, bin).getByText('/no/').first().waitFor()
  await fine()
  await open(`/jobs/${echo}`)
  expectSame(await page.locator('h1').textContent(), text, 'the title of the page')
  await page.locator('.key').filter({ hasText: text }).first().waitFor()
  await fine()
  await open(`/jobs/${says}?tab=logs`)
  await until('the line', async () => (await logMessages(page)).some((line) => line === text))
  await page.locator('[role=log] .line').last().click()
  await page.getByRole('region', { name: 'Line' }).waitFor()
  await fine()
  for (const tabName of ['attempts', 'raw', 'result']) {
    await open(`/jobs/${bin}?tab=${tabName}`)
    await fine()
  }
  await open('/results')
  await page.getByRole('link', { name: text, exact: true }).first().waitFor()
  await fine()
}

/** Texts in a page that reach over the edge of what holds them and onto others. */
function overlaps(page) {
  return page.evaluate(() => {
    const holds = (element) => ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(element).overflowX)
    const out = []
    for (const element of document.querySelectorAll('main section, main li, main dd, main p, main h1, main h2, main [role=gridcell]')) {
      let held = element
      while (held !== null && !holds(held)) held = held.parentElement
      const isHeld = held === element || (held !== null && held.scrollWidth <= held.clientWidth + 1)
      if (!isHeld && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 2) out.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`)
    }
    return out
  })
}
