/** The client's connection in a real browser, proven repeatedly (X16): five drops in a row, and ten minutes without a server. */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { live, openAt, row, version } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

const DROPS = 5
const DOWN_MS = 600_000
/** No delay between two tries is longer (`ws.reconnectMaxMs`). */
const STEP_MS = 15_000

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const badge = page.getByTestId('connection')
  // The page's time may be moved; until then it goes by itself.
  await page.clock.install()

  await step('five drops in a row: back each time, with what happened meanwhile', async () => {
    await openAt(tab, server, '/')
    tab.gone = true
    for (let drop = 1; drop <= DROPS; drop++) {
      await server.kill()
      await badge.getByText(/reconnecting/).waitFor()
      await server.start()
      await page.clock.fastForward(STEP_MS)
      const id = await server.dispatch('echo', { drop }, { title: `said after drop ${drop}` })
      await live(page)
      await row(page, id).getByText('succeeded').waitFor()
    }
    tab.gone = false
    await expectTruth(page, server)
  })

  await step('ten minutes without a server: it goes on trying, and is back with the first chance', async () => {
    tab.gone = true
    await server.kill()
    await badge.getByText(/reconnecting/).waitFor()
    const start = await page.evaluate(() => Date.now())
    let tries = 0
    page.on('websocket', () => (tries += 1))
    for (let now = start; now - start < DOWN_MS; now = await page.evaluate(() => Date.now())) {
      const before = tries
      await page.clock.fastForward(STEP_MS)
      await until('another try', () => tries > before)
      await badge.getByText(/reconnecting/).waitFor()
    }
    expect(tries >= 30, `only ${tries} tries in ten minutes`)
    await server.start()
    await page.clock.fastForward(STEP_MS)
    await live(page)
    const id = await server.dispatch('echo', {}, { title: 'said after ten minutes' })
    await row(page, id).getByText('succeeded').waitFor()
    tab.gone = false
    await expectTruth(page, server)
  })
  await tab.context.close()
}

/** The page stands where the server does, with the same jobs. */
async function expectTruth(page, server) {
  const shown = async () => {
    const rows = await page.locator('[role=grid] [role=row][id^="row-"]').evaluateAll((all) => all.map((each) => each.id.slice(4)))
    return rows.sort()
  }
  await until('the version of the server', async () => {
    const state = await server.api('api/state')
    return (await version(page)).replace(/\D/g, '') === String(state.version)
  })
  const { jobs } = await server.api('api/jobs?limit=100')
  expectSame(await shown(), jobs.map(({ id }) => id).sort(), 'the jobs of the page')
}
