import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createClient, type ClientFrame, type JsonValue, type ServerFrame } from '../../src/index.js'
import { createTestBoard, FakeBoard, ManualClock } from '../../src/testing/index.js'

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../spec/${name}`, import.meta.url), 'utf8')) as T

interface Script {
  readonly name: string
  readonly frames: readonly ServerFrame[]
  readonly after: { epoch: string; version: number; data: Record<string, JsonValue> }
  readonly resyncs: number
}

describe('spec/mirror.json, sent by the fake board', () => {
  it.each(read<Script[]>('mirror.json'))('$name', async ({ frames, after, resyncs }) => {
    const { board, client, tick } = await createTestBoard({ scripted: true })
    board.send(...frames)
    await tick()
    const { jobs: _, results: __, ...rest } = after.data
    expect(client.position.get()).toEqual({ epoch: after.epoch, version: after.version })
    expect(client.state.get()).toEqual(rest)
    expect(Object.fromEntries(client.jobs.toArray().map((job) => [job.id, job]))).toEqual(after.data['jobs'] ?? {})
    expect(board.received.filter(({ type }) => type === 'state.resync')).toHaveLength(resyncs)
  })
})

describe('spec/frames.json', () => {
  const frames = read<{ client: ClientFrame[]; server: ServerFrame[] }>('frames.json')

  it.each(frames.server)('the client hears a $type of the fake board', async (frame) => {
    const { board, client, tick } = await createTestBoard({ scripted: true })
    const problems: string[] = []
    client.on('error', ({ code }) => problems.push(code))
    board.send(frame)
    await tick()
    expect(problems).toEqual(frame.type === 'error' ? [frame.code] : [])
  })

  it.each(frames.client)('the fake board hears a $type, and goes on', async (frame) => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock })
    const socket = new board.network.WebSocket('ws://board.test/ws')
    await clock.advance(10)
    socket.send(JSON.stringify(read<typeof frames>('frames.json').client[0]))
    socket.send(JSON.stringify(frame))
    await clock.advance(10)
    expect(board.received.at(-1)).toEqual(frame)
    expect(board.sessions).toBe(1)
  })

  it('the fake board says nothing that is not in the protocol', async () => {
    const clock = new ManualClock()
    const board = new FakeBoard({ clock, state: { jobs: {}, n: 1 } })
    const heard = new Set<string>()
    const client = createClient({ url: 'http://board.test', clock, WebSocket: board.network.WebSocket })
    client.connect()
    await clock.advance(0)
    const { last } = board.network
    const receive = last.receive.bind(last)
    last.receive = (...texts) => {
      for (const text of texts) heard.add((JSON.parse(text as string) as ServerFrame).type)
      return receive(...texts)
    }
    await clock.advance(100)
    board.commit({ op: 'replace', path: '/n', value: 2 })
    board.log('line')
    board.commands.set('jobs.cancel', () => undefined)
    void client.command('jobs.cancel', { id: 'a' })
    void client.command('jobs.delete', { id: 'a' }).catch(() => {})
    await clock.advance(30_000)
    const known = new Set(frames.server.map(({ type }) => type as string))
    expect([...heard].filter((type) => !known.has(type))).toEqual([])
    expect(heard.size).toBeGreaterThanOrEqual(7)
    client.close()
  })
})
