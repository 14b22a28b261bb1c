import { describe, expect, it } from 'vitest'
import { createOutbox, keyedStorage, memoryStorage, type Outbox, type OutboxEntry, type OutboxStorage } from '../src/outbox/index.js'
import { createBackoff } from '../src/resilience/index.js'
import { rig, type Rig } from './rig.js'

interface Post extends Rig {
  readonly storage: OutboxStorage
  readonly box: Outbox
}

function post(storage: OutboxStorage = memoryStorage(), fetch?: typeof globalThis.fetch): Post {
  const made = rig(fetch && { fetch })
  const backoff = createBackoff({ initialMs: 10, factor: 2, minMs: 0, maxMs: 1000, jitter: 0.5 })
  const box = createOutbox(made.client, { storage, backoff, clock: made.clock, random: () => 0.5 })
  return { ...made, storage, box }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const ids = ({ box }: Post): string[] => box.entries.get().map(({ id }) => id)

interface Sent {
  readonly type: string
  readonly id: string
  readonly name: string
  readonly args: { readonly id?: string }
}
const commands = ({ sent }: Rig): Sent[] => (sent() as Sent[]).filter(({ type }) => type === 'cmd')
const ack = ({ network }: Rig, id: string): void => void network.last.receive({ type: 'ack', id, ok: true, epoch: 'e1', version: 2 })
const refuse = ({ network }: Rig, re: string, code: string, retryable: boolean): void =>
  void network.last.receive({ type: 'error', re, code: code as never, message: `it is ${code}`, retryable })

describe('an outbox (S2.24)', () => {
  it('stores first, sends at the next connection in the order of asking, and forgets what was carried out', async () => {
    const made = post()
    const { box, storage, up } = made
    expect(await box.start('echo', { n: 1 }, { id: 'a' })).toBe('a')
    await box.start('echo', { n: 2 }, { id: 'b' })
    expect([ids(made), (await storage.load()).map(({ id }) => id)]).toEqual([['a', 'b'], ['a', 'b']])
    await up()
    const [first, second] = commands(made)
    expect(first).toMatchObject({ name: 'jobs.dispatch', key: 'outbox:a', args: { id: 'a', idempotencyKey: 'outbox:a' } })
    expect(second?.args.id).toBe('b')
    ack(made, first!.id)
    await turn()
    expect([ids(made), (await storage.load()).map(({ id }) => id)]).toEqual([['b'], ['b']])
  })

  it('goes on where an earlier page was, under the same names, also with what was being sent (W2.8)', async () => {
    const before = post()
    await before.up()
    await before.box.start('echo', {}, { id: 'a' })
    expect(commands(before)).toHaveLength(1)
    before.box.close()
    const after = post(before.storage)
    await after.box.ready
    await after.up()
    expect(commands(after)).toMatchObject([{ key: 'outbox:a', args: { id: 'a' } }])
  })

  it('names entries at random: two of one millisecond are two (W2.8)', async () => {
    const made = post()
    const names = await Promise.all([made.box.start('echo', {}), made.box.start('echo', {})])
    expect([new Set(names).size, made.box.entries.get().length]).toEqual([2, 2])
  })

  it('tries again with growing delays, lets others pass, and keeps what is refused (W2.8)', async () => {
    const made = post()
    const { box, clock, up } = made
    await up()
    await box.start('echo', {}, { id: 'a' })
    for (const delay of [10, 20, 40, 80]) {
      const [frame] = commands(made)
      refuse(made, frame!.id, 'overloaded', true)
      await turn()
      await clock.advance(delay - 1)
      expect(commands(made)).toEqual([])
      if (delay === 10) {
        await box.start('echo', {}, { id: 'b' })
        ack(made, commands(made)[0]!.id)
        await turn()
      }
      await clock.advance(1)
    }
    refuse(made, commands(made)[0]!.id, 'overloaded', true)
    await turn()
    expect(box.entries.get()).toMatchObject([{ id: 'a', tries: 5, refused: true, error: { code: 'overloaded' } }])
    await clock.advance(1000)
    expect(commands(made)).toEqual([])
    await box.retry('a')
    expect(commands(made)).toMatchObject([{ key: 'outbox:a' }])
  })

  it('refuses at once what no repetition can mend', async () => {
    const made = post()
    await made.up()
    await made.box.start('nobody', {}, { id: 'a' })
    refuse(made, commands(made)[0]!.id, 'unknown_kind', false)
    await turn()
    const error = { code: 'unknown_kind', message: 'it is unknown_kind' }
    expect(made.box.entries.get()).toMatchObject([{ id: 'a', tries: 1, refused: true, error }])
    await made.box.discard('a')
    expect([ids(made), await made.storage.load()]).toEqual([[], []])
  })

  it('keeps the order within a lane', async () => {
    const made = post()
    await made.up()
    for (const id of ['a', 'b']) await made.box.start('echo', {}, { id, lane: 'disk' })
    await made.box.start('echo', {}, { id: 'c' })
    const frames = commands(made)
    expect(frames.map(({ args }) => args.id)).toEqual(['a', 'c'])
    ack(made, frames[0]!.id)
    await turn()
    expect(commands(made).map(({ args }) => args.id)).toEqual(['b'])
  })

  it('takes a job that is there already for its own, from a try whose answer was lost', async () => {
    const known = async (url: unknown): Promise<Response> =>
      String(url).endsWith('api/jobs/a') ? Response.json({ id: 'a' }) : new Response('', { status: 404 })
    const made = post(memoryStorage(), known as typeof fetch)
    await made.up()
    await made.box.start('echo', {}, { id: 'a' })
    await made.box.start('echo', {}, { id: 'b' })
    for (const { id } of commands(made)) refuse(made, id, 'conflict', false)
    await turn()
    await turn()
    expect(made.box.entries.get()).toMatchObject([{ id: 'b', refused: true, error: { code: 'conflict' } }])
  })

  it('sends what cannot be stored like any other command, and says when that failed too', async () => {
    const full: OutboxStorage = { ...memoryStorage(), save: () => Promise.reject(new Error('the quota is used up')) }
    const made = post(full)
    await made.up()
    const started = made.box.start('echo', {}, { id: 'a' })
    await turn()
    ack(made, commands(made)[0]!.id)
    expect([await started, ids(made)]).toEqual(['a', []])
    const refused = made.box.start('nobody', {}, { id: 'b' })
    await turn()
    refuse(made, commands(made)[0]!.id, 'unknown_kind', false)
    await expect(refused).rejects.toMatchObject({ code: 'unknown_kind' })
  })

  it('has a limit', async () => {
    const made = post()
    const puts = Array.from({ length: 1000 }, () => made.box.command('jobs.clear', {}))
    await Promise.all(puts)
    await expect(made.box.command('jobs.clear', {})).rejects.toMatchObject({ code: 'overloaded' })
  })
})

describe('the storage of an outbox', () => {
  it('has a place for each entry, and leaves alone what is not its own', async () => {
    const held = new Map([['other', '1'], ['callboard.outbox.x', 'no JSON'], ['callboard.outbox.y', '{"id":"y"}']])
    const storage = keyedStorage({
      get length() {
        return held.size
      },
      key: (index) => [...held.keys()][index] ?? null,
      getItem: (key) => held.get(key) ?? null,
      setItem: (key, value) => void held.set(key, value),
      removeItem: (key) => void held.delete(key),
    })
    const entry: OutboxEntry = { id: 'a', name: 'jobs.cancel', args: { id: 'j' }, at: 1, tries: 0 }
    await storage.save(entry)
    expect(await storage.load()).toEqual([entry])
    await storage.remove('a')
    expect([...held.keys()]).toEqual(['other', 'callboard.outbox.x', 'callboard.outbox.y'])
  })
})
