/** The subscriptions of a client, by what they select. */
import { Subscription } from './subscription.js'
import type { Session } from '../session.js'
import type { Client } from '../types.js'
import type { View, ViewOptions } from './index.js'

const tables = new WeakMap<Session, Table>()

/** A claim on the subscription to these paths. */
export function sharedView(client: Client, session: Session, options: ViewOptions): View {
  const table = tables.get(session) ?? new Table(client, session)
  tables.set(session, table)
  return table.open(options)
}

class Table {
  readonly #session: Session
  readonly #subscriptions = new Map<string, { readonly subscription: Subscription; views: number }>()
  #count = 0

  constructor(client: Client, session: Session) {
    this.#session = session
    const before = session.aside
    session.aside = (frame) => this.#all((one) => one.take(frame)) || before(frame)
    client.welcome.listen(() => this.#all((one) => one.begin()))
    client.on('close', () => this.#all((one) => one.interrupt()))
  }

  open({ paths, maxRateMs }: ViewOptions): View {
    const key = JSON.stringify([[...paths].sort(), maxRateMs])
    const entry = this.#subscriptions.get(key) ?? {
      subscription: new Subscription(this.#session, `v${++this.#count}`, { paths, maxRateMs }),
      views: 0,
    }
    this.#subscriptions.set(key, entry)
    const { subscription } = entry
    // Otherwise it begins with the welcome.
    if (entry.views++ === 0 && this.#session.connection.phase.name === 'open') subscription.begin()
    let isOpen = true
    return {
      ...subscription.mirror,
      stale: subscription.stale,
      error: subscription.error,
      close: () => {
        if (!isOpen) return
        isOpen = false
        if (--entry.views > 0) return
        this.#subscriptions.delete(key)
        subscription.end()
      },
    }
  }

  /** Whether one of them says that it was meant. */
  #all(f: (subscription: Subscription) => boolean | void): boolean {
    return [...this.#subscriptions.values()].map(({ subscription }) => f(subscription)).includes(true)
  }
}
