/** Somebody who may only look: every way to change something is closed, and the server holds it closed (design: ui 4.8.16). */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { note, openAt, row } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

export async function run({ walk, browser, server }) {
  const token = server.grant('looks', 'viewer')
  await server.kill()
  await server.start()
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const dialog = page.getByRole('dialog', { name: 'All jobs that match' })
  let nap

  await step('a viewer sees the board, and why nothing can be done there', async () => {
    nap = await server.dispatch('sleep', { ms: 600_000, steps: 100 }, { title: 'a nap' })
    await server.jobIs(nap, 'running')
    await openAt(tab, server, '/', token)
    await row(page, nap).getByText('running').waitFor()
    await page.getByText('read-only').waitFor()
    expect(await row(page, nap).getByRole('button', { name: /^Cancel/ }).isDisabled(), 'the row can be cancelled')
    await page.getByRole('grid').focus()
    for (const key of ['j', 'c', 'r', 'D']) await page.keyboard.press(key)
    expectSame(await page.getByRole('dialog').count(), 0, 'dialogs after the keys that act')
    expectSame((await server.job(nap)).state, 'running', 'the nap')
  })

  await step('the dialog that acts on many refuses, in the words of the server and its own', async () => {
    await page.keyboard.press('b')
    await dialog.getByRole('status').getByText(/needs the role operator; this token is a viewer/).waitFor()
    await dialog.getByText(/may only look/).waitFor()
    expect(await dialog.locator('[type=submit]').isDisabled(), 'it can be done')
  })

  await step('an edited page does not help: not the dialog, not the row', async () => {
    await dialog.locator('[type=submit]').evaluate((button) => button.removeAttribute('disabled'))
    await dialog.locator('[type=submit]').click()
    await dialog.getByRole('status').getByText(/needs the role operator/).waitFor()
    await page.keyboard.press('Escape')
    const button = row(page, nap).getByRole('button', { name: /^Cancel/ })
    await button.evaluate((element) => element.removeAttribute('disabled'))
    await button.click()
    await note(page, /was not cancelled: .*needs the role operator/)
    expectSame((await server.job(nap)).state, 'running', 'the nap')
  })

  await step('whatever Studio can ask for gets 403, from this page with this token', async () => {
    const done = await server.dispatch('echo', {}, { title: 'left something' })
    await server.jobIs(done, 'succeeded')
    const commands = Object.entries(mutations(nap, done))
    const answers = await page.evaluate(
      (all) =>
        Promise.all(
          all.map(async ([name, args]) => {
            const headers = { authorization: `Bearer ${sessionStorage.getItem('callboard.token:/')}`, 'content-type': 'application/json' }
            const { status } = await fetch(`api/commands/${name}`, { method: 'POST', headers, body: JSON.stringify(args) })
            return [name, status]
          }),
        ),
      commands,
    )
    expectSame(answers.filter(([, status]) => status !== 403), [], 'commands that were not refused')
    // The browser writes each refusal down.
    await until('all are written down', () => tab.complaints.length >= commands.length)
    tab.complaints.length = 0
    expectSame((await server.job(nap)).state, 'running', 'the nap')
    await server.command('jobs.cancel', { id: nap })
    await row(page, nap).getByText('cancelled', { exact: true }).waitFor()
    await openAt(tab, server, '/results', token)
    expect(await page.getByRole('button', { name: 'Delete left something' }).isDisabled(), 'the result can be deleted')
  })
  await tab.context.close()
}

/** Every command that a page of Studio sends, such as would be accepted from others; that each command there is wants its role is
 * proven by the server's own tests. */
function mutations(running, done) {
  const recipe = { name: 'r', steps: [{ id: 'a', kind: 'echo' }] }
  return {
    'jobs.dispatch': { kind: 'echo', args: {} },
    'jobs.cancel': { id: running },
    'jobs.retry': { id: done },
    'jobs.delete': { id: done },
    'jobs.bulk': { action: 'delete', query: 'state:succeeded', confirm: 1 },
    'results.delete': { id: done },
    'workflows.start': { recipe },
    'workflows.cancel': { id: 'w' },
    'workflows.retry': { id: 'w' },
    'workflows.delete': { id: 'w' },
  }
}
