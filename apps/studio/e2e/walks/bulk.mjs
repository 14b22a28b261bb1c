/** One action on all that match, from the board (design: ui 4.3, 4.8.7): counted, done by a job, told with what it left alone. */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { dispatchMany } from '../kit/many.mjs'
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

  await fromResults(walk, tab, server)
  await tenThousand(walk, tab, server)
  await tab.context.close()
}

/** As many as the requirement says, and those that an action cannot fit. */
const [MANY, INELIGIBLE] = [10_000, 38]

async function tenThousand(walk, tab, server) {
  const { page } = tab
  const dialog = page.getByRole('dialog', { name: 'All jobs that match' })
  await walk.step('ten thousand at once, and the 38 that it does not fit are counted and left alone', tab, async () => {
    // A page without a board starts them: what is written here is not drawn meanwhile.
    await page.goto(new URL('licences.txt', server.url).href)
    await dispatchMany(page, server, MANY - INELIGIBLE, { kind: 'sleep', args: { ms: 1 }, title: 'many #', tags: ['many'], scheduledAt: LATER })
    await dispatchMany(page, server, INELIGIBLE, { kind: 'echo', args: {}, title: 'done #', tags: ['many'] })
    await until('38 are done', async () => (await server.api('api/jobs?q=tag:many+state:succeeded')).jobs.length === INELIGIBLE)
    await openAt(tab, server, '/')
    await until('the page has all', async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount')) >= MANY)
    await page.keyboard.press('b')
    await dialog.getByLabel('Jobs that match').fill('tag:many')
    await dialog.getByRole('status').getByText(`${INELIGIBLE} already finished`).waitFor()
    await dialog.getByRole('button', { name: 'Cancel 9\u2009962 jobs' }).click()
    await dialog.getByRole('progressbar').waitFor()
    await dialog.getByText(/9\u2009962 jobs cancelled/).waitFor({ timeout: 60_000 })
    await dialog.getByText(`Left alone: ${INELIGIBLE} already finished.`).waitFor()
    const left = (await server.command('jobs.bulk', { action: 'cancel', query: 'tag:many', dryRun: true })).result
    expectSame([left.eligible, left.skipped], [0, { finished: MANY }], 'what is left')
    await page.keyboard.press('Escape')
    // The page has what the server has: all that wait are gone, of the finished the newest are kept.
    await until('none of them waits', async () => (await page.getByRole('link', { name: /^Queued/ }).innerText()).match(/\b0\b/))
  })
}

/** More than the live state keeps of results, so that the oldest is only in the store. */
const NEWER = 210

async function fromResults(walk, tab, server) {
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const dialog = page.getByRole('dialog', { name: 'All jobs that match' })
  const said = (text) => dialog.getByRole('status').getByText(text).waitFor()
  const box = page.getByLabel('Search what is stored')
  const cards = page.getByRole('list', { name: 'Results' }).getByRole('listitem')
  let needle

  await step('the results are searched with the same language, also those that only the store has', async () => {
    needle = await server.dispatch('echo', { where: 'haystack', size: 7 }, { title: 'a needle' })
    await server.jobIs(needle, 'succeeded')
    await Promise.all(Array.from({ length: NEWER }, (_, n) => server.dispatch('echo', { n }, { title: `hay ${n}` })))
    await until('all are done', async () => (await server.api('api/jobs?q=state:active')).jobs.length === 0)
    const { data } = await server.api('api/state?path=/results')
    expect(data[needle] === undefined, 'the needle is still in the live state: it would be found there')
    await openAt(tab, server, '/results')
    await page.keyboard.press('/')
    await page.keyboard.type('args.where:haystack args.size:>6')
    await until('one result', async () => (await cards.count()) === 1)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expectSame(await page.evaluate(() => document.activeElement?.textContent), 'a needle', 'where the focus is')
    expect(new URL(page.url()).searchParams.get('q')?.startsWith('args.where'), 'the query is not in the address')
    await page.reload()
    await cards.getByRole('link', { name: 'a needle' }).waitFor()
  })

  await step('a hundred at a time, and on; what is no query is told where it is wrong', async () => {
    await box.fill('title~hay')
    await until('a page', async () => (await cards.count()) === 100)
    const on = page.getByRole('button', { name: 'Search on' })
    for (const count of [200, NEWER]) {
      await on.click()
      await until(`${count} results`, async () => (await cards.count()) === count)
    }
    await on.waitFor({ state: 'detached' })
    await box.fill('kind:echo sise:>6')
    await page.locator('#results-said').getByText(/column 11: .*no field `sise`/).waitFor()
    expectSame(await box.getAttribute('aria-describedby'), 'results-said', 'what describes the box')
    // The refusal is an answer with 400, which the browser writes down.
    tab.complaints.length = 0
    await box.fill('no such thing anywhere')
    await page.getByRole('heading', { name: 'No result fits' }).waitFor()
  })

  await step('b acts on what was found: run again, then deleted', async () => {
    await box.fill('kind:echo title~needle')
    await until('one result', async () => (await cards.count()) === 1)
    await page.keyboard.press('Enter')
    await page.keyboard.press('b')
    expectSame(await dialog.getByLabel('Jobs that match').inputValue(), 'kind:echo title~needle state:succeeded', 'the query')
    expectSame(await dialog.getByLabel('Action').locator('option').allInnerTexts(), ['Retry', 'Delete', 'Tag'], 'the actions')
    await said('1 job')
    await page.keyboard.press('Enter')
    await said('1 job retried')
    await until('it ran again', async () => {
      const { state, attempt } = await server.job(needle)
      return state === 'succeeded' && attempt === 2
    })
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('b')
    await dialog.getByLabel('Action').selectOption('Delete')
    await said('gone for good')
    await dialog.getByRole('button', { name: 'Delete 1 job' }).click()
    await said('1 job deleted')
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'No result fits' }).waitFor()
    await page.getByRole('button', { name: 'Show all results' }).click()
    await until('all that are live', async () => (await cards.count()) > 100)
  })
}
