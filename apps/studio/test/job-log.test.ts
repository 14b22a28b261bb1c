import { describe, expect, it } from 'vitest'
import { JobLog, JOB_LOG_LINES } from '../src/features/job/job-log'
import { gap, line } from './kit'

const mine = (seq: number) => line(seq, { jobId: 'a' })
const other = (seq: number) => line(seq, { jobId: 'b' })
const seqs = (log: JobLog): number[] => log.toArray().map(({ seq }) => seq)

describe('JobLog', () => {
  it('puts stored and live lines together without showing any twice', () => {
    const log = new JobLog('a')
    log.takeLive([mine(7), other(8), mine(9)])
    log.add([mine(1), mine(3), mine(7)])
    log.takeLive([mine(7), other(8), mine(9), mine(10)])
    expect(seqs(log)).toEqual([1, 3, 7, 9, 10])
  })

  it('survives an answer that comes again after a reconnect', () => {
    const log = new JobLog('a')
    log.add([mine(1), mine(2)])
    log.add([mine(1), mine(2), mine(2), mine(3)])
    expect(seqs(log)).toEqual([1, 2, 3])
  })

  it('says when lines are missing in between, once', () => {
    const log = new JobLog('a')
    expect(log.takeLive([mine(1)])).toBe(false)
    const rows = [mine(1), gap(2, 5), mine(6)]
    expect(log.takeLive(rows)).toBe(true)
    expect(log.takeLive(rows)).toBe(false)
  })

  it('tells its listeners about changes and only about changes', () => {
    const log = new JobLog('a')
    let calls = 0
    const off = log.listen(() => (calls += 1))
    log.add([mine(1)])
    log.add([mine(1)])
    log.takeLive([other(2)])
    off()
    log.add([mine(3)])
    expect(calls).toBe(1)
  })

  it('is bounded: the oldest lines go first', () => {
    const log = new JobLog('a')
    log.add(Array.from({ length: JOB_LOG_LINES + 5 }, (_, at) => mine(at + 1)))
    expect([log.toArray().length, log.toArray()[0]?.seq]).toEqual([JOB_LOG_LINES, 6])
  })

  it('begins anew with another history (S3.31)', () => {
    const log = new JobLog('a')
    log.takeLive([mine(90)])
    log.reset()
    log.takeLive([mine(1)])
    expect(seqs(log)).toEqual([1])
  })
})
