/** The generation store: queue, results, system status and transport of one backend, and what can be done (S0.18-S0.48). */
import { CallboardError } from '../error.js'
import type { Notify } from '../manager/governor.js'
import type { PauseReason } from '../manager/environment.js'
import { systemClock } from '../setup.js'
import { createStore, Emitter, nothing, readable } from '../store.js'
import type { Clock, Off, ReadableStore } from '../types.js'
import type { ErrorMessage, GenerationBackend, GenerationSink, StartResponse } from './backend.js'
import { createPolling, type Polling } from './polling.js'
import { createQueue, isJobCancellable, type GenerationQueue } from './queue.js'
import { createResults, resultOf, type CompletionMessage, type GenerationResult, type GenerationResults } from './results.js'
import { isActiveJob, stateOf, type ActionFacts, type GenerationState } from './state.js'
import { createStatusControllers, createSystem, type GenerationSystem, type StatusControllers } from './status.js'
import { createTransport, type GenerationTransport } from './transport.js'
import { idOf, statusOf, type Input, type ProgressUnit } from './words.js'

export interface GenerationStoreOptions {
  readonly clock?: Clock | undefined
  /** What the backend's progress is; `fraction` unless given (X3). */
  readonly unit?: ProgressUnit | undefined
  readonly notify?: Notify | undefined
  /** Hears of what was left out of a server's answer (S0.36). */
  readonly warn?: ((message: string) => void) | undefined
}

export interface InitializeOptions {
  readonly backend: GenerationBackend
  readonly historyLimit?: number | undefined
  readonly notify?: Notify | undefined
}

const noActions: ActionFacts = Object.freeze({ pendingActionsCount: 0, lastActionAt: null, lastCommandError: null })

/** Makes a store; it asks for nothing before `initialize` (S0.40). */
export function createGenerationStore(options: GenerationStoreOptions = {}): GenerationStore {
  return new GenerationStore(options)
}

export class GenerationStore {
  /** Everything that is shown, frozen; the same value until something changes (S0.17, S0.48). */
  readonly state: ReadableStore<GenerationState>
  readonly queue: GenerationQueue
  readonly results: GenerationResults
  readonly system: GenerationSystem
  readonly transport: GenerationTransport
  readonly #clock: Clock
  readonly #controllers: StatusControllers
  readonly #polling: Polling
  readonly #active = createStore(false)
  readonly #actions = createStore(noActions)
  #notify: Notify
  #backend: GenerationBackend | undefined
  #releaseStatus: () => void = nothing
  #status: { ensureHydrated(): Promise<void>; refresh(): Promise<void> } | undefined
  #resuming: Promise<void> | undefined

