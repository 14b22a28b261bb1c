/** Everything that matters, without a mouse. */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { openAt } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const active = () => page.getByRole('grid').getAttribute('aria-activedescendant')
  const path = (expected) => until(`the address ${expected}`, () => new URL(page.url()).pathname === expected)

  const ids = []
  await step('the first stop is a link past the frame', async () => {
    for (const n of [1, 2, 3]) ids.unshift(await server.dispatch('sleep', { ms: 60_000, steps: 100 }, { title: `nap ${n}` }))
    await openAt(tab, server, '/')
    await page.getByRole('grid').waitFor()
    await press('Tab')
    expectSame(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content', 'the first stop')
    await press('Enter')
    expectSame(await page.evaluate(() => document.activeElement?.id), 'content', 'where the link leads')
  })

  await step('j and k move, Enter opens, [ and ] go to the neighbours', async () => {
    await press('j', 'j', 'j', 'k')
    await until('the second row', async () => (await active()) === `row-${ids[1]}`)
    await press('Enter')
    await path(`/jobs/${ids[1]}`)
    await press('[')
    await path(`/jobs/${ids[2]}`)
    await press(']')
    await path(`/jobs/${ids[1]}`)
    await press('5')
    await page.getByRole('region', { name: 'Record as JSON' }).waitFor()
    await press('g', 'b')
    await path('/')
  })

  await step('/ filters, Enter leaves the field, c cancels, r retries', async () => {
    await press('/')
    await page.keyboard.type('nap 3')
    await until('one row', async () => (await page.locator('[role=gridcell].title').count()) === 1)
    expect(new URL(page.url()).searchParams.get('q') === 'nap 3', 'the filter is not in the address')
    await press('Enter', 'j', 'c')
    await server.jobIs(ids[0], 'cancelled')
    await page.getByRole('gridcell').getByText('cancelled', { exact: true }).waitFor()
    await press('r')
    await server.jobIs(ids[0], 'running')
    await page.getByRole('gridcell').getByText('running', { exact: true }).waitFor()
    await press('/', 'Escape', 'Escape')
    await until('all rows', async () => (await page.locator('[role=gridcell].title').count()) === 3)
  })

  await step('x selects, c asks for several, Escape clears', async () => {
    await press('Home', 'x', 'j', 'x')
    await page.getByText('2 jobs selected').waitFor()
    await press('c')
    await page.getByRole('heading', { name: 'Cancel 2 jobs?' }).waitFor()
    await press('Escape')
    await page.getByRole('heading', { name: 'Cancel 2 jobs?' }).waitFor({ state: 'detached' })
    await press('Escape')
    await page.getByText('2 jobs selected').waitFor({ state: 'detached' })
  })

  await step('? lists the keys of this page, T changes the theme, g goes places', async () => {
    await press('?')
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    for (const words of ['Next job', 'Go to the logs', 'Change the theme']) {
      expect(await page.getByText(words).isVisible(), `the sheet does not list: ${words}`)
    }
    await press('Escape')
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
    const before = await theme()
    await press('T')
    expect((await theme()) !== before, 'T did not change the theme')
    await press('g', 'r')
    await path('/results')
    await press('g', 'l')
    await path('/logs')
    await press('p')
    await page.getByRole('button', { name: /Resume/ }).waitFor()
  })

  await step('single keys can be turned off', async () => {
    await press('?')
    await page.getByLabel('Single-key shortcuts').uncheck()
    await press('Escape', 'g', 'b')
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor({ state: 'detached' })
    expectSame(new URL(page.url()).pathname, '/logs', 'where the page is')
    await page.getByRole('button', { name: 'Keys and about' }).click()
    await page.getByLabel('Single-key shortcuts').check()
    await press('Escape', 'g', 'b')
    await path('/')
  })
  await tab.context.close()
}
