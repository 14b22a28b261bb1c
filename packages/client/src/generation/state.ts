/** Everything that the generation store shows, as one frozen value (the table of seed 0). */
import { sortedJobs, type GenerationJob } from './queue.js'
import type { GenerationResult } from './results.js'
import type { SystemFacts, SystemStatus } from './status.js'
import type { ConnectionSnapshot, TransportError, TransportMetrics, TransportPhase } from './transport.js'

export interface GenerationState {
  readonly jobs: readonly GenerationJob[]
  readonly queue: readonly GenerationJob[]
  /** Without a prototype, so that any identity is safe to look up; of duplicates the last one (S0.12). */
  readonly jobsByUiId: Readonly<Record<string, GenerationJob>>
  readonly jobsByBackendId: Readonly<Record<string, GenerationJob>>
  /** All jobs of the queue (S0.16). */
  readonly activeJobs: readonly GenerationJob[]
  readonly sortedActiveJobs: readonly GenerationJob[]
  /** Whether one waits or runs; what is finished keeps nobody polling (W0.5). */
  readonly hasActiveJobs: boolean
  readonly recentResults: readonly GenerationResult[]
  readonly results: readonly GenerationResult[]
  readonly historyLimit: number
  readonly systemStatus: SystemStatus
  readonly systemStatusReady: boolean
  readonly systemStatusLastUpdated: string | null
  readonly systemStatusApiAvailable: boolean
  readonly queueManagerActive: boolean
  readonly isConnected: boolean
  readonly isActive: boolean
  readonly pollIntervalMs: number
  readonly transportMetrics: TransportMetrics
  readonly transportPhase: TransportPhase
  readonly transportReconnectAttempt: number
  readonly transportConsecutiveFailures: number
  readonly transportNextRetryDelayMs: number | null
  readonly transportLastConnectedAt: string | null
  readonly transportLastDisconnectedAt: string | null
  readonly transportDowntimeMs: number | null
  readonly transportTotalDowntimeMs: number
  readonly transportLastError: TransportError | null
  readonly transportLastSnapshot: ConnectionSnapshot | null
  /** Commands under way (S0.47). */
  readonly pendingActionsCount: number
  readonly lastActionAt: string | null
  /** Of the last command; cleared by the next success. */
  readonly lastCommandError: Error | null
}

/** What it is made of. */
export interface Parts {
  readonly jobs: readonly GenerationJob[]
  readonly results: readonly GenerationResult[]
  readonly historyLimit: number
  readonly facts: SystemFacts
  readonly metrics: TransportMetrics
  readonly lastSnapshot: ConnectionSnapshot | null
  readonly isActive: boolean
  readonly actions: ActionFacts
}

export interface ActionFacts {
  readonly pendingActionsCount: number
  readonly lastActionAt: string | null
  readonly lastCommandError: Error | null
}

/** Whether a job still needs watching. */
export function isActiveJob({ status }: Pick<GenerationJob, 'status'>): boolean {
  return status === 'queued' || status === 'processing'
}

export function stateOf(parts: Parts): GenerationState {
  const { jobs, results, historyLimit, facts, metrics, lastSnapshot, isActive, actions } = parts
  return Object.freeze({
    jobs,
    queue: jobs,
    activeJobs: jobs,
    hasActiveJobs: jobs.some(isActiveJob),
    ...lookups(jobs),
    results,
    recentResults: results,
    historyLimit,
    systemStatus: facts.systemStatus,
    systemStatusReady: facts.ready,
    systemStatusLastUpdated: facts.lastUpdated,
    systemStatusApiAvailable: facts.apiAvailable,
    queueManagerActive: facts.queueManagerActive,
    isConnected: facts.isConnected,
    isActive,
    pollIntervalMs: facts.pollIntervalMs,
    transportMetrics: metrics,
    transportPhase: metrics.phase,
    transportReconnectAttempt: metrics.reconnectAttempt,
    transportConsecutiveFailures: metrics.consecutiveFailures,
    transportNextRetryDelayMs: metrics.nextRetryDelayMs,
    transportLastConnectedAt: metrics.lastConnectedAt,
    transportLastDisconnectedAt: metrics.lastDisconnectedAt,
    transportDowntimeMs: metrics.downtimeMs,
    transportTotalDowntimeMs: metrics.totalDowntimeMs,
    transportLastError: metrics.lastError,
    transportLastSnapshot: lastSnapshot,
    ...actions,
  })
}

type Lookups = Pick<GenerationState, 'jobsByUiId' | 'jobsByBackendId' | 'sortedActiveJobs'>

const known = new WeakMap<readonly GenerationJob[], Lookups>()

/** What is made of a list, once for each list. */
function lookups(jobs: readonly GenerationJob[]): Lookups {
  const found = known.get(jobs) ?? {
    jobsByUiId: by(jobs, 'uiId'),
    jobsByBackendId: by(jobs, 'backendId'),
    sortedActiveJobs: sortedJobs(jobs),
  }
  known.set(jobs, found)
  return found
}

function by(jobs: readonly GenerationJob[], key: 'uiId' | 'backendId'): Readonly<Record<string, GenerationJob>> {
  const map: Record<string, GenerationJob> = Object.create(null)
  for (const job of jobs) map[job[key]] = job
  return Object.freeze(map)
}
