import type { CallboardError } from '../error.js'
import type { Accepted, ClientFrame } from '../protocol/index.js'
import type { Session } from '../session.js'
import type { Client } from '../types.js'

type Command = Extract<ClientFrame, { type: 'cmd' }>

/**
 * Commands over HTTP while there is no WebSocket: the same names, keys and outcomes. One whose outcome is not known is sent
 * again with its key, here or over the next connection, so it is carried out once.
 */
export class Relay {
  readonly #client: Client
  readonly #session: Session
  /** Called when something was carried out. */
  readonly #done: () => void
  readonly #underWay = new Set<string>()

  constructor(client: Client, session: Session, done: () => void) {
    this.#client = client
    this.#session = session
    this.#done = done
  }

  /** Takes the commands over, or sends those again that got no answer. */
  pump(): void {
    this.#session.relay = (frame) => this.#take(frame)
    this.#session.commands.down()
    this.#session.commands.pump()
  }

  /** Gives the commands back to the connection. */
  stop(): void {
    if (!this.#session.relay) return
    this.#session.relay = undefined
    this.#session.commands.down()
  }

  #take(frame: ClientFrame | string): boolean {
    if (typeof frame !== 'string') return false
    void this.#post(JSON.parse(frame) as Command)
    return true
  }

  async #post({ id, name, args = {}, key = id }: Command): Promise<void> {
    if (this.#underWay.has(id)) return
    this.#underWay.add(id)
    try {
      const init = { method: 'POST', body: JSON.stringify(args), headers: { 'idempotency-key': key } }
      const accepted = await this.#client.http<Accepted>(`api/commands/${encodeURIComponent(name)}`, init)
      const epoch = this.#client.position.get()?.epoch ?? ''
      this.#session.frame({ type: 'ack', id, ok: true, epoch, ...accepted })
      this.#done()
    } catch (error) {
      const { code, message, retryable, details } = error as CallboardError
      // No answer, or that of a proxy which has none.
      if (code === 'offline' || (code === 'internal' && retryable)) return
      this.#session.frame({ type: 'error', re: id, message, retryable, details, code } as never)
    } finally {
      this.#underWay.delete(id)
    }
  }
}
