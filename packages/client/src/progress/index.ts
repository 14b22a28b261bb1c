/** How far something is, how fast it goes and how long it still takes, steady enough to be watched (S1.16, X15). */
export { ProgressSmoother, type Estimate } from './smoother.js'
export { createProgress, type ProgressOptions, type ShownProgress } from './shown.js'
export { ValueSmoother, type ValueOptions } from './value.js'
