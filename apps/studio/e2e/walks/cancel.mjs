/** Cancel: the whole process group is gone, and the job says so, at once (issue: point 4). */
import { readdirSync, readFileSync } from 'node:fs'
import { openTab } from '../kit/browser.mjs'
import { expect } from '../kit/expect.mjs'
import { note, openAt, row } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

/** A second is the promise; the rest is the browser's and a busy machine's. */
const SOON_MS = 3000

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  /** Unlike any other sleep of this machine. */
  const mark = `10${process.pid}`

  await step('a command with children is gone within a second or so', async () => {
    await openAt(tab, server, '/')
    await page.getByLabel('Command line').fill(`sh -c 'sleep ${mark} & sleep ${mark}'`)
    await page.getByRole('button', { name: 'Run command' }).click()
    const job = await until('a running job', async () => (await server.api('api/jobs?state=running')).jobs[0])
    await until('both children', () => processes(mark).length >= 2)
    const start = performance.now()
    await row(page, job.id).getByRole('button', { name: /^Cancel/ }).click()
    await row(page, job.id).getByText('cancelled', { exact: true }).waitFor()
    const took = performance.now() - start
    expect(took < SOON_MS, `it took ${Math.round(took)} ms until the page said cancelled`)
    await until('no child is left', () => processes(mark).length === 0, SOON_MS)
  })

  await step('a selection is cancelled together, and says what it leaves alone', async () => {
    const ids = await Promise.all([1, 2, 3].map((n) => server.dispatch('sleep', { ms: 60_000 }, { title: `nap ${n}` })))
    for (const id of ids) await row(page, id).getByRole('checkbox').check()
    const [finished] = (await server.api('api/jobs?state=cancelled')).jobs
    await row(page, finished.id).getByRole('checkbox').check()
    await page.getByRole('region', { name: 'Selected jobs' }).getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('1 more job of the selection is left alone').waitFor()
    await page.getByRole('button', { name: 'Cancel 3 jobs' }).click()
    for (const id of ids) await row(page, id).getByText('cancelled', { exact: true }).waitFor()
  })

  await tab.context.close()
  await refused(walk, browser, server)
}

/** A page that is a little behind: its click comes too late. */
async function refused(walk, browser, server) {
  const tab = await openTab(browser)
  const { page } = tab
  let behind = false
  await page.routeWebSocket(/\/ws/, (socket) => {
    const upstream = socket.connectToServer()
    upstream.onMessage((message) => {
      if (!(behind && String(message).includes('"state.patch"'))) socket.send(message)
    })
  })

  await walk.step('a cancel that is refused is taken back, with the words of the server', tab, async () => {
    const id = await server.dispatch('sleep', { ms: 60_000 }, { title: 'short nap' })
    await openAt(tab, server, `/jobs/${id}`)
    const button = page.getByRole('button', { name: 'Cancel', exact: true })
    await button.waitFor()
    behind = true
    await server.command('jobs.cancel', { id })
    await server.jobIs(id, 'cancelled')
    await server.command('jobs.delete', { id })
    await button.click()
    const words = await note(page, /was not cancelled/)
    expect(words.length > 'The job was not cancelled: '.length, `the note gives no reason: ${words}`)
    behind = false
    // The page finds that it missed something and asks for it: nobody has to reload.
    await server.dispatch('echo', {})
    await page.getByRole('heading', { name: 'There is no such job' }).waitFor()
    // Asking for a job that is gone is answered with 404, which the browser writes down.
    tab.complaints.length = 0
  })
  await tab.context.close()
}

/** Processes whose command line holds the mark; of this machine, found as any tool would. */
function processes(mark) {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return argv[0] === 'sleep' && argv[1] === mark
    } catch {
      return false
    }
  })
}