  constructor({ clock = systemClock, unit, notify = nothing, warn }: GenerationStoreOptions) {
    const now = (): number => clock.now()
    this.#clock = clock
    this.#notify = notify
    this.queue = createQueue({ now, ...(unit && { unit }), ...(warn && { warn }) })
    this.results = createResults(now, warn)
    this.system = createSystem(now)
    this.transport = createTransport(now)
    this.#controllers = createStatusControllers({ system: this.system, clock, load: () => this.#known().loadStatus() })
    this.#polling = createPolling({
      clock,
      intervalMs: this.system.facts.get().pollIntervalMs,
      isNeeded: () => this.queue.jobs.get().some(isActiveJob),
      tick: () => this.loadActiveJobsData(),
      onError: (error) => this.transport.recordError(error, 'pollActiveJobs'),
    })
    this.state = this.#joined()
  }

  /** Connects to a backend; while one is connected, nothing (S0.38). A failure leaves everything as before. */
  async initialize({ backend, historyLimit, notify }: InitializeOptions): Promise<void> {
    if (this.#active.get()) return
    this.#backend = backend
    if (notify) this.#notify = notify
    const status = this.#controllers.acquire(backend.url)
    this.#status = status.controller
    this.#releaseStatus = status.release
    if (historyLimit !== undefined) this.results.setHistoryLimit(historyLimit)
    this.system.setQueueManagerActive(true)
    this.#active.set(true)
    try {
      await this.refreshAllData()
      this.#polling.start()
      await status.controller.ensureHydrated()
      backend.connect(this.#sink)
    } catch (error) {
      this.cleanup()
      throw error
    }
  }

  /** Disconnects; jobs, results and status stay (S0.39). */
  cleanup(): void {
    this.#polling.stop()
    this.#backend?.disconnect()
    this.#backend = undefined
    this.transport.resetMetrics()
    this.#releaseStatus()
    this.#releaseStatus = nothing
    this.#status = undefined
    this.system.setConnectionState(false)
    this.system.setQueueManagerActive(false)
    this.#active.set(false)
  }

  resetState(): void {
    this.queue.reset()
    this.results.resetResults()
    this.system.resetSystemStatus()
    this.transport.resetMetrics()
  }

  destroy(): void {
    this.#backend?.close?.()
    this.cleanup()
    this.resetState()
  }

  async loadSystemStatusData(): Promise<void> {
    this.#known()
    await this.#status?.refresh()
  }

  async loadActiveJobsData(): Promise<void> {
    this.queue.ingestQueue(await this.#known().loadJobs())
  }

  /** Says how it went only when asked to (S0.22). */
  async loadRecentResults(notifySuccess = false): Promise<void> {
    try {
      this.results.setResults(await this.#known().loadResults(this.results.historyLimit.get()))
      if (notifySuccess) this.#notify('Results refreshed', 'success')
    } catch (error) {
      if (notifySuccess) this.#notify('Failed to refresh results', 'error')
      throw error
    }
  }

  async refreshAllData(): Promise<void> {
    await Promise.all([this.loadSystemStatusData(), this.loadActiveJobsData(), this.loadRecentResults()])
  }

  reconnect(): void {
    this.#known().reconnect()
  }

  /** Reconnects, then asks for everything anew (S0.22). */
  async handleBackendUrlChange(): Promise<void> {
    this.reconnect()
    await this.refreshAllData()
  }

  /** Asks for a generation; it is in the queue once the server has given it a name (S0.18). */
  startGeneration(payload: Input): Promise<StartResponse> {
    return this.#act('startGeneration', {}, async (backend) => {
      const response = await backend.start(payload)
      const id = idOf(response.job_id)
      // A backend that tells of the job by itself has told the truth already.
      if (id && !this.queue.getJobByIdentifier(id)) this.queue.enqueueJob(this.#started(id, payload, response))
      return response
    })
  }

  /** Cancels at the server, then here; a failure leaves it where it is, and is told (S0.19). */
  cancelJob(id: unknown): Promise<void> {
    const key = idOf(id)
    if (!key) return Promise.reject(new CallboardError('invalid_args', 'Job identifier is required'))
    return this.#act('cancelJob', { jobId: key, failed: 'Failed to cancel generation' }, async (backend) => {
      await backend.cancel(this.queue.getJobByIdentifier(key)?.backendId ?? key)
      this.queue.removeJob(key)
      this.#notify('Generation cancelled', 'success')
    })
  }

  /** The same for an identity of the page: one that is not known is an error (S0.47). */
  cancelKnownJob(id: unknown): Promise<void> {
    const key = idOf(id)
    if (key && !key.startsWith('backend-') && !this.queue.getJobByIdentifier(key)) {
      return Promise.reject(new CallboardError('not_found', `Job not found for UI id: ${key}`))
    }
    return this.cancelJob(key)
  }

  /** Cancels all that can be; those that fail stay (S0.20). */
  async clearQueue(): Promise<void> {
    const jobs = this.queue.getCancellableJobs()
    if (!jobs.length) return
    await Promise.allSettled(jobs.map(({ uiId }) => this.cancelJob(uiId)))
  }

  /** Deletes at the server, then here (S0.21). */
  deleteResult(id: string | number): Promise<void> {
    return this.#act('deleteResult', { resultId: `${id}`, failed: 'Failed to delete result' }, async (backend) => {
      await backend.deleteResult(id)
      this.results.removeResult(id)
    })
  }

  /** Asks anew when connected, because a longer history has to be fetched (S0.47). */
  async setHistoryLimit(limit: unknown): Promise<void> {
    this.results.setHistoryLimit(limit)
    if (this.#active.get()) await this.loadRecentResults()
  }

  setPollInterval(ms: unknown): void {
    this.system.setPollInterval(ms)
    this.#polling.setInterval(this.system.facts.get().pollIntervalMs)
  }

  readonly isJobCancellable: typeof isJobCancellable = isJobCancellable

  /** The job is done: gone from the queue before its result is there (S0.14). One that failed leaves none (W0.4). */
  handleCompletionMessage(message: CompletionMessage): GenerationResult | undefined {
    if (message.status !== undefined && statusOf(message.status) === 'failed') {
      this.handleErrorMessage({ job_id: message.job_id, status: message.status })
      return undefined
    }
    this.queue.removeJob(message.job_id)
    const result = this.results.addResult(resultOf(message, this.#clock.now()))
    this.#notify('Generation completed successfully', 'success')
    return result
  }

  handleErrorMessage({ job_id, error, status }: ErrorMessage): void {
    this.queue.removeJob(job_id)
    this.#notify(`Generation failed: ${error || status || 'Unknown error'}`, 'error')
  }

  /** Rests until `resume`: nothing polls and nothing listens (S0.33). */
  pause(reasons: readonly PauseReason[], timestamp: string = this.#time()): void {
    this.transport.paused({ reasons, timestamp })
    if (!this.#backend) return
    this.#polling.stop()
    try {
      if (this.#backend.pause) this.#backend.pause(reasons)
      else this.#backend.disconnect()
    } catch (error) {
      this.transport.recordError(error, 'pause')
    }
  }

  /** Goes on: everything is asked for anew first. A failure leaves it paused; who asks meanwhile shares the try (S0.33). */
  resume(): Promise<void> {
    const { paused, pauseReasons, pauseSince } = this.transport.metrics.get()
    if (!paused || !this.#backend) {
      this.transport.resumed({ reasons: [], timestamp: this.#time() })
      return Promise.resolve()
    }
    this.#resuming ??= this.#resume(this.#backend, pauseReasons, pauseSince ?? undefined).finally(() => {
      this.#resuming = undefined
    })
    return this.#resuming
  }

  async #resume(backend: GenerationBackend, reasons: readonly PauseReason[], since?: string): Promise<void> {
    this.transport.resumed({ reasons, timestamp: this.#time() })
    try {
      await this.refreshAllData()
      if (backend.pause) backend.pause([])
      else backend.connect(this.#sink)
      this.#polling.start()
    } catch (error) {
      this.pause(reasons, since)
      throw error
    }
  }

  readonly #sink: GenerationSink = {
    progress: (message) => this.queue.handleProgressMessage(message),
    completion: (message) => void this.handleCompletionMessage(message),
    error: (message) => this.handleErrorMessage(message),
    queue: (list) => this.queue.ingestQueue(list),
    results: (list) => this.results.setResults(list),
    status: (payload) => this.system.applySystemStatusPayload(payload),
    connection: (moment) => {
      this.transport.record(moment)
      this.system.setConnectionState(moment.connected)
    },
  }

  /** A command: counted while it is under way, its failure recorded, told and thrown (S0.19, S0.47). */
  async #act<T>(
    context: string,
    { failed, ...details }: { readonly failed?: string; readonly [fact: string]: unknown },
    run: (backend: GenerationBackend) => Promise<T>,
  ): Promise<T> {
    const count = (by: number, more: Partial<ActionFacts>): void => {
      const { pendingActionsCount, ...rest } = this.#actions.get()
      this.#actions.set(Object.freeze({ ...rest, pendingActionsCount: Math.max(0, pendingActionsCount + by), ...more }))
    }
    count(1, { lastActionAt: this.#time() })
    try {
      const outcome = await run(this.#known())
      count(-1, { lastCommandError: null })
      return outcome
    } catch (error) {
      const known = error instanceof Error ? error : new Error('Generation orchestrator command failed', { cause: error })
      count(-1, { lastCommandError: known })
      this.transport.recordError(error, context, details)
      if (failed) this.#notify(failed, 'error')
      throw known
    }
  }

  #started(id: string, payload: Input, response: StartResponse): Input {
    const { prompt, width, height, steps, cfg_scale, seed } = payload
    const { status, progress = 0 } = response
    const created_at = this.#time()
    return { uiId: id, backendId: id, status, progress, created_at, prompt, width, height, steps, total_steps: steps, cfg_scale, seed }
  }

  #known(): GenerationBackend {
    if (!this.#backend) throw new CallboardError('unsupported', 'Generation transport has not been initialized')
    return this.#backend
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString()
  }

  /** All parts as one store: the value is made when it is read, and told once for each change of a part. */
  #joined(): ReadableStore<GenerationState> {
    const emitter = new Emitter<GenerationState>()
    const { queue, results, system, transport } = this
    const parts = [queue.jobs, results.results, results.historyLimit, system.facts, transport.metrics]
    const all = [...parts, transport.lastSnapshot, this.#active, this.#actions] as readonly ReadableStore<unknown>[]
    let seen: readonly unknown[] = []
    let value: GenerationState | undefined
    const get = (): GenerationState => {
      const now = all.map((part) => part.get())
      if (!value || now.some((part, index) => part !== seen[index])) {
        value = stateOf({
          jobs: queue.jobs.get(),
          results: results.results.get(),
          historyLimit: results.historyLimit.get(),
          facts: system.facts.get(),
          metrics: transport.metrics.get(),
          lastSnapshot: transport.lastSnapshot.get(),
          isActive: this.#active.get(),
          actions: this.#actions.get(),
        })
      }
      seen = now
      return value
    }
    for (const part of all) part.listen(() => emitter.emit(get()))
    return readable(get, (f): Off => emitter.listen(f))
  }
}

