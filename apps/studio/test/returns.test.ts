import type { Client, Job, JsonObject, StatePosition, Telemetry } from '@callboard/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchReturns } from '../src/board/returns'
import { job } from './kit'

/** As much of a client as the watcher looks at. */
class Mirror {
  phase: Telemetry['phase'] = 'open'
  boots = 1
  jobs: Job[] = []
  readonly said: string[] = []
  readonly #told: (() => void)[] = []
  readonly #changed: (() => void)[] = []
  readonly stop: () => void

  constructor(jobs: Job[]) {
    this.jobs = jobs
    const position: StatePosition = { epoch: 'e', version: 1 }
    const client = {
      telemetry: { get: () => this.#telemetry(), subscribe: (f: () => void) => this.#add(this.#told, f) },
      position: { get: () => position },
      state: { get: (): JsonObject => ({ meta: { boots: this.boots } }) },
      jobs: { toArray: () => this.jobs, listen: (f: () => void) => this.#add(this.#changed, f) },
    } as unknown as Client
    this.stop = watchReturns(client, (text) => this.said.push(text))
  }

  go(phase: Telemetry['phase']): void {
    this.phase = phase
    for (const f of [...this.#told]) f()
  }

  change(...jobs: Job[]): void {
    this.jobs = jobs
    for (const f of [...this.#changed]) f()
  }

  #telemetry(): Telemetry {
    return { phase: this.phase, stale: this.phase !== 'open' } as Telemetry
  }

  #add(list: (() => void)[], f: () => void): () => void {
    list.push(f)
    return () => list.splice(list.indexOf(f), 1)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('watchReturns', () => {
  it('says nothing about a resync while connected', () => {
    const mirror = new Mirror([job(1)])
    mirror.go('resyncing')
    mirror.go('open')
    expect(mirror.said).toEqual([])
  })

  it('says once what happened, however many tries it took', () => {
    const mirror = new Mirror([job(1)])
    for (const phase of ['waiting', 'connecting', 'waiting', 'connecting', 'resyncing', 'open'] as const) mirror.go(phase)
    mirror.go('open')
    expect(mirror.said).toEqual(['Reconnected. Nothing was missed.'])
  })

  it('waits for interrupted jobs to start again', () => {
    const mirror = new Mirror([job(1)])
    mirror.go('waiting')
    mirror.boots = 2
    mirror.jobs = [job(1, { state: 'queued' })]
    mirror.go('open')
    expect(mirror.said).toEqual([])
    mirror.change(job(1, { attempt: 2 }))
    expect(mirror.said).toEqual(['Reconnected. The server restarted; 1 job runs again as attempt 2.'])
    mirror.change(job(1, { attempt: 2, progress: { value: 0.1 } }))
    expect(mirror.said.length).toBe(1)
  })

  it('but not for ever', () => {
    const mirror = new Mirror([job(1)])
    mirror.go('waiting')
    mirror.boots = 2
    mirror.jobs = [job(1, { state: 'queued' })]
    mirror.go('open')
    vi.runAllTimers()
    expect(mirror.said).toEqual(['Reconnected. The server restarted; 1 job waits to run again.'])
  })

  it('says nothing after it was stopped', () => {
    const mirror = new Mirror([job(1)])
    mirror.go('waiting')
    mirror.stop()
    mirror.go('open')
    expect(mirror.said).toEqual([])
  })
})
