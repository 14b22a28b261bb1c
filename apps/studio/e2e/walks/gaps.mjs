/** What is lost on the way is asked for once, and what cannot be had again is shown as missing (design: ui 4.8.4; S3.12). */
import { openTab } from '../kit/browser.mjs'
import { expect, expectSame } from '../kit/expect.mjs'
import { live, logMessages, openAt, row } from '../kit/studio.mjs'
import { until } from '../kit/until.mjs'

/** More bytes than the server keeps of its log: 8 MiB. */
const BATCHES = 14
const BATCH = 100
const LONG = 7000

export async function run({ walk, browser, server }) {
  const tab = await openTab(browser)
  const { page } = tab
  const step = (name, action) => walk.step(name, tab, action)
  const way = { isBlocked: false, lose: '', lost: 0, said: [], close: () => undefined }
  await page.routeWebSocket(/\/ws/, (socket) => between(socket, way))

  await step('a patch that is lost on the way: one question, one answer, and the page is right again', async () => {
    await openAt(tab, server, '/')
    way.lose = 'state.patch'
    const lost = await server.dispatch('echo', {}, { title: 'said in a lost patch' })
    await server.jobIs(lost, 'succeeded')
    await until('a patch is lost', () => way.lost > 0)
    const next = await server.dispatch('echo', {}, { title: 'said in the next' })
    for (const id of [lost, next]) await row(page, id).getByText('succeeded').waitFor()
    await live(page)
    const resyncs = way.said.filter((type) => type === 'state.resync')
    expectSame(resyncs.length, 1, 'questions for what is missing')
    expectSame(await page.getByRole('grid').getByRole('row').count(), 3, 'rows, with that of the names')
  })

  await step('lines that are lost on the way come again, in their place', async () => {
    await openAt(tab, server, '/logs')
    await ingest(server, ['before'])
    await until('the first line', async () => (await logMessages(page)).includes('before'))
    way.lose = 'logs.append'
    const lost = way.lost
    await ingest(server, ['lost'])
    await until('a batch is lost', () => way.lost > lost)
    await ingest(server, ['after'])
    await until('all of them', async () => {
      const mine = (await logMessages(page)).filter((line) => ['before', 'lost', 'after'].includes(line))
      return mine.join() === 'before,lost,after'
    })
    expectSame(await page.locator('.line.gap').count(), 0, 'rows for missing lines')
  })

  await step('lines that nobody has any more are one row that counts them', async () => {
    await server.command('config.set', { values: { 'logs.capacity': 5000 } })
    way.isBlocked = true
    way.close()
    await page.getByTestId('connection').getByText(/reconnecting|no WebSocket/).waitFor()
    for (let batch = 0; batch < BATCHES; batch++) {
      await ingest(server, Array.from({ length: BATCH }, (_, n) => `long ${batch * BATCH + n} `.padEnd(LONG, '.')))
    }
    way.isBlocked = false
    // It may have found its way by itself meanwhile, and the button with it.
    await page.getByRole('button', { name: 'retry now' }).evaluateAll((buttons) => buttons.forEach((button) => button.click()))
    await live(page)
    // The oldest at the top: the row is where the lines that stayed end.
    await page.getByRole('button', { name: 'Newest first' }).click()
    await page.getByRole('log').evaluate((log) => (log.scrollTop = 0))
    const gap = page.locator('.line.gap')
    await gap.waitFor()
    expectSame(await gap.count(), 1, 'rows for missing lines')
    const text = await gap.innerText()
    const [count, from, to] = [/— (\S+) lines/, /seq (\d+)/, /–(\d+)\)/].map((part) => Number(text.match(part)?.[1].replace(/\D/g, '')))
    expect(to - from + 1 === count && count > 100, `it does not count what it names: ${text}`)
    const lines = await page.locator('[role=log] .line').evaluateAll((all) =>
      all.map((line) => ({ text: line.innerText, top: line.getBoundingClientRect().top })).sort((a, b) => a.top - b.top),
    )
    const at = lines.findIndex((line) => line.text.includes('not received'))
    expect(lines[at - 1].text.includes('after') && lines[at + 1].text.includes('long '), `its neighbours are ${lines[at - 1].text} and ${lines[at + 1].text.slice(0, 80)}`)
    tab.complaints.length = 0
  })
  await tab.context.close()
}

function ingest(server, messages) {
  return server.api('api/logs/ingest', { method: 'POST', body: JSON.stringify(messages.map((message) => ({ message }))) })
}

/** Somebody on the way who loses the next message of a type, or lets nothing through. */
function between(socket, way) {
  if (way.isBlocked) return socket.close({ code: 3000 })
  const upstream = socket.connectToServer()
  const typeOf = (message) => /^\{"type":"([\w.]+)"/.exec(String(message))?.[1] ?? JSON.parse(String(message)).type
  way.close = () => socket.close({ code: 3000 })
  upstream.onMessage((message) => {
    const type = typeOf(message)
    if (type === way.lose) {
      way.lose = ''
      way.lost += 1
    } else socket.send(message)
  })
  socket.onMessage((message) => {
    way.said.push(typeOf(message))
    upstream.send(message)
  })
}
