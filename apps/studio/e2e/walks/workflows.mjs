/** A workflow on the page: its graph with live states, step by step with its log, and again from where it failed. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { openAt } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const node = (id) => page.locator(`[data-step="${id}"]`)
  /** A step is what its button says: its state, its name, what it needs. */
  const says = (id, text) => until(`${id} says ${text}`, async () => (await node(id).innerText()).includes(text))
  const gate = join(server.data, 'gate')
  const fix = join(server.data, 'fix')
  const recipe = {
    name: 'a walk',
    steps: [
      { id: 'fetch', kind: 'echo', args: { n: 1 } },
      { id: 'split', kind: 'echo', forEach: [1, 2], needs: ['fetch'], args: { n: '${item}' } },
      {
        id: 'check',
        kind: 'process.run',
        needs: ['split'],
        args: { argv: ['sh', '-c', `echo checking; while ! test -e ${gate}; do sleep 0.05; done; test -e ${fix}`] },
      },
      { id: 'report', kind: 'echo', needs: ['check'] },
    ],
  }

  await step('a list without workflows says how to begin', async () => {
    await openAt(tab, server, '/')
    await page.keyboard.press('g')
    await page.keyboard.press('w')
    await page.getByRole('heading', { name: 'No workflows yet' }).waitFor()
  })

  await step('one that is started elsewhere appears, and its graph is live', async () => {
    await server.command('workflows.start', { id: 'w1', recipe })
    await page.getByRole('list', { name: 'Workflows' }).getByRole('link', { name: /a walk/ }).click()
    await page.getByRole('group', { name: 'Steps as a graph' }).waitFor()
    await says('fetch', 'succeeded')
    await says('check', 'running')
    await says('report', 'waiting')
    await says('check', 'needs split')
  })

  await step('the keyboard reaches every step, and the log of its job is there', async () => {
    await node('check').focus()
    expectSame(await node('report').getAttribute('tabindex'), '-1', 'one step is reached by Tab, the others by arrows')
    await page.keyboard.press('ArrowLeft')
    await until('the focus moves', () => node('split').evaluate((element) => element === document.activeElement))
    await page.getByRole('region', { name: 'Step split' }).getByRole('link', { name: 'item 1' }).waitFor()
    await page.keyboard.press('ArrowRight')
    const panel = page.getByRole('region', { name: 'Step check' })
    await panel.locator('[role=log] .message').getByText('checking', { exact: true }).waitFor()
    expectSame(new URL(page.url()).searchParams.get('step'), 'check', 'the step in the address')
  })

  await step('a step that fails is told with its error, and what waited is cancelled', async () => {
    writeFileSync(gate, '')
    await says('check', 'failed')
    await says('report', 'cancelled')
    await page.getByText(/^Failed at check: /).waitFor()
  })

  await step('it runs again from where it failed, and keeps what was done', async () => {
    writeFileSync(fix, '')
    expect(existsSync(fix), 'the fix is there')
    await page.getByRole('button', { name: 'Run again what failed' }).click()
    await says('report', 'succeeded')
    await page.getByText('run again 1×').waitFor()
    const { steps } = await server.api('api/workflows/w1')
    expectSame([steps.split.round, steps.check.round], [undefined, 2], 'the rounds')
    await page.getByRole('region', { name: 'Step check' }).getByRole('link', { name: 'Open the job' }).click()
    await until('the job of the second round', () => decodeURIComponent(new URL(page.url()).pathname).endsWith('/jobs/w1:check.2'))
    await page.goBack()
  })

  await step('the list says the same in words', async () => {
    await page.getByRole('button', { name: 'List', exact: true }).click()
    const rows = await page.getByRole('list', { name: 'Steps as a list' }).getByRole('listitem').allInnerTexts()
    expect(rows.length === 4 && rows[1].includes('needs fetch') && rows[1].includes('2 of 2 items'), rows.join(' | '))
  })

  await step('one under way is cancelled, and what has ended is deleted after a question', async () => {
    await server.command('workflows.start', { id: 'w2', recipe: { name: 'long', steps: [{ id: 'nap', kind: 'sleep', args: { ms: 60_000 } }] } })
    await openAt(tab, server, '/workflows/w2')
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await says('nap', 'cancelled')
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete workflow' }).click()
    await until('the list', () => new URL(page.url()).pathname === '/workflows')
    await page.getByRole('link', { name: /a walk/ }).waitFor()
    expectSame(await page.getByRole('link', { name: /long/ }).count(), 0, 'workflows named long')
  })
  await tab.context.close()
}
