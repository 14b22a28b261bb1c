import { describe, expect, it } from 'vitest'
import { attachBrowser } from '../src/index.js'
import { rig } from './rig.js'

function host(): {
  window: EventTarget & { navigator: { onLine: boolean }; document: EventTarget & { visibilityState: string } }
  fire(type: string): void
  show(state: string): void
} {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const window = Object.assign(new EventTarget(), { navigator: { onLine: false }, document })
  return {
    window,
    fire: (type) => void window.dispatchEvent(new Event(type)),
    show(state) {
      document.visibilityState = state
      document.dispatchEvent(new Event('visibilitychange'))
    },
  }
}

describe('attachBrowser', () => {
  it('tries at once when the network is back or the tab is seen (centrifuge-swift#106)', async () => {
    const { client, clock, network } = rig()
    const { window, fire, show } = host()
    const off = attachBrowser(client, window)
    client.connect()
    await clock.advance(0)
    network.last.drop()
    expect(client.telemetry.get().phase).toBe('offline')
    fire('online')
    await clock.advance(0)
    expect([network.sockets.length, client.telemetry.get().phase]).toEqual([2, 'connecting'])
    network.last.drop()
    show('hidden')
    await clock.advance(0)
    expect(network.sockets).toHaveLength(2)
    show('visible')
    await clock.advance(0)
    expect(network.sockets).toHaveLength(3)
    network.last.drop()
    off()
    fire('online')
    await clock.advance(0)
    expect(network.sockets).toHaveLength(3)
  })

  it('asks whether the connection lives, and does not close one to this machine', async () => {
    const { client, up, sent } = rig()
    const { window, fire, show } = host()
    attachBrowser(client, window)
    await up()
    sent()
    fire('offline')
    expect([sent(), client.telemetry.get().phase]).toEqual([[expect.objectContaining({ type: 'ping' })], 'open'])
    show('visible')
    expect(sent()).toEqual([])
  })
})
