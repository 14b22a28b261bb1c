import { describe, expect, it } from 'vitest'
import { countBulk, runBulk } from '../src/bulk/index.js'
import type { JsonValue } from '../src/protocol/index.js'
import { createTestBoard, settle, type TestBoard } from '../src/testing/index.js'

const count = { action: 'move', eligible: 2, skipped: { finished: 1 }, sample: [], at: '2026-11-21T09:00:00.000Z', cut: false }
const counts = { done: 2, failed: 0, skipped: {} }

/** A board whose bulks are jobs named `b`; what it was told, and what its store has. */
async function board(): Promise<TestBoard & { told: JsonValue[]; stored: Record<string, object> }> {
  const told: JsonValue[] = []
  const stored: Record<string, object> = {}
  const fetch = async (url: string): Promise<Response> => {
    const job = stored[new URL(url).pathname.split('/').at(-1) as string]
    return job ? Response.json(job) : Response.json({ code: 'not_found', message: 'no', retryable: false }, { status: 404 })
  }
  const made = await createTestBoard({ client: { fetch: fetch as typeof globalThis.fetch } })
  made.board.commands.set('jobs.bulk', (args) => {
    told.push(args)
    if ((args as { dryRun?: boolean }).dryRun) return count
    if (!stored['b']) made.board.putJob({ id: 'b', state: 'running' })
    return { id: 'b' }
  })
  return { ...made, told, stored }
}

describe('one action on many jobs', () => {
  it('is counted without doing anything, then done to those that were counted', async () => {
    const { client, board: fake, tick, told } = await board()
    const counting = countBulk(client, 'move', 'state:queued', { args: { queue: 'q' } })
    await tick()
    const { eligible, at } = await counting
    const bulk = runBulk(client, 'move', 'state:queued', { args: { queue: 'q' }, at })
    const seen: number[] = []
    bulk.progress(({ value }) => seen.push(value))
    await tick()
    await settle()
    fake.putJob({ id: 'b', progress: { value: 0.5 } })
    await tick()
    fake.putJob({ id: 'b', state: 'succeeded', finishedAt: 'now', progress: { value: 1 }, result: counts })
    await tick()
    expect([eligible, await bulk, await bulk.accepted, seen]).toEqual([2, counts, 'b', [0.5, 1]])
    const args = { action: 'move', query: 'state:queued', args: { queue: 'q' } }
    expect(told).toEqual([{ ...args, dryRun: true }, { ...args, at }])
  })

  it('that is cancelled says what was done by then', async () => {
    const { client, board: fake, tick } = await board()
    fake.commands.set('jobs.cancel', (args) => {
      const cancel = { requestedAt: '', by: 't', cause: 'user', reason: (args as { reason: string }).reason }
      fake.putJob({ id: 'b', state: 'cancelled', finishedAt: 'now', result: { ...counts, done: 1 }, cancel: cancel as never })
      return { state: 'cancelled' }
    })
    const bulk = runBulk(client, 'cancel', 'kind:*')
    await tick()
    await Promise.all([bulk.cancel('enough'), tick()])
    await tick()
    await expect(bulk).rejects.toMatchObject({ code: 'cancelled', message: 'enough', details: { done: 1 } })
  })

  it('that ended while nobody looked is asked for', async () => {
    const { client, tick, stored } = await board()
    stored['b'] = { id: 'b', state: 'succeeded', finishedAt: 'now', result: counts }
    const bulk = runBulk(client, 'retry', 'state:failed')
    await tick()
    await settle()
    expect(await bulk).toEqual(counts)
  })

  it('that is refused, or whose client ends, rejects', async () => {
    const { client, board: fake, tick } = await board()
    const open = runBulk(client, 'retry', 'state:failed')
    await tick()
    await settle()
    fake.commands.set('jobs.bulk', () => {
      throw { code: 'conflict', message: 'confirm', details: { eligible: 200 } }
    })
    const refused = runBulk(client, 'delete', '')
    await tick()
    await expect(refused).rejects.toMatchObject({ code: 'conflict', details: { eligible: 200 } })
    client.close()
    await expect(open).rejects.toMatchObject({ code: 'closed' })
  })
})
