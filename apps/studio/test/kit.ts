/** Records for tests: complete where the types ask for it, quiet otherwise. */
import type { Job, LogEntry, LogGap } from '@callboard/client'

/** A job; created later the larger `n` is. */
export function job(n: number, part: Partial<Job> = {}): Job {
  return {
    id: `job-${n}`,
    kind: 'sleep',
    queue: 'default',
    state: 'running',
    priority: 0,
    title: `job number ${n}`,
    args: {},
    attempt: 1,
    maxAttempts: 1,
    createdAt: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
    createdBy: 'operator:test',
    ...part,
  }
}

/** A line of a log; written later the larger `seq` is. */
export function line(seq: number, part: Partial<LogEntry> = {}): LogEntry {
  return {
    seq,
    ts: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(),
    channel: 'stdout',
    emoji: '▸',
    level: 'info',
    message: `line ${seq}`,
    color: 'white',
    ...part,
  }
}

/** Missing lines. */
export function gap(fromSeq: number, toSeq: number): LogGap {
  return { gap: true, fromSeq, toSeq, count: toSeq - fromSeq + 1 }
}
