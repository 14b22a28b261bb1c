/** The server goes while somebody is in the middle of something; a machine without a network; every page by way of the history. */
import { openTab } from '../kit/browser.mjs'
import { expectSame } from '../kit/expect.mjs'
import { live, openAt, row } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const dialog = page.getByRole('dialog', { name: 'All jobs that match' })
  const done = await server.dispatch('echo', { n: 1 }, { title: 'done before' })
  await server.jobIs(done, 'succeeded')

  await step('the server is killed behind an open dialog: what was typed stays, and it goes on when the server is back', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const nap = await server.dispatch('sleep', { ms: 1 }, { title: 'a nap', scheduledAt: later })
    await openAt(tab, server, '/')
    await row(page, nap).waitFor()
    await page.keyboard.press('b')
    await dialog.getByLabel('Jobs that match').fill('kind:sleep')
    await dialog.getByRole('status').getByText('1 job').waitFor()
    tab.gone = true
    await server.kill()
    await dialog.getByLabel('Jobs that match').fill('kind:sleep state:scheduled')
    await dialog.getByRole('status').getByText('Counting…').waitFor()
    await page.getByTestId('connection').getByText(/reconnecting|no WebSocket/).waitFor()
    await server.start()
    await live(page)
    // Nobody has to type again: what was asked waits for the connection.
    await dialog.getByRole('status').getByText('1 job').waitFor()
    await dialog.getByLabel('Why').fill('enough')
    await dialog.getByRole('button', { name: 'Cancel 1 job' }).click()
    await dialog.getByText('1 job cancelled').waitFor()
    expectSame((await server.job(nap)).state, 'cancelled', 'the nap')
    tab.gone = false
  })

  await step('without a network the page says so, shows what it had, and is right again with it', async () => {
    await openAt(tab, server, '/')
    tab.gone = true
    await tab.context.setOffline(true)
    await page.getByTestId('connection').getByText(/offline/).waitFor()
    await row(page, done).getByText('succeeded').waitFor()
    await page.getByRole('link', { name: 'done before' }).click()
    await page.getByRole('heading', { name: 'done before' }).waitFor()
    const meanwhile = await server.dispatch('echo', {}, { title: 'done meanwhile' })
    await tab.context.setOffline(false)
    await live(page)
    await page.goBack()
    await row(page, meanwhile).getByText('succeeded').waitFor()
    tab.gone = false
  })

  await step('back and forward through every page, with its tab, filter and query, and a reload on each', async () => {
    const places = ['/?state=succeeded&q=done', `/jobs/${done}`, `/jobs/${done}?tab=raw`, '/workflows', '/results?q=n:1', '/results?q=kind:echo', '/logs']
    const titles = []
    for (const place of places) {
      await openAt(tab, server, place)
      titles.push(await page.title())
    }
    tab.complaints.length = 0
    for (const way of ['goBack', 'goForward']) {
      const order = way === 'goBack' ? [...places.keys()].reverse().slice(1) : [...places.keys()].slice(1)
      for (const at of order) {
        await page[way]()
        await live(page)
        const url = new URL(page.url())
        expectSame(decodeURIComponent(url.pathname + url.search), places[at], `the address after ${way}`)
        await page.reload()
        await live(page)
        await until('its title', async () => (await page.title()) === titles[at])
      }
    }
    tab.complaints.length = 0
  })
  await tab.context.close()
}
