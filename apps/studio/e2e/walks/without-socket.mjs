/** Where a proxy lets no WebSocket through the page still shows what is there and commands it; a mirror that drifted is mended. */
import { openTab } from '../kit/browser.mjs'
import { expect } from '../kit/expect.mjs'
import { live, note, openAt, row } from '../kit/studio.mjs'

export async function run({ walk, browser, server }) {
  await blocked(walk, browser, server)
  await drifted(walk, browser, server)
}

async function blocked(walk, browser, server) {
  const tab = await openTab(browser)
  const { page } = tab
  let isBlocked = true
  // As a proxy that does not know the upgrade: each try is closed.
  await page.routeWebSocket(/\/ws/, (socket) => (isBlocked ? socket.close({ code: 3000 }) : socket.connectToServer()))
  await walk.step('without a WebSocket the board is shown, says so, and takes commands', tab, async () => {
    const id = await server.dispatch('sleep', { ms: 60_000 }, { title: 'seen over HTTP' })
    await page.goto(server.url)
    await page.evaluate(([token]) => sessionStorage.setItem('callboard.token:/', token), [server.token])
    await page.reload()
    await row(page, id).waitFor()
    await page.getByTestId('connection').getByText(/no WebSocket/).waitFor()
    await row(page, id).getByRole('button', { name: /^Cancel/ }).click()
    await server.jobIs(id, 'cancelled')
    await row(page, id).getByText('cancelled', { exact: true }).waitFor()
    tab.complaints.length = 0
  })
  await walk.step('when one comes through, it is live again', tab, async () => {
    isBlocked = false
    await page.getByRole('button', { name: 'retry now' }).click()
    await live(page)
    tab.complaints.length = 0
  })
  await tab.context.close()
}

/** The server says a checksum now and then; here somebody on the way says one that does not fit. */
async function drifted(walk, browser, server) {
  const tab = await openTab(browser)
  const { page } = tab
  let say = () => undefined
  let caps
  await page.routeWebSocket(/\/ws/, (socket) => {
    const upstream = socket.connectToServer()
    let at
    upstream.onMessage((message) => {
      const frame = read(message)
      if (frame?.type === 'welcome') at = { epoch: frame.epoch, version: frame.version }
      if (frame?.type === 'state.snapshot') at = { epoch: frame.epoch, version: frame.stateVersion }
      if (frame?.type === 'state.patch') at = { epoch: frame.epoch, version: frame.toVersion }
      socket.send(message)
    })
    socket.onMessage((message) => {
      caps ??= read(message)?.caps
      upstream.send(message)
    })
    say = () => {
      socket.send(JSON.stringify({ type: 'state.check', ...at }))
      socket.send(JSON.stringify({ type: 'state.check', ...at, sum: 1 }))
    }
  })
  await walk.step('a mirror that is not what the server has is made anew, and the page says so', tab, async () => {
    await openAt(tab, server, '/')
    expect(caps?.includes('check'), `the page does not ask for checks: ${caps}`)
    say()
    await note(page, /drifted/)
    await live(page)
  })
  await tab.context.close()
}

function read(message) {
  try {
    return JSON.parse(String(message))
  } catch {
    return undefined
  }
}
