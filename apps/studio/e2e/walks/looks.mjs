/** Every page in both themes: nothing for axe to find, nothing cut off on a narrow screen, and all of it under a path. */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { live, openAt } from '../kit/studio.mjs'
import { Server } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Pages that ask for what is refused: the browser writes the answer down. */
const REFUSED = ['missing job', 'results, no query']
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export async function run({ walk, browser, server, bin }) {
  await emptyBoard(walk, browser, server)
  const jobs = await fill(server)
  const pages = [
    ['board', '/'],
    ['board, filtered empty', '/?q=nothing-like-this'],
    ['overview', `/jobs/${jobs.image}`],
    ['result', `/jobs/${jobs.image}?tab=result`],
    ['job log', `/jobs/${jobs.talk}?tab=logs`],
    ['attempts', `/jobs/${jobs.failed}?tab=attempts`],
    ['failed job', `/jobs/${jobs.failed}`],
    ['raw', `/jobs/${jobs.sleep}?tab=raw`],
    ['missing job', '/jobs/not-here'],
    ['workflows', '/workflows'],
    ['workflow', `/workflows/${jobs.workflow}`],
    ['workflow, unfolded', `/workflows/${jobs.workflow}?open=split&step=split:1`],
    ['workflow as a list', `/workflows/${jobs.workflow}?as=list&step=split`],
    ['missing workflow', '/workflows/not-here'],
    ['results', '/results'],
    ['results, sought', '/results?q=kind:image.*'],
    ['results, nothing fits', '/results?q=nothing-like-this'],
    ['results, no query', '/results?q=state:nothing'],
    ['logs', '/logs'],
  ]
  for (const colorScheme of ['dark', 'light']) {
    const tab = await openTab(browser, { colorScheme })
    await tab.context.addInitScript({ content: AXE })
    for (const [name, path] of pages) {
      await walk.step(`axe finds nothing: ${name}, ${colorScheme}`, tab, async () => {
        await openAt(tab, server, path)
        await settle(tab.page, name)
        if (REFUSED.includes(name)) tab.complaints.length = 0
        await expectAccessible(tab.page)
      })
    }
    await dialogs(walk, tab, server, colorScheme)
    await tab.context.close()
  }
  await widths(walk, browser, server, pages)
  await policy(walk, browser, server)
  await underPath(walk, browser, bin)
}

async function emptyBoard(walk, browser, server) {
  for (const colorScheme of ['dark', 'light']) {
    const tab = await openTab(browser, { colorScheme })
    await tab.context.addInitScript({ content: AXE })
    await walk.step(`axe finds nothing: the way in and the empty pages, ${colorScheme}`, tab, async () => {
      await tab.page.goto(server.url)
      await tab.page.getByRole('heading', { name: 'This board is locked' }).waitFor()
      await expectAccessible(tab.page)
      for (const path of ['/', '/workflows', '/results', '/logs']) {
        await openAt(tab, server, path)
        await settle(tab.page)
        await expectAccessible(tab.page)
      }
    })
    await tab.context.close()
  }
}

async function dialogs(walk, tab, server, colorScheme) {
  await walk.step(`axe finds nothing: the sheets, ${colorScheme}`, tab, async () => {
    await openAt(tab, server, '/')
    for (const key of ['n', 'b', '?', 'g', 'r', 'b']) {
      await tab.page.keyboard.press(key)
      if (key === 'g') continue
      if (key === 'r') {
        await tab.page.getByLabel('Search what is stored').waitFor()
        continue
      }
      await tab.page.getByRole('dialog').waitFor()
      await expectAccessible(tab.page)
      await tab.page.keyboard.press('Escape')
      await tab.page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })
}

/** 320 px is 400 % zoom (WCAG 1.4.10); the others are a phone, a tablet and a screen (design: ui 4.8.17). */
const WIDTHS = [320, 390, 1024, 1440]

/** At every width: no page scrolls sideways, everything is reached. Each has a picture, to be looked at. */
async function widths(walk, browser, server, pages) {
  const tab = await openTab(browser, { viewport: { width: WIDTHS[0], height: 700 } })
  for (const [name, path] of pages) {
    await walk.step(`at every width: ${name}`, tab, async () => {
      await tab.page.setViewportSize({ width: WIDTHS[0], height: 700 })
      await openAt(tab, server, path)
      await settle(tab.page, name)
      if (REFUSED.includes(name)) tab.complaints.length = 0
      for (const width of WIDTHS) {
        await tab.page.setViewportSize({ width, height: 700 })
        const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth)
        expect(wide <= width, `the page is ${wide} px wide at ${width} px`)
        expectSame(await cutOff(tab.page), [], `what is cut off at the right at ${width} px`)
        expect(await tab.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Logs' }).isVisible(), 'no way to the logs')
        await walk.picture(tab, `${name} at ${width}`)
      }
    })
  }
  await tab.context.close()
}

/** Buttons and fields that stick out of the window and are not in something that scrolls. */
function cutOff(page) {
  return page.evaluate(() => {
    const scrolls = (element) => {
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true
      }
      return false
    }
    return [...document.querySelectorAll('button, input, select, a, h1, h2')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .filter((element) => !element.closest('.visually-hidden') && element.getBoundingClientRect().width > 2)
      .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1 && !scrolls(element))
      .map((element) => element.textContent?.trim() || element.tagName)
  })
}

