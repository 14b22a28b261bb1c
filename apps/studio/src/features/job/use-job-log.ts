/** Feeds a {@link JobLog}: the stored lines once, then the live ones; what a reconnect or a gap left out is asked for. */
import type { Client } from '@callboard/client'
import { onScopeDispose, ref, type Ref } from 'vue'
import { errorText } from '../../board/errors'
import { JobLog, type LogPage } from './job-log'

/** Lines of one answer; the server gives at most 2000. */
const PAGE_LINES = 2000
/** Pages read in one go to catch up; beyond that the newest lines are enough. */
const PAGES_MAX = 5

/** The log of one job, for as long as the component lives. */
export function useJobLog(client: Client, id: string): { log: JobLog; problem: Readonly<Ref<string | undefined>> } {
  const log = new JobLog(id)
  const problem = ref<string>()
  const loader = new Loader(client, id, log, problem)
  const live = (): void => {
    if (log.takeLive(client.logs.toArray())) loader.load()
  }
  let connections = client.telemetry.get().connections
  const offs = [
    client.logs.listen(live),
    client.on('epoch', () => {
      log.reset()
      loader.restart()
    }),
    client.telemetry.listen((telemetry) => {
      if (telemetry.phase !== 'open' || telemetry.connections === connections) return
      connections = telemetry.connections
      loader.load()
    }),
  ]
  onScopeDispose(() => {
    for (const off of offs) off()
    loader.stop()
  })
  loader.load()
  live()
  return { log, problem }
}

/** Loads what follows the newest stored line; one request at a time, and one more when asked meanwhile. */
class Loader {
  readonly #client: Client
  readonly #path: string
  readonly #log: JobLog
  readonly #problem: Ref<string | undefined>
  readonly #abort = new AbortController()
  /** Up to here the stored lines were read. Live lines may be ahead of it, with a hole in between. */
  #storedSeq: number | undefined
  #busy = false
  #again = false

  constructor(client: Client, id: string, log: JobLog, problem: Ref<string | undefined>) {
    this.#client = client
    this.#path = `api/jobs/${encodeURIComponent(id)}/logs`
    this.#log = log
    this.#problem = problem
  }

  load(): void {
    this.#again = true
    if (!this.#busy) void this.#run()
  }

  restart(): void {
    this.#storedSeq = undefined
    this.load()
  }

  stop(): void {
    this.#abort.abort()
  }

  async #run(): Promise<void> {
    this.#busy = true
    try {
      while (this.#again) {
        this.#again = false
        await this.#catchUp()
      }
      this.#problem.value = undefined
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#problem.value = errorText(error)
    } finally {
      this.#busy = false
    }
  }

  async #catchUp(): Promise<void> {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = new URLSearchParams({ limit: String(PAGE_LINES) })
      // Without a position the server gives the newest lines: the right beginning for a long log.
      if (this.#storedSeq !== undefined) query.set('sinceSeq', String(this.#storedSeq))
      const { signal } = this.#abort
      const answer = await this.#client.http<LogPage>(`${this.#path}?${query.toString()}`, { signal })
      this.#log.add(answer.entries)
      this.#storedSeq = Math.max(this.#storedSeq ?? 0, answer.entries.at(-1)?.seq ?? 0)
      if (answer.entries.length < PAGE_LINES) return
    }
  }
}
