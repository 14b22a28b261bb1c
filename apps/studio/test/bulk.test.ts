/** Bulks from the board (design: ui 4.3): counted first, then done by a job that is followed, stopped, and told of. */
import type { JsonValue } from '@callboard/client'
import type { BulkCount } from '@callboard/client/protocol'
import { createTestBoard, settle } from '@callboard/client/testing'
import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { queryOf } from '../src/features/board/query-of'
import { useBulkJobs } from '../src/features/bulk/use-bulk-jobs'
import { useBulk, type BulkPhase } from '../src/features/bulk/use-bulk'
import { buttonText, commandLine, missing, resultText, skippedText, valuesOf, type BulkForm } from '../src/features/bulk/words'
import { stateTab } from '../src/lib/states'

const form: BulkForm = { query: 'state:queued', action: 'move', reason: '', queue: 'slow', priority: '', add: '', remove: '' }
const counted: BulkCount = { action: 'move', eligible: 2, skipped: { finished: 1 }, sample: [], at: '2026-11-21T09:00:00.000Z', cut: false }

describe('the query of what the board shows', () => {
  it('is its tab and the words of its filter, quoted where they need it', () => {
    expect(queryOf(stateTab('all'), '')).toBe('')
    expect(queryOf(stateTab('queued'), '')).toBe('state:pending,scheduled,queued')
    expect(queryOf(stateTab('failed'), ' nap  http://x a"b ')).toBe('state:failed nap "http://x" "a\\"b"')
  })
})

describe('the form', () => {
  it('gives an action what belongs to it, and nothing else', () => {
    const all: BulkForm = { ...form, reason: ' why ', priority: '-3', add: 'a, b', remove: 'c' }
    const values = (['cancel', 'retry', 'delete', 'move', 'reprioritise', 'tag'] as const).map((action) => valuesOf({ ...all, action }))
    expect(values).toEqual([{ reason: 'why' }, {}, {}, { queue: 'slow' }, { priority: -3 }, { add: ['a', 'b'], remove: ['c'] }])
  })

  it('says what is missing', () => {
    expect(missing(form)).toBeUndefined()
    expect(missing({ ...form, queue: ' ' })).toContain('queue')
    expect(missing({ ...form, action: 'reprioritise', priority: '1.5' })).toContain('whole number')
    expect(missing({ ...form, action: 'tag', add: ' , ' })).toContain('tag')
    expect(missing({ ...form, action: 'delete' })).toBeUndefined()
  })

  it('is told as a command line that a shell reads as it is meant', () => {
    expect(commandLine(form)).toBe('callboard move --queue slow state:queued')
    expect(commandLine({ ...form, action: 'delete', query: `it's` })).toBe(`callboard rm 'it'\\''s'`)
    expect(commandLine({ ...form, action: 'retry', query: 'nap' })).toBe(`callboard retry '"nap"'`)
    expect(commandLine({ ...form, action: 'tag', add: 'a b', query: '' })).toBe(`callboard tag --add a,b ''`)
    expect(commandLine({ ...form, action: 'reprioritise', priority: '-2' })).toBe('callboard reprioritise --priority=-2 state:queued')
  })
})

describe('its words', () => {
  it('count, and say why some are left alone', () => {
    expect(buttonText('cancel', { ...counted, action: 'cancel', eligible: 1204 })).toBe('Cancel 1\u2009204 jobs')
    expect(buttonText('delete', { ...counted, action: 'delete', cut: true })).toBe('Delete at least 2 jobs')
    expect(skippedText({ finished: 38, running: 0, new: 1 })).toBe('38 already finished, 1 new')
    expect(resultText('retry', { done: 1, failed: 2, skipped: {} })).toBe('1 job retried; 2 refused')
  })
})