/** Every step of every walk fails when the policy was broken; here it is, so that it is known to be heard (design: ui 4.8.12). */
async function policy(walk, browser, server) {
  const tab = await openTab(browser)
  await walk.step('the content security policy stops what is not ours, and a complaint of it is heard', tab, async () => {
    await openAt(tab, server, '/')
    const ran = await tab.page.evaluate(() => {
      const script = document.createElement('script')
      try {
        script.textContent = 'window.ranInline = true'
      } catch {
        // Even the text of a script is refused.
      }
      document.body.append(script)
      const image = new Image()
      image.src = 'http://127.0.0.1:9/elsewhere.png'
      document.body.append(image)
      return window.ranInline === true
    })
    expect(!ran, 'an inline script ran')
    const heard = (what) => tab.complaints.some((text) => text.startsWith(`content security policy: ${what}`))
    await until('both are heard', () => heard('require-trusted-types-for') && heard('img-src'))
    tab.complaints.length = 0
  })
  await tab.context.close()
}

/** Behind a proxy that gives it a path: pages, files, API and WebSocket (design: ui 4.9). */
async function underPath(walk, browser, bin) {
  const tab = await openTab(browser)
  const server = new Server(bin, ['--base-path', '/tools/cb/'])
  await walk.step('under a path: deep links, API and WebSocket', tab, async () => {
    await server.start()
    await tab.page.goto(server.launchUrl)
    await live(tab.page)
    const id = await server.dispatch('echo', { n: 1 }, { title: 'under a path' })
    await tab.page.getByRole('link', { name: 'under a path' }).click()
    await until('the address', () => new URL(tab.page.url()).pathname === `/tools/cb/jobs/${id}`)
    await tab.page.reload()
    await tab.page.getByRole('heading', { name: 'under a path' }).waitFor()
  })
  await tab.context.close()
  await server.close()
}

/** A recipe with steps of several looks. */
const RECIPE = {
  name: 'a small pipeline',
  steps: [
    { id: 'fetch', kind: 'echo', args: { n: 1 }, compensate: { kind: 'echo' } },
    { id: 'split', kind: 'echo', forEach: [1, 2, 3], needs: ['fetch'] },
    { id: 'rare', kind: 'echo', when: 'false', needs: ['fetch'] },
    { id: 'check', kind: 'process.run', args: { argv: ['sh', '-c', 'echo checking; exit 3'] }, needs: ['split', 'rare'] },
    { id: 'report', kind: 'echo', needs: ['check'] },
  ],
}

/** A board with one job of every look. */
async function fill(server) {
  const image = await server.dispatch('image.generate', { prompt: 'a small test', steps: 4, width: 256, height: 256 })
  const talk = await server.dispatch('process.run', { argv: ['sh', '-c', 'echo out; echo err >&2'] })
  const failed = await server.dispatch('process.run', { argv: ['false'] })
  const retrying = await server.dispatch('process.run', { argv: ['false'] }, { maxAttempts: 9, retry: { initialMs: 60_000, maxMs: 60_000 } })
  const sleep = await server.dispatch('sleep', { ms: 120_000, steps: 400 })
  const cancelled = await server.dispatch('sleep', { ms: 60_000 })
  await server.dispatch('sleep', { ms: 1 }, { scheduledAt: new Date(Date.now() + 3_600_000).toISOString() })
  await server.command('jobs.cancel', { id: cancelled })
  const workflow = (await server.command('workflows.start', { recipe: RECIPE })).result.id
  await until('the workflow ends', async () => (await server.api(`api/workflows/${workflow}`)).state === 'failed')
  await server.jobIs(image, 'succeeded')
  await server.jobIs(talk, 'succeeded')
  await server.jobIs(failed, 'failed')
  await server.jobIs(retrying, 'retrying')
  await server.jobIs(cancelled, 'cancelled')
  return { image, talk, failed, sleep, workflow }
}

/** Until the page stands: lazily loaded, its answers, fonts and pictures in place, and lines where it is known to have some. */
async function settle(page, name = '') {
  const stands = (hasLines) => {
    const pictures = [...document.querySelectorAll('main img')]
    return (
      document.querySelector('main h1') !== null &&
      document.querySelector('.loading') === null &&
      document.fonts.status === 'loaded' &&
      pictures.every((img) => img.complete) &&
      (!hasLines || document.querySelector('[role=log] .line') !== null)
    )
  }
  await until('the page stands', () => page.evaluate(stands, ['logs', 'job log'].includes(name)))
}

async function expectAccessible(page) {
  const violations = await page.evaluate(async (rules) => {
    const { violations: found } = await window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] })
    return found.map(({ id, impact, help, nodes }) => `${id} (${impact}): ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' // ')}`)
  }, RULES)
  expect(violations.length === 0, `axe found:\n    ${violations.join('\n    ')}`)
}
