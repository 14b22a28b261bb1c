import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../src/index.js'
import { detailed, jobLogs } from '../src/job/index.js'
import { createTestBoard, settle, type TestBoard } from '../src/testing/index.js'

const line = (seq: number, jobId = 'j1'): LogEntry => ({
  seq,
  jobId,
  ts: '2026-11-21T09:00:00Z',
  channel: 'stdout',
  emoji: '',
  level: 'info',
  color: 'white',
  message: `line ${seq}`,
})

/** A board that keeps these lines of the job, and what it was asked for. */
async function board(kept: LogEntry[]): Promise<TestBoard & { asked: string[] }> {
  const asked: string[] = []
  const fetch = async (url: string): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(url)
    asked.push(pathname + search)
    const since = Number(searchParams.get('sinceSeq') ?? 0)
    return Response.json({ entries: kept.filter(({ seq }) => seq > since), truncated: false, nextSeq: 0 })
  }
  const made = await createTestBoard({ client: { fetch: fetch as typeof globalThis.fetch } })
  return { ...made, asked }
}

describe('the log of a job', () => {
  it('is what the server kept, then what comes, without the lines of others', async () => {
    const { board: fake, client, tick, asked } = await board([line(1), line(2)])
    const logs = jobLogs(client, 'j1')
    expect([logs.get(), asked]).toEqual([[], []])
    const seen: number[][] = []
    const off = logs.subscribe((entries) => seen.push(entries.map(({ seq }) => seq)))
    await settle()
    fake.log('of nobody', 'neither')
    for (const jobId of ['j1', 'j2', 'j1']) fake.log({ message: 'live', jobId })
    await tick()
    expect(asked).toEqual(['/api/jobs/j1/logs?limit=2000'])
    expect(seen.at(-1)).toEqual([1, 2, 3, 5])
    off()
    fake.log({ message: 'nobody listens', jobId: 'j1' })
    await tick()
    expect(logs.get().length).toBe(4)
  })

  it('asks each new connection for what it missed, keeps the newest, and never shows a line twice', async () => {
    const kept = [line(1), line(2)]
    const { board: fake, client, tick, asked } = await board(kept)
    const logs = jobLogs(client, 'j1', { limit: 3 })
    logs.listen(() => {})
    await settle()
    kept.push(line(3), line(4))
    fake.drop()
    await tick(2_000)
    expect(asked.at(-1)).toBe('/api/jobs/j1/logs?limit=3&sinceSeq=2')
    expect(logs.get().map(({ seq }) => seq)).toEqual([2, 3, 4])
    fake.restore('e2', { jobs: {}, results: {} })
    kept.splice(0, 4, line(1))
    await tick(2_000)
    expect(logs.get().map(({ seq }) => seq)).toEqual([1])
  })
})

describe('the source of a result', () => {
  it.each([
    [false, 'fresh'],
    [true, 'cached'],
  ] as const)('a repeated key: %s → %s', async (isRepeated, source) => {
    const { client, tick } = await createTestBoard()
    if (isRepeated) {
      void client.start('echo', {}, { key: 'k', id: 'j1' }).accepted
      await tick()
    }
    const handle = detailed(client, client.start('echo', {}, { key: 'k', id: 'j1' }))
    expect(handle.source.get()).toBe('optimistic')
    await tick()
    expect([handle.source.get(), handle.id, handle.store.get()?.id]).toEqual([source, 'j1', 'j1'])
  })
})