/** A board whose bulks are jobs named `b`. */
async function setup(answer?: (args: JsonValue) => unknown) {
  const { board, client, tick } = await createTestBoard()
  const told: JsonValue[] = []
  board.commands.set('jobs.bulk', (args) => {
    told.push(args)
    const own = answer?.(args)
    if (own !== undefined) return own as JsonValue
    if ((args as { dryRun?: boolean }).dryRun) return counted as unknown as JsonValue
    board.putJob({ id: 'b', state: 'running' })
    return { id: 'b' }
  })
  const scope = effectScope()
  const bulk = scope.run(() => useBulk(client))
  if (bulk === undefined) throw new Error('the scope is active')
  const phase = (): BulkPhase => bulk.phase.value
  const turn = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(300)
    await tick()
    await settle()
  }
  return { board, bulk, phase, turn, told, scope }
}

describe('a bulk', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is counted once typing is over, and done to those that were counted', async () => {
    const { board, bulk, phase, turn, told } = await setup()
    bulk.count({ ...form, query: 'state:q' })
    bulk.count(form)
    expect(phase()).toEqual({ name: 'counting' })
    await turn()
    expect(phase()).toEqual({ name: 'counted', count: counted })
    bulk.run(form)
    await turn()
    expect(phase()).toMatchObject({ name: 'running', id: 'b', isStopping: false })
    board.putJob({ id: 'b', progress: { value: 0.5, message: '1 of 2' } })
    await turn()
    expect(phase()).toMatchObject({ progress: { value: 0.5 } })
    board.putJob({ id: 'b', state: 'succeeded', finishedAt: 'now', result: { done: 2, failed: 0, skipped: {} } })
    await turn()
    expect(phase()).toEqual({ name: 'over', id: 'b', result: { done: 2, failed: 0, skipped: {} } })
    const args = { action: 'move', query: 'state:queued', args: { queue: 'slow' } }
    expect(told).toEqual([{ ...args, dryRun: true }, { ...args, at: counted.at }])
  })

  it('is not counted while something is missing, and an answer to an earlier question is not shown', async () => {
    const { bulk, phase, turn, told } = await setup()
    bulk.count({ ...form, queue: '' })
    await turn()
    expect([phase().name, told.length]).toEqual(['unclear', 0])
    bulk.count(form)
    await vi.advanceTimersByTimeAsync(250)
    bulk.count({ ...form, queue: '' })
    await turn()
    expect(phase().name).toBe('unclear')
  })

  it('is stopped, and says what was done by then', async () => {
    const { board, bulk, phase, turn } = await setup()
    board.commands.set('jobs.cancel', () => {
      board.putJob({ id: 'b', state: 'cancelled', finishedAt: 'now', result: { done: 1, failed: 0, skipped: {} } })
      return {}
    })
    bulk.count(form)
    await turn()
    bulk.run(form)
    await turn()
    bulk.stop()
    expect(phase()).toMatchObject({ name: 'running', isStopping: true })
    await turn()
    await turn()
    expect(phase()).toMatchObject({ name: 'over', result: { done: 1 }, why: 'It was stopped before its end.' })
  })

  it('goes on when its dialog is gone, which then says nothing more', async () => {
    const { board, bulk, phase, turn, scope } = await setup()
    bulk.count(form)
    await turn()
    bulk.run(form)
    await turn()
    scope.stop()
    board.putJob({ id: 'b', progress: { value: 0.9 } })
    await turn()
    expect(phase()).not.toMatchObject({ progress: { value: 0.9 } })
  })
})

describe('the status bar', () => {
  it('knows the bulks that are under way, and tells of nothing else', async () => {
    const { board, client, tick } = await createTestBoard()
    board.putJob({ id: 'old', kind: 'callboard.bulk', state: 'running' })
    await tick()
    const scope = effectScope()
    const bulks = scope.run(() => useBulkJobs(client))
    const ids = (): string[] => bulks?.value.map(({ id }) => id) ?? []
    expect(ids()).toEqual(['old'])
    const before = bulks?.value
    board.putJob({ id: 'other', kind: 'echo', state: 'running' })
    await tick()
    expect(bulks?.value).toBe(before)
    board.putJob({ id: 'new', kind: 'callboard.bulk', state: 'queued', progress: { value: 0.5 } })
    board.putJob({ id: 'old', state: 'succeeded', finishedAt: 'now' })
    await tick()
    expect([ids(), bulks?.value[0]?.progress?.value]).toEqual([['new'], 0.5])
    scope.stop()
  })
})
