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

  await step('it runs again from a chosen step, with what needs it', async () => {
    await node('split').click()
    await page.getByRole('region', { name: 'Step split' }).getByRole('button', { name: 'Run again from here' }).click()
    await page.getByText('run again 2×').waitFor()
    await says('report', 'succeeded')
    const { steps } = await server.api('api/workflows/w1')
    expectSame([steps.fetch.round, steps.split.round, steps.check.round, steps.report.round], [undefined, 3, 3, 3], 'the rounds')
    await node('report').click()
    await page.keyboard.press('R')
    await page.getByText('run again 3×').waitFor()
    await says('report', 'succeeded')
  })

  await step('the list says the same in words', async () => {
    await page.getByRole('button', { name: 'List', exact: true }).click()
    const rows = await page.getByRole('list', { name: 'Steps as a list' }).getByRole('listitem').allInnerTexts()
    expect(rows.length === 4 && rows[1].includes('needs fetch') && rows[1].includes('2 of 2 items'), rows.join(' | '))
  })

  await step('a list unfolds into its items, each with its job, and folds again', async () => {
    await page.getByRole('button', { name: 'Graph', exact: true }).click()
    await says('split', '2 items')
    await node('split').focus()
    await page.keyboard.press('e')
    await until('the focus is on the first item', () => node('split:0').evaluate((element) => element === document.activeElement))
    await says('check', 'needs split:0, split:1')
    await node('split:1').click()
    await page.getByRole('region', { name: 'Step split, item 1' }).getByRole('link', { name: 'Open the job' }).waitFor()
    expectSame(new URL(page.url()).searchParams.get('step'), 'split:1', 'the item in the address')
    await page.reload()
    await page.getByRole('region', { name: 'Step split, item 1' }).waitFor()
    await page.getByRole('button', { name: 'Fold split' }).click()
    await node('split').waitFor()
  })

  await step('two hundred steps, as many as there may be: folded, unfolded, zoomed and panned with keys', () => manySteps(tab, server))

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

/** One step, 198 alike, one that needs them all. */
const MANY = {
  name: 'many',
  steps: [
    { id: 'begin', kind: 'echo' },
    ...Array.from({ length: 198 }, (_, n) => ({ id: `part-${n}`, kind: 'echo', needs: ['begin'], ...(n === 7 && { when: 'false' }) })),
    { id: 'end', kind: 'echo', needs: Array.from({ length: 198 }, (_, n) => `part-${n}`) },
  ],
}

async function manySteps({ page }, server) {
  const node = (id) => page.locator(`[data-step="${id}"]`)
  const zoom = async () => Number.parseInt(await page.locator('output').innerText(), 10)
  const graph = page.getByRole('group', { name: 'Steps as a graph' })
  await server.command('workflows.start', { id: 'w200', recipe: MANY })
  await openAt({ page }, server, '/workflows/w200')
  await until('one node for all that are alike', async () => (await node('~part-0').innerText()).includes('198 steps'))
  expectSame(await page.locator('[data-step]').count(), 3, 'nodes')
  await until('all is done', async () => (await server.api('api/workflows/w200')).state === 'succeeded', 60_000)
  await until('the page says so', async () => (await node('~part-0').innerText()).includes('succeeded'))

  await node('begin').focus()
  await page.keyboard.press('ArrowRight')
  await until('the focus is on the many', () => node('~part-0').evaluate((element) => element === document.activeElement))
  await page.keyboard.press('Enter')
  await until('all of them', async () => (await page.locator('[data-step]').count()) === 200)
  await until('the focus is on the first of them', () => node('part-0').evaluate((element) => element === document.activeElement))
  await until('the one that was not wanted', async () => (await node('part-7').innerText()).includes('skipped'))
  await page.keyboard.press('ArrowDown')
  await until('the step in the address', () => new URL(page.url()).searchParams.get('step') === 'part-1')

  expectSame(await zoom(), 100, 'the zoom at first')
  const place = (locator) => locator.evaluate((element) => element.getBoundingClientRect().toJSON())
  const [button, sign] = await Promise.all(['', ' >> svg'].map((part) => place(page.locator(`button[aria-label="Zoom in"]${part}`))))
  expect(sign.left >= button.left && sign.top >= button.top && sign.right <= button.right, 'the sign of the button is elsewhere')
  await page.keyboard.press('f')
  await until('all of it is seen', () => graph.evaluate((box) => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1))
  const fit = await zoom()
  expect(fit < 50, `two hundred rows fit at ${fit}%`)
  await page.keyboard.press('+')
  await until('larger', async () => (await zoom()) > fit)
  await page.getByRole('button', { name: 'Zoom out' }).click()
  await until('as before', async () => (await zoom()) === fit)
  for (let press = 0; press < 20; press++) await page.keyboard.press('+')
  await until('a limit', async () => (await zoom()) === 200)
  const before = await graph.evaluate((box) => box.scrollTop)
  await node('part-1').focus()
  await page.keyboard.press('Shift+ArrowDown')
  await until('it moved', async () => (await graph.evaluate((box) => box.scrollTop)) !== before)

  await page.getByRole('button', { name: 'Fold all' }).click()
  await until('folded', async () => (await page.locator('[data-step]').count()) === 3)
  await page.getByRole('button', { name: 'List', exact: true }).click()
  expectSame(await page.getByRole('list', { name: 'Steps as a list' }).getByRole('listitem').count(), 200, 'steps in the list')
}
