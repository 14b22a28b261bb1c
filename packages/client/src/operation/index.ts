/** What became of something asynchronous, as a value in five states, and what changes it (S1.19 to S1.21, S2.26). */
export {
  createAsyncOperation,
  createCancelledOperation,
  createErrorOperation,
  createPendingOperation,
  createSuccessOperation,
  duration,
  isCancelled,
  isError,
  isIdle,
  isLoading,
  isSuccess,
  isTerminal,
  updateOperationState,
  type AsyncOperation,
  type OperationChange,
  type OperationState,
} from './operation.js'
export { createRunner, type Overlap, type Runner, type RunnerOptions } from './runner.js'
export { createAction, createOperationReducer, createSelector, type Action } from './reducer.js'
