/** One action on all that match, from the board (design: ui 4.3, 4.8.7): counted, done by a job, told with what it left alone. */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { openAt } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

const NAPS = 40
const ECHOES = 120

/** None of them is due before the walk is over. */
const LATER = new Date(Date.now() + 3_600_000).toISOString()

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const dialog = page.getByRole('dialog', { name: 'All jobs that match' })
  const said = (text) => dialog.getByRole('status').getByText(text).waitFor()
  const total = async (query) => (await server.command('jobs.bulk', { action: 'tag', query, args: { add: ['x'] }, dryRun: true })).result

  await step('b asks about what the board shows, and the answer is a count, reasons and a sample', async () => {
    const all = [
      ...Array.from({ length: NAPS }, (_, n) => server.dispatch('sleep', { ms: 1 }, { title: `nap ${n}`, scheduledAt: LATER })),
      ...Array.from({ length: ECHOES }, (_, n) => server.dispatch('echo', { n }, { title: `word ${n}` })),
    ]
    await Promise.all(all)
    await openAt(tab, server, '/?q=nap')
    await page.getByRole('grid').waitFor()
    await page.keyboard.press('b')
    expectSame(await dialog.getByLabel('Jobs that match').inputValue(), 'nap', 'the query')
    await said(`${NAPS} jobs`)
    await dialog.getByLabel('Jobs that match').fill('nap -state:nothing')
    await said(/column \d+.*nothing.*is no state/)
    await dialog.getByLabel('Jobs that match').fill('kind:echo,sleep')
    await said(`${ECHOES} already finished`)
    expectSame(await dialog.getByRole('list', { name: 'The newest of them' }).getByRole('listitem').count(), 5, 'jobs of the sample')
    await dialog.getByText(`callboard cancel kind:echo,sleep`, { exact: true }).waitFor()
  })

  await step('without a mouse: moved to another queue, then cancelled', async () => {
    await dialog.getByLabel('Jobs that match').focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('Move')
    await said('Name the queue that they are to wait in.')
    await page.keyboard.press('Tab')
    await page.keyboard.type('slow')
    await said('would be moved')
    await page.keyboard.press('Enter')
    await said(`${NAPS} jobs moved`)
    expectSame(await page.evaluate(() => document.activeElement?.textContent), 'Close', 'where the focus is')
    expectSame((await total('queue:slow')).eligible, NAPS, 'jobs in the queue')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await page.keyboard.press('b')
    await said(`${NAPS} jobs`)
    await page.keyboard.press('Enter')
    await said(`${NAPS} jobs cancelled`)
    await until('none of them is left', async () => (await total('kind:sleep state:active')).eligible === 0)
    await dialog.getByRole('link', { name: 'Its job' }).click()
    await page.getByRole('heading', { name: /cancel/i }).waitFor()
  })

  await step('more than a hundred are deleted only with their number', async () => {
    await openAt(tab, server, '/?q=word')
    await page.getByRole('button', { name: 'All that match…' }).click()
    await dialog.getByLabel('Action').selectOption('Delete')
    await said('gone for good')
    const go = dialog.getByRole('button', { name: `Delete ${ECHOES} jobs` })
    expect(await go.isDisabled(), 'it can be done without the number')
    await dialog.getByLabel(`Type ${ECHOES} to delete`).fill(String(ECHOES))
    await go.click()
    await said(`${ECHOES} jobs deleted`)
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    // The job that did it is named after the query, so it stays in view.
    await until('they are gone', async () => (await page.getByRole('link', { name: /^word \d+$/ }).count()) === 0)
  })

  await tab.context.close()
}
