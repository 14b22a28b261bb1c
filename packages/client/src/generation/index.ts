/**
 * The generation store of seed 0 over a Callboard, or over any backend of that shape: queue, results, system status and
 * transport as frozen snapshots, and every action.
 */
export { statusOf, percentOf, type GenerationStatus, type Input, type ProgressUnit } from './words.js'
export { createQueue, isJobCancellable, sortedJobs } from './queue.js'
export type { GenerationJob, GenerationQueue, ProgressMessage, QueueOptions } from './queue.js'
export { createResults, historyLimitOf, resultOf, DEFAULT_HISTORY_LIMIT, HISTORY_LIMIT_MAX } from './results.js'
export type { CompletionMessage, GenerationResult, GenerationResults } from './results.js'
export { createStatusControllers, createSystem, pollIntervalOf, DEFAULT_POLL_INTERVAL_MS } from './status.js'
export type { GenerationSystem, StatusController, StatusControllerOptions, StatusControllers } from './status.js'
export type { SystemFacts, SystemStatus } from './status.js'
export { connectionOf, createTransport, messageOf } from './transport.js'
export type { ConnectionEvent, ConnectionFault, ConnectionSnapshot, GenerationTransport, PauseEvent } from './transport.js'
export type { TransportError, TransportMetrics, TransportPhase } from './transport.js'
export { createPolling, defaultPolling, pollingConfigOf } from './polling.js'
export type { Polling, PollingConfig, PollingOptions } from './polling.js'
export { callboardBackend, type CallboardBackendOptions } from './backend.js'
export type { ErrorMessage, GenerationBackend, GenerationSink, StartResponse } from './backend.js'
export type { GenerationState } from './state.js'
export { createGenerationStore, GenerationStore } from './store.js'
export type { GenerationStoreOptions, InitializeOptions } from './store.js'
export { createCancelGuard, type CancelGuard } from './guard.js'
export { createGenerationManager, type GenerationManagerOptions } from './manager.js'
