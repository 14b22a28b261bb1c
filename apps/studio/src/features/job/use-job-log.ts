/** Feeds a {@link JobLog}: the stored lines once, then the live ones; what a reconnect or a gap left out is asked for. */
import type { Client } from '@callboard/client'
import { onScopeDispose, ref, type Ref } from 'vue'
import { errorText } from '../../board/errors'
import { JobLog, type LogPage } from './job-log'

/** Lines of one answer; the server gives at most 2000. */
const PAGE_LINES = 2000
/** Pages read in one go to catch up; beyond that the newest lines are enough. */
const PAGES_MAX = 5

/** Positions before a line that a link names which are read as well. They are of the whole board: some are other jobs'. */
const BEFORE = 200

/** What a log pane needs of a job. */
export interface LiveJobLog {
  readonly log: JobLog
  readonly problem: Readonly<Ref<string | undefined>>
  /** The log goes on beyond what is here: it was read from a line that a link names, as far as fits. */
  readonly isCut: Readonly<Ref<boolean>>
}

/** The log of one job, for as long as the component lives; its newest lines, or those from `line` on. */
export function useJobLog(client: Client, id: string, line?: number): LiveJobLog {
  const log = new JobLog(id)
  const problem = ref<string>()
  const isCut = ref(false)
  const loader = new Loader(client, id, log, { problem, isCut }, line)
  const live = (): void => {
    // With a hole in between, live lines would look as if they followed.
    if (!loader.isComplete) return
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
  return { log, problem, isCut }
}

/** What is said about the log beside its lines. */
interface Said {
  readonly problem: Ref<string | undefined>
  readonly isCut: Ref<boolean>
}

/** Loads what follows the newest stored line; one request at a time, and one more when asked meanwhile. */
class Loader {
  readonly #client: Client
  readonly #path: string
  readonly #log: JobLog
  readonly #said: Said
  readonly #abort = new AbortController()
  /** Up to here the stored lines were read. Live lines may be ahead of it, with a hole in between. */
  #storedSeq: number | undefined
  #busy = false
  #again = false
  /** Whether live lines follow what is here: at once for the newest lines, else when all from the wanted one on are read. */
  isComplete: boolean

  constructor(client: Client, id: string, log: JobLog, said: Said, line: number | undefined) {
    this.#client = client
    this.#path = `api/jobs/${encodeURIComponent(id)}/logs`
    this.#log = log
    this.#said = said
    this.isComplete = line === undefined
    if (line !== undefined) this.#storedSeq = Math.max(0, line - BEFORE)
  }

  load(): void {
    // What is cut is full: more lines would push out the one that is wanted.
    if (this.#said.isCut.value) return
    this.#again = true
    if (!this.#busy) void this.#run()
  }

  restart(): void {
    this.#storedSeq = undefined
    this.isComplete = true
    this.#said.isCut.value = false
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
      this.#said.problem.value = undefined
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#said.problem.value = errorText(error)
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
      if (answer.entries.length >= PAGE_LINES) continue
      if (!this.isComplete) {
        this.isComplete = true
        this.#log.takeLive(this.#client.logs.toArray())
      }
      return
    }
    this.#said.isCut.value = !this.isComplete
  }
}
