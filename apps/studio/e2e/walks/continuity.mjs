/** One truth on every screen, through reloads and restarts (issue: point 5). */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { expectNoneTwice, live, logMessages, note, openAt, percent, row, version } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

/** Twenty seconds of work that says how far it is and what it does; every line names its attempt. */
const SCRIPT = `i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo "tick $i of attempt $CALLBOARD_ATTEMPT"
printf '{"progress":{"value":%s,"message":"tick %s"}}\n' "$(printf '0.%02d' $((i % 100)))" $i >&3; sleep 0.2; done`

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const start = () => server.dispatch('process.run', { argv: ['sh', '-c', SCRIPT] }, { title: 'a long count' })

  await step('a reload in the middle keeps progress and log', async () => {
    const id = await start()
    await openAt(tab, server, `/jobs/${id}?tab=logs`)
    await until('some lines', async () => (await logMessages(page)).length >= 6)
    const [before, lines] = [await percent(page), await logMessages(page)]
    await page.reload()
    const after = await until('the same lines', async () => {
      const found = await logMessages(page)
      return found.length >= lines.length && found[0] === lines[0] ? found : undefined
    })
    expectSame(after.slice(0, lines.length), lines, 'the lines after the reload')
    expectNoneTwice(after)
    // A snapshot may be a moment old; what follows it comes at once.
    await until(`at least ${before}% again`, async () => (await percent(page)) >= before, 1000)
  })

  await step('a second browser has the same picture, live', async () => {
    const other = await openTab(browser, { colorScheme: 'light' })
    await other.page.goto(server.url)
    await other.page.getByText('I have a token').click()
    await other.page.getByLabel('Token').fill(server.token)
    await other.page.getByRole('button', { name: 'Open the board' }).click()
    await live(other.page)
    await page.goto(server.url)
    await live(page)
    await until('the same version and text while a job runs', async () => (await picture(page)) === (await picture(other.page)))
    const id = await server.dispatch('echo', { n: 1 }, { title: 'said to both' })
    for (const each of [page, other.page]) await row(each, id).getByText('succeeded').waitFor()
    expectSame(other.complaints, [], 'complaints of the second browser')
    await other.context.close()
  })

  await step('kill -9 and a restart: the page reconnects by itself and says what happened', async () => {
    const id = await start()
    const [done] = (await server.api('api/jobs?state=succeeded')).jobs
    await page.goto(new URL(`jobs/${id}?tab=logs`, server.url).href)
    await live(page)
    await until('some lines', async () => (await logMessages(page)).length >= 5)
    tab.gone = true
    await server.kill()
    await page.getByTestId('connection').getByText(/reconnecting/).waitFor()
    await page.locator('footer').getByText(/as of \d\d:\d\d/).waitFor()
    await page.getByRole('button', { name: 'retry now' }).waitFor()
    await server.start()
    await live(page)
    await note(page, /restarted; \d+ jobs? runs? again/)
    await page.locator('.header').getByText('attempt 2').waitFor()
    const lines = await until('lines of both attempts', async () => {
      const found = await logMessages(page)
      return found.some((line) => line.endsWith('attempt 1')) && found.some((line) => line.endsWith('attempt 2')) ? found : undefined
    })
    expectNoneTwice(lines)
    expectSame((await server.job(done.id)).state, 'succeeded', 'a job that was finished before')
    await page.getByRole('link', { name: 'Attempts', exact: true }).click()
    await page.getByText('lost: the server was gone').waitFor()
    tab.gone = false
  })

  await step('a finished job and its log are there after the restart', async () => {
    const [done] = (await server.api('api/jobs?state=succeeded&kind=echo')).jobs
    await page.goto(server.url)
    await row(page, done.id).getByText('succeeded').waitFor()
    for (const { id } of (await server.api('api/jobs?state=running')).jobs) {
      await server.command('jobs.cancel', { id })
    }
  })

  await step('retry now does not wait for the countdown', async () => {
    tab.gone = true
    await server.kill()
    await until('a long countdown', async () => {
      const text = await page.getByTestId('connection').innerText()
      return /in ([3-9]|1\d) s/.test(text)
    })
    await server.start()
    const start = performance.now()
    await page.getByRole('button', { name: 'retry now' }).click()
    await live(page)
    expect(performance.now() - start < 3000, 'it waited although it was told not to')
    tab.gone = false
  })
  await tab.context.close()
}

/** What the board says, without what depends on the moment of looking. */
async function picture(page) {
  const rows = await page.locator('[role=grid] [role=row]').evaluateAll((all) =>
    all.map((each) =>
      [...each.querySelectorAll('[role=gridcell]:not(.age):not(.eta)')].map((cell) => cell.textContent).join('|'),
    ),
  )
  return [await version(page), ...rows, await version(page)].join('\n')
}
