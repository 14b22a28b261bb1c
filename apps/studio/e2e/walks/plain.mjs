/** The ten lines of examples/plain.html: a page from elsewhere mirrors the state without our library (S3.9). */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { openTab } from '../kit/browser.mjs'
import { expect } from '../kit/expect.mjs'
import { Server } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const PAGE = readFileSync(new URL('../../../../examples/plain.html', import.meta.url))

export async function run({ walk, browser, bin }) {
  const web = createServer((request, response) => {
    const isPage = request.url === '/'
    response.writeHead(isPage ? 200 : 204, { 'content-type': 'text/html' }).end(isPage ? PAGE : undefined)
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const origin = `http://127.0.0.1:${web.address().port}`
  const server = new Server(bin, ['--allow-origin', origin])
  const tab = await openTab(browser)
  try {
    await server.start()
    await walk.step('ten lines on a page of another origin show the state, live', tab, async () => {
      await tab.page.goto(`${origin}/#server=${new URL(server.url).host}&token=${server.token}`)
      await shows(tab.page, '"status": "ready"')
      const id = await server.dispatch('echo', {}, { title: 'seen in ten lines' })
      await server.jobIs(id, 'succeeded')
      await shows(tab.page, 'seen in ten lines')
      await shows(tab.page, '"succeeded": 1')
      await until('the page has what the server has', async () => {
        const { data } = await server.api('api/state?path=/jobs')
        return isDeepStrictEqual(await tab.page.evaluate('state.jobs'), data)
      })
    })
    await walk.step('a page that was not allowed is refused', tab, async () => {
      const other = await fetch(new URL('api/state', server.url), {
        headers: { authorization: `Bearer ${server.token}`, origin: 'http://127.0.0.1:1' },
      })
      expect(other.status === 403, `it was answered ${other.status}`)
    })
  } finally {
    await tab.context.close()
    await server.close()
    web.close()
  }
}

function shows(page, text) {
  return page.locator('#state').filter({ hasText: text }).waitFor()
}
