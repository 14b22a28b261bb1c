// @generated from the Rust crate callboard-protocol by `cargo xtask codegen`. Do not edit.

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One RFC 6902 operation. The server sends add, replace and remove. */
export type PatchOp =
  | { op: "add" | "replace" | "test"; path: string; value: JsonValue }
  | { op: "remove"; path: string }
  | { op: "move" | "copy"; from: string; path: string };

/** The names of all commands. */
export type CommandName = "jobs.dispatch" | "jobs.cancel" | "jobs.retry" | "jobs.update" | "jobs.clear" | "jobs.delete" | "jobs.bulk" | "results.delete" | "queues.configure" | "queues.pause" | "queues.resume" | "schedules.put" | "schedules.delete" | "schedules.trigger" | "workflows.start" | "workflows.cancel" | "workflows.retry" | "workflows.delete" | "state.set" | "state.merge" | "state.delete" | "state.transact" | "state.replace" | "devices.put" | "devices.seen" | "devices.delete" | "streams.put" | "streams.seen" | "streams.delete" | "config.set";

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = "callboard.v1.json";

/** The protocol's number in `hello` and `welcome`. */
export const PROTOCOL = 1;

/** The longest JSON pointer, in bytes. */
export const POINTER_BYTES = 1024;

/** Opaque text. */
export type JobId = string;
/** Opaque text. */
export type Epoch = string;
/** Opaque text. */
export type CommandKey = string;
/** Opaque text. */
export type Actor = string;
/** Opaque text. */
export type Time = string;

/**
 * Stable codes; the same over WebSocket, HTTP and in the CLI's `--json`.
 */
export type ErrorCode = "bad_message" | "unknown_command" | "unknown_kind" | "invalid_args" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "version_conflict" | "too_large" | "rate_limited" | "overloaded" | "timeout" | "cancelled" | "unsupported" | "storage_failed" | "internal";

/**
 * Why a command was not carried out. Nothing was changed.
 */
export type Rejection = { 
/**
 * The stable code.
 */
code: ErrorCode, 
/**
 * What was wrong, where, and what to do.
 */
message: string, 
/**
 * Facts for programs, such as the field or the limit.
 */
details?: JsonValue, };

/**
 * Where a job is in its life (X4). Reasons live on the attempt and in `error`.
 */
export type JobState = "pending" | "scheduled" | "queued" | "running" | "retrying" | "succeeded" | "failed" | "cancelled";

/**
 * How one attempt ended.
 */
export type AttemptOutcome = "succeeded" | "errored" | "timed_out" | "cancelled" | "crashed" | "lost" | "interrupted" | "snoozed";

/**
 * A fraction of the work, with what is known beside it (X3: 0..1, monotone per attempt).
 */
export type Progress = { 
/**
 * 0..1.
 */
value: number, 
/**
 * What is going on.
 */
message?: string, 
/**
 * The step under way, from 1.
 */
step?: number, 
/**
 * How many steps there are.
 */
steps?: number, 
/**
 * Milliseconds that are left, as estimated by the server (X15).
 */
etaMs?: number, };

/**
 * Why an attempt or a job failed.
 */
export type JobError = { 
/**
 * A stable word: `exit_code`, `signal`, `spawn_failed`, `timeout`, `panicked`, `lost`, ….
 */
code: string, 
/**
 * A sentence.
 */
message: string, 
/**
 * The exit code of a child process.
 */
exitCode?: number, 
/**
 * The signal that ended a child process.
 */
signal?: number, };

/**
 * A file that an attempt left, by content.
 */
export type ArtifactRef = { 
/**
 * The file name; unique within a job, a later one with the same name replaces it.
 */
name: string, 
/**
 * SHA-256 of the bytes, 64 hex digits; the address in `/api/artifacts/{sha256}`.
 */
sha256: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Media type, `application/octet-stream` when unknown.
 */
mime: string, };

/**
 * Why an attempt is to stop.
 */
export type CancelCause = "user" | "deadline" | "superseded";

/**
 * A cancel that was asked for.
 */
export type CancelInfo = { 
/**
 * When.
 */
requestedAt: Time, 
/**
 * By whom.
 */
by: Actor, 
/**
 * Why, in words.
 */
reason?: string, 
/**
 * Why, in a word; `user` when absent.
 */
cause?: CancelCause, };

/**
 * Delays between tries (X2): clamp(initial·factor^n·(1 ± jitter), initial, max).
 */
export type RetryPolicy = { 
/**
 * First delay, ms.
 */
initialMs: number, 
/**
 * Growth per try.
 */
factor: number, 
/**
 * Largest delay, ms.
 */
maxMs: number, 
/**
 * Spread, 0..1.
 */
jitter: number, };

/**
 * One job as everybody sees it. Members that are `None` or empty are absent on the wire.
 */
export type Job = { 
/**
 * Its name; made by the server or brought by the client.
 */
id: JobId, 
/**
 * What runs it, e.g. `image.generate`.
 */
kind: string, 
/**
 * Where it waits.
 */
queue: string, 
/**
 * Where it is in its life.
 */
state: JobState, 
/**
 * Lower runs first.
 */
priority: number, 
/**
 * For people; made from the arguments when not given.
 */
title: string, 
/**
 * Input of the executor, at most [`caps::ARGS_BYTES`].
 */
args: JsonValue, 
/**
 * Words for finding it again.
 */
tags?: Array<string>, 
/**
 * The number of the current or last attempt; 0 before the first. Rises with every start; fences reports.
 */
attempt: number, 
/**
 * Tries before it fails (X1: counts calls, at least 1).
 */
maxAttempts: number, 
/**
 * Starts that did not count as tries because the server or worker was gone (at most [`caps::RESCUES`]).
 */
rescues?: number, 
/**
 * Starts that did not count as tries because of an orderly shutdown.
 */
interruptions?: number, 
/**
 * Starts that did not count as tries because the attempt asked to be run again later.
 */
snoozes?: number, 
/**
 * Dispatches with its unique key whose arguments it has taken over while it waited.
 */
debounces?: number, 
/**
 * Delays between tries.
 */
retry?: RetryPolicy, 
/**
 * Longest time of one attempt, ms.
 */
timeoutMs?: number, 
/**
 * When it must be done, all tries and waits together; then it fails with the code `deadline`.
 */
deadline?: Time, 
/**
 * When its first attempt must have started; otherwise it fails with the code `expired`.
 */
expiresAt?: Time, 
/**
 * Takes the place of `createdAt` in the order of its queue: milliseconds since 1970, with fractions.
 */
order?: number, 
/**
 * Jobs of a queue that share this key share limits, and keys take turns.
 */
concurrencyKey?: string, 
/**
 * At most one job with this key runs, and at most one waits.
 */
uniqueKey?: string, 
/**
 * It waits until it is released by hand.
 */
hold?: boolean, 
/**
 * Jobs that must succeed before it may start.
 */
dependsOn?: Array<JobId>, 
/**
 * Those of them that have not ended yet.
 */
waitingFor?: Array<JobId>, 
/**
 * What it does when one of them does not succeed.
 */
onDependencyFailure?: DependencyPolicy, 
/**
 * The job that started it. Where that one is cancelled, so is this.
 */
parentId?: JobId, 
/**
 * The schedule that made it.
 */
scheduleId?: string, 
/**
 * The workflow that it is a part of.
 */
workflowId?: string, 
/**
 * Which part.
 */
workflowStep?: WorkflowStep, 
/**
 * When it becomes due (`scheduled`, `retrying`).
 */
scheduledAt?: Time, 
/**
 * When it was accepted.
 */
createdAt: Time, 
/**
 * Who asked for it.
 */
createdBy: Actor, 
/**
 * When the current or last attempt started.
 */
startedAt?: Time, 
/**
 * When it reached its terminal state.
 */
finishedAt?: Time, 
/**
 * The cancel that was asked for.
 */
cancel?: CancelInfo, 
/**
 * How far the current or last attempt is.
 */
progress?: Progress, 
/**
 * What it returned, at most [`caps::RESULT_BYTES`].
 */
result?: JsonValue, 
/**
 * Files that it left, in order of their first appearance.
 */
artifacts?: Array<ArtifactRef>, 
/**
 * Small values by name that an attempt left for the next one, at most [`caps::CHECKPOINT_BYTES`]; gone when the
 * job succeeds.
 */
checkpoint?: JsonValue, 
/**
 * The last error.
 */
error?: JobError, };

/**
 * One try of a job; a row of its own in the store.
 */
export type Attempt = { 
/**
 * The job.
 */
jobId: JobId, 
/**
 * From 1, rising with every start.
 */
attempt: number, 
/**
 * When it started.
 */
startedAt: Time, 
/**
 * When it ended.
 */
finishedAt: Time, 
/**
 * How it ended.
 */
outcome: AttemptOutcome, 
/**
 * The error it ended with.
 */
error?: JobError, };

/**
 * An entry of the results gallery at `/results/<jobId>`: what a finished job left (S0.25, S0.26).
 */
export type ResultRecord = { 
/**
 * The job that made it, and the name of this entry.
 */
id: JobId, 
/**
 * The job's kind.
 */
kind: string, 
/**
 * The job's title.
 */
title: string, 
/**
 * When the job finished.
 */
createdAt: Time, 
/**
 * What it returned.
 */
result?: JsonValue, 
/**
 * Files that it left.
 */
artifacts?: Array<ArtifactRef>, };

/**
 * What a job does when one that it depends on does not succeed.
 */
export type DependencyPolicy = "fail" | "cancel" | "ignore";

/**
 * What a dispatch does when a job with its `uniqueKey` is not finished.
 */
export type UniquePolicy = "reject" | "replace" | "debounce";

/**
 * Arguments of `jobs.dispatch`. Unknown members are an error, so that a misspelt one is not lost.
 */
export type DispatchArgs = { 
/**
 * A name of your own; it must be new on this board.
 */
id?: JobId, 
/**
 * What is to run it.
 */
kind: string, 
/**
 * Its input; `{}` when absent.
 */
args?: JsonValue, 
/**
 * Where it waits; `default` when absent.
 */
queue?: string, 
/**
 * Lower runs first; 0 when absent.
 */
priority?: number, 
/**
 * For people.
 */
title?: string, 
/**
 * Words for finding it again.
 */
tags?: Array<string>, 
/**
 * Tries before it fails; 1 when absent.
 */
maxAttempts?: number, 
/**
 * The same, counted as tries after the first (X1); instead of `maxAttempts`.
 */
maxRetries?: number, 
/**
 * Delays between tries.
 */
retry?: RetryPolicy, 
/**
 * Longest time of one attempt, ms.
 */
timeoutMs?: number, 
/**
 * Longest time of the whole job from now on, all tries and waits together, ms (S2.10).
 */
deadlineMs?: number, 
/**
 * The same as a point in time; instead of `deadlineMs`.
 */
deadline?: Time, 
/**
 * Longest time before its first start, counted from when it may start, ms; then it fails with the code `expired`.
 */
ttlMs?: number, 
/**
 * Not before this time.
 */
scheduledAt?: Time, 
/**
 * Not before so many milliseconds from now; instead of `scheduledAt`.
 */
delayMs?: number, 
/**
 * It waits until it is released by hand (`jobs.update` with `release`).
 */
hold?: boolean, 
/**
 * The job on whose behalf it is started; it must be under way and not be asked to stop. A cancel of that one cancels
 * this one too.
 */
parentId?: JobId, 
/**
 * Jobs that must succeed before it may start.
 */
dependsOn?: Array<JobId>, 
/**
 * What it does when one of them does not succeed; `fail` when absent.
 */
onDependencyFailure?: DependencyPolicy, 
/**
 * Jobs of a queue that share this key share limits, and keys take turns.
 */
concurrencyKey?: string, 
/**
 * At most one unfinished job may wait with this key, and at most one run.
 */
uniqueKey?: string, 
/**
 * What happens when there is one already; `reject` when absent.
 */
uniquePolicy?: UniquePolicy, 
/**
 * How long a debounced job waits for a newer one, ms; 1000 when absent.
 */
debounceMs?: number, 
/**
 * A further dispatch with this key is answered with the first one's job, whoever sends it, until the ttl is over.
 */
idempotencyKey?: string, 
/**
 * How long the key is remembered, ms; a day when absent.
 */
idempotencyTtlMs?: number, };

/**
 * Arguments of `jobs.update`: what is absent stays. While an attempt runs, only `title`, `tags`, `priority`,
 * `maxAttempts` and `retry` may change.
 */
export type UpdateArgs = { 
/**
 * The job.
 */
id: JobId, 
/**
 * For people.
 */
title?: string, 
/**
 * Words for finding it again; all of them anew.
 */
tags?: Array<string>, 
/**
 * Lower runs first.
 */
priority?: number, 
/**
 * Tries before it fails.
 */
maxAttempts?: number, 
/**
 * Delays between tries.
 */
retry?: RetryPolicy, 
/**
 * Its input.
 */
args?: JsonValue, 
/**
 * Where it waits.
 */
queue?: string, 
/**
 * Longest time of one attempt, ms.
 */
timeoutMs?: number, 
/**
 * Not before this time.
 */
scheduledAt?: Time, 
/**
 * Not before so many milliseconds from now; instead of `scheduledAt`.
 */
delayMs?: number, 
/**
 * It need not wait any longer: not for a time, a backoff, other jobs or a release.
 */
release?: boolean, 
/**
 * To the place right before this job of the same queue; takes over its priority.
 */
before?: JobId, 
/**
 * To the place right after this job of the same queue; takes over its priority.
 */
after?: JobId, };

/**
 * Arguments of `jobs.clear`: finished jobs that fit everything given are deleted, live and stored.
 */
export type ClearArgs = { 
/**
 * In these states, which must be terminal; in all terminal ones when empty.
 */
states?: Array<JobState>, 
/**
 * Of this queue.
 */
queue?: string, 
/**
 * Of this kind.
 */
kind?: string, 
/**
 * That ended at least so many milliseconds ago.
 */
olderThanMs?: number, };

/**
 * What is done to each job.
 */
export type BulkAction = "cancel" | "retry" | "delete" | "reprioritise" | "move" | "tag";

/**
 * What an action needs to know.
 */
export type BulkValues = { 
/**
 * Why they are cancelled, in words.
 */
reason?: string, 
/**
 * The new priority; lower runs first.
 */
priority?: number, 
/**
 * The queue to move to.
 */
queue?: string, 
/**
 * Tags that each job gets.
 */
add?: Array<string>, 
/**
 * Tags that each job loses.
 */
remove?: Array<string>, };

/**
 * Arguments of `jobs.bulk`, and of the jobs of kind [`KIND`].
 */
export type BulkArgs = { 
/**
 * What is done to each job.
 */
action: BulkAction, 
/**
 * Which jobs are meant (`docs/reference/query.md`).
 */
query: string, 
/**
 * What the action needs to know.
 */
args?: BulkValues, 
/**
 * Only say what it would do.
 */
dryRun?: boolean, 
/**
 * How many jobs may be deleted; it must be their number when they are more than
 * [`crate::caps::BULK_UNCONFIRMED`].
 */
confirm?: number, 
/**
 * The moment that ages in the query are counted from; jobs that were accepted later are not meant. A dry run
 * answers with it. Now when absent.
 */
at?: Time, };

/**
 * What a dry run counts.
 */
export type BulkCount = { 
/**
 * What would be done to each job.
 */
action: BulkAction, 
/**
 * Jobs that it would do something to.
 */
eligible: number, 
/**
 * Jobs of the query that it would pass over, by reason.
 */
skipped: Record<string, number>, 
/**
 * The newest of the first, at most [`crate::caps::BULK_SAMPLE`]: `{id, kind, queue, state, title}`.
 */
sample: Array<JsonValue>, 
/**
 * The moment that the query was asked about; give it back, and jobs that came later are not meant.
 */
at: Time, 
/**
 * There are more jobs than were counted.
 */
cut: boolean, };

/**
 * A job whose command was refused.
 */
export type BulkRefused = { 
/**
 * The job.
 */
id: JobId, 
/**
 * The code of the refusal.
 */
code: ErrorCode, 
/**
 * A sentence.
 */
message: string, };

/**
 * The result of a job of kind [`KIND`]; of one that was cancelled, what it had done by then.
 */
export type BulkResult = { 
/**
 * Jobs that it was done to.
 */
done: number, 
/**
 * Jobs that nothing was done to, by reason.
 */
skipped: Record<string, number>, 
/**
 * Jobs of which it was refused.
 */
failed: number, 
/**
 * The first of those.
 */
errors?: Array<BulkRefused>, };

/**
 * Arguments that name a job.
 */
export type JobArgs = { 
/**
 * The job.
 */
id: JobId, };

/**
 * Arguments of `jobs.cancel`.
 */
export type CancelArgs = { 
/**
 * The job.
 */
id: JobId, 
/**
 * Why, in words.
 */
reason?: string, };

/**
 * Starts per window, as a token bucket: `limit` in each `perMs`, and `burst` at once after a pause.
 */
export type Rate = { 
/**
 * Starts.
 */
limit: number, 
/**
 * The window, ms.
 */
perMs: number, 
/**
 * Starts at once when nothing was started for long; `limit` when absent.
 */
burst?: number, };

/**
 * A queue at `/queues/<name>`; at `/queues/*` what holds for the whole board. Absent limits do not limit.
 */
export type Queue = { 
/**
 * Nothing is started; what runs goes on.
 */
paused?: boolean, 
/**
 * Attempts at once.
 */
concurrency?: number, 
/**
 * Attempts at once per `concurrencyKey`.
 */
keyConcurrency?: number, 
/**
 * Attempts at once per kind.
 */
kinds?: { [key in string]: number }, 
/**
 * Starts per window.
 */
rate?: Rate, 
/**
 * Starts per window and `concurrencyKey`.
 */
keyRate?: Rate, };

/**
 * Arguments of `queues.configure`: all settings of the queue anew, but whether it is paused.
 */
export type QueueSettings = { 
/**
 * The queue, or `*` for the whole board.
 */
queue: string, 
/**
 * Attempts at once.
 */
concurrency?: number, 
/**
 * Attempts at once per `concurrencyKey`; not for the whole board.
 */
keyConcurrency?: number, 
/**
 * Attempts at once per kind.
 */
kinds?: { [key in string]: number }, 
/**
 * Starts per window; not for the whole board.
 */
rate?: Rate, 
/**
 * Starts per window and `concurrencyKey`; not for the whole board.
 */
keyRate?: Rate, };

/**
 * Arguments that name a queue.
 */
export type QueueArgs = { 
/**
 * The queue, or `*` for the whole board.
 */
queue: string, };

/**
 * What happens when the time has come and the job of the last time is not finished.
 */
export type Overlap = "skip" | "queue" | "cancel_previous";

/**
 * What happens about times that passed while no server was there.
 */
export type CatchUp = "skip" | "one" | "all";

/**
 * A schedule at `/schedules/<id>`.
 */
export type Schedule = { 
/**
 * Its name.
 */
id: string, 
/**
 * When: a cron expression of five fields, or six with seconds first, or a word such as `@daily`.
 */
cron?: string, 
/**
 * When: every so many milliseconds.
 */
everyMs?: number, 
/**
 * The time zone of `cron`, e.g. `Europe/Berlin`.
 */
timeZone: string, 
/**
 * What: the arguments of `jobs.dispatch`, without an id.
 */
job: DispatchArgs, 
/**
 * When the job of the last time is not finished.
 */
overlap: Overlap, 
/**
 * When times were missed.
 */
catchUp: CatchUp, 
/**
 * Nothing is dispatched.
 */
paused?: boolean, 
/**
 * The next time; absent when there is none or it is paused.
 */
nextAt?: Time, 
/**
 * The time of the last job.
 */
lastAt?: Time, 
/**
 * The last job.
 */
lastJob?: JobId, 
/**
 * Jobs dispatched.
 */
runs: number, 
/**
 * Times left out: missed, or skipped because the last job was not finished.
 */
skipped: number, 
/**
 * Why the last dispatch was refused.
 */
error?: string, 
/**
 * When it was put.
 */
createdAt: Time, 
/**
 * Who put it.
 */
createdBy: Actor, };

/**
 * Arguments of `schedules.put`: makes a schedule, or replaces the one with this name. Counts stay.
 */
export type ScheduleArgs = { 
/**
 * Its name.
 */
id: string, 
/**
 * When: a cron expression of five fields, or six with seconds first, or a word such as `@daily`.
 */
cron?: string, 
/**
 * When: every so many milliseconds from now on; instead of `cron`.
 */
everyMs?: number, 
/**
 * The time zone of `cron`; `UTC` when absent.
 */
timeZone?: string, 
/**
 * What: the arguments of `jobs.dispatch`, without an id.
 */
job: DispatchArgs, 
/**
 * When the job of the last time is not finished; `skip` when absent.
 */
overlap?: Overlap, 
/**
 * When times were missed; `skip` when absent.
 */
catchUp?: CatchUp, 
/**
 * Nothing is dispatched until it is put again without this.
 */
paused?: boolean, };

/**
 * Arguments that name a schedule.
 */
export type ScheduleName = { 
/**
 * The schedule.
 */
id: string, };

/**
 * What happens to the workflow when a step fails.
 */
export type OnFailure = "fail" | "continue";

/**
 * A job that undoes what a step did. Its templates also find the step's own result as `${result}`.
 */
export type Compensation = { 
/**
 * What is to run it.
 */
kind: string, 
/**
 * Its input, with templates; `{}` when absent.
 */
args?: JsonValue, 
/**
 * Where it waits; that of the step when absent.
 */
queue?: string, 
/**
 * Tries before it fails; 1 when absent.
 */
maxAttempts?: number, 
/**
 * Delays between tries.
 */
retry?: RetryPolicy, 
/**
 * Longest time of one attempt, ms.
 */
timeoutMs?: number, };

/**
 * One step: a job, or one for each item of a list.
 */
export type Step = { 
/**
 * Its name: letters, digits, `_` and `-`, at most [`crate::caps::STEP_ID_BYTES`].
 */
id: string, 
/**
 * What is to run it.
 */
kind: string, 
/**
 * Its input, with templates: `${input.x}`, `${steps.ID.result.x}`, `${item}`; `{}` when absent.
 */
args?: JsonValue, 
/**
 * Steps that must have ended before it may start. Those that its templates name are needed as well.
 */
needs?: Array<string>, 
/**
 * A condition such as `${steps.a.result.size} > 10`; when it is false, the step is skipped.
 */
when?: string, 
/**
 * A list, or a template that names one: a job for each item, which templates find as `${item}` and `${index}`.
 */
forEach?: JsonValue, 
/**
 * Where its jobs wait; `default` when absent.
 */
queue?: string, 
/**
 * Lower runs first; 0 when absent.
 */
priority?: number, 
/**
 * Jobs of a queue that share this key share limits, and keys take turns.
 */
concurrencyKey?: string, 
/**
 * For people; the workflow's name and the step's when absent.
 */
title?: string, 
/**
 * Tries of each job before it fails; 1 when absent.
 */
maxAttempts?: number, 
/**
 * Delays between tries.
 */
retry?: RetryPolicy, 
/**
 * Longest time of one attempt, ms.
 */
timeoutMs?: number, 
/**
 * What happens to the workflow when it fails; `fail` when absent.
 */
onFailure?: OnFailure, 
/**
 * What undoes it when the workflow fails or is cancelled later; for each of its jobs that succeeded.
 */
compensate?: Compensation, };

/**
 * A recipe: steps that need each other, without a circle.
 */
export type Recipe = { 
/**
 * For people.
 */
name: string, 
/**
 * Its steps, in any order.
 */
steps: Array<Step>, 
/**
 * What templates find under `input` unless the start says otherwise: an object.
 */
input?: JsonValue, 
/**
 * The longest time for all steps together, ms; a retry has it anew.
 */
deadlineMs?: number, };

/**
 * Where a workflow is in its life.
 */
export type WorkflowState = "running" | "stopping" | "compensating" | "succeeded" | "failed" | "cancelled";

/**
 * Where a step is.
 */
export type StepState = "waiting" | "running" | "succeeded" | "failed" | "skipped" | "cancelled";

/**
 * Which part of its workflow a job is.
 */
export type WorkflowStep = { 
/**
 * The step.
 */
id: string, 
/**
 * Which item of its list, from 0.
 */
item?: number, 
/**
 * It undoes what the step did.
 */
undo?: boolean, 
/**
 * Of which round of the workflow it is: absent for the first, 2 after the first retry.
 */
round?: number, };

/**
 * What was wrong with a step, or with undoing it.
 */
export type StepError = { 
/**
 * The step.
 */
step: string, 
/**
 * Which item of its list, from 0.
 */
item?: number, 
/**
 * A stable word: that of the job's error, or `bad_template`, `too_large`, `cancelled`, `deadline`.
 */
code: string, 
/**
 * A sentence.
 */
message: string, };

/**
 * How far a step is.
 */
export type StepRun = { 
/**
 * Where it is.
 */
state: StepState, 
/**
 * Jobs dispatched: `<workflow>:<step>`, or with a list `<workflow>:<step>:<n>` for each item, from 0. In a later
 * round they are `<workflow>:<step>.<round>` and so on; items that need not run again are counted with them.
 */
jobs?: number, 
/**
 * Items of its list.
 */
items?: number, 
/**
 * Jobs that succeeded, of a step with a list.
 */
succeeded?: number, 
/**
 * Jobs that did not, of a step with a list.
 */
failed?: number, 
/**
 * Jobs that were asked to stop.
 */
stopped?: number, 
/**
 * What it returned, when another step or a reader may want it; of a list an array in its order, `null` for items
 * without a result.
 */
result?: JsonValue, 
/**
 * The results of items so far, `i0` and so on, while the others run.
 */
results?: { [key in string]: JsonValue }, 
/**
 * The items without success, `i0` and so on, with the code of what went wrong: they are what a retry runs again.
 */
itemErrors?: { [key in string]: string }, 
/**
 * The items that this round runs; all of them when absent.
 */
again?: Array<number>, 
/**
 * The round of its jobs: absent for the first, 2 after the first retry that ran it again.
 */
round?: number, 
/**
 * The first thing that went wrong.
 */
error?: StepError, 
/**
 * When its first job was dispatched.
 */
startedAt?: Time, 
/**
 * When it ended.
 */
finishedAt?: Time, };

/**
 * A workflow at `/workflows/<id>`.
 */
export type Workflow = { 
/**
 * Its name on this board.
 */
id: string, 
/**
 * The recipe's name.
 */
name: string, 
/**
 * Where it is.
 */
state: WorkflowState, 
/**
 * What is to be done.
 */
recipe: Recipe, 
/**
 * What templates find under `input`.
 */
input: JsonValue, 
/**
 * How far each step is.
 */
steps: { [key in string]: StepRun }, 
/**
 * The step that made it fail; when its deadline passed, the one that it waited for.
 */
error?: StepError, 
/**
 * The cancel that was asked for.
 */
cancel?: CancelInfo, 
/**
 * What is to be undone if it fails: `u1` was done first and is undone last.
 */
undo?: { [key in string]: WorkflowStep }, 
/**
 * The job that undoes something now.
 */
undoing?: JobId, 
/**
 * How much was undone.
 */
compensated?: number, 
/**
 * What could not be undone, in the order of the tries; the first [`crate::caps::COMPENSATION_ERRORS`] of it.
 */
compensationErrors?: Array<StepError>, 
/**
 * Bytes of results that are kept in the steps, by estimate.
 */
resultBytes?: number, 
/**
 * When it was started.
 */
createdAt: Time, 
/**
 * Who started it.
 */
createdBy: Actor, 
/**
 * When it must have ended; then what runs is stopped and it fails with the code `deadline`.
 */
deadline?: Time, 
/**
 * How often it was run again from the step that failed.
 */
retries?: number, 
/**
 * When that was done last.
 */
retriedAt?: Time, 
/**
 * When it ended.
 */
finishedAt?: Time, };

/**
 * Arguments of `workflows.start`.
 */
export type WorkflowArgs = { 
/**
 * A name of your own, at most [`crate::caps::WORKFLOW_ID_BYTES`]; it must be new on this board.
 */
id?: string, 
/**
 * What is to be done.
 */
recipe: Recipe, 
/**
 * What templates find under `input`; its members take the place of those in the recipe's `input`.
 */
input?: JsonValue, };

/**
 * Arguments of `workflows.cancel`.
 */
export type WorkflowCancelArgs = { 
/**
 * The workflow.
 */
id: string, 
/**
 * Why, in words.
 */
reason?: string, };

/**
 * Arguments of `workflows.retry`.
 */
export type WorkflowRetryArgs = { 
/**
 * The workflow.
 */
id: string, 
/**
 * Steps that run again although they succeeded, with all that need them. A workflow that succeeded runs again only from
 * such steps.
 */
from?: Array<string>, };

/**
 * Arguments of `workflows.delete`.
 */
export type WorkflowName = { 
/**
 * The workflow.
 */
id: string, };

/**
 * One write into an open domain.
 */
export type Write = { "op": "set", 
/**
 * `/app.name`, or a place below it.
 */
path: string, 
/**
 * The value.
 */
value: JsonValue, } | { "op": "merge", 
/**
 * `/app.name`, or a place below it.
 */
path: string, 
/**
 * The members that change.
 */
value: JsonValue, } | { "op": "delete", 
/**
 * `/app.name`, or a place below it.
 */
path: string, };

/**
 * Arguments of `state.set` and `state.merge`.
 */
export type WriteArgs = { 
/**
 * `/app.name`, or a place below it.
 */
path: string, 
/**
 * The value, or the members that change.
 */
value: JsonValue, };

/**
 * Arguments of `state.delete`.
 */
export type PathArgs = { 
/**
 * `/app.name`, or a place below it.
 */
path: string, };

/**
 * Arguments of `state.replace`.
 */
export type ReplaceArgs = { 
/**
 * All open domains named `app.<name>`, as members. One that is not here goes.
 */
state: JsonValue, };

/**
 * Arguments of `state.transact`.
 */
export type TransactArgs = { 
/**
 * The writes, carried out in order: all of them in one change, or none.
 */
writes: Array<Write>, };

/**
 * Arguments of `devices.put` and `streams.put`: the whole record.
 */
export type ThingArgs = { 
/**
 * Its name.
 */
id: string, 
/**
 * What kind of thing it is.
 */
type?: string, 
/**
 * How it is, in a word: `online`, `offline`, `error`, …
 */
status: string, 
/**
 * Where it is served: http, https, ws, wss or rtsp.
 */
url?: string, 
/**
 * The board is not ready while it is away.
 */
required?: boolean, 
/**
 * It is lost when it was not seen for so long, ms.
 */
staleAfterMs?: number, 
/**
 * Anything else.
 */
data?: JsonValue, };

/**
 * Arguments of `devices.seen` and `streams.seen`.
 */
export type SeenArgs = { 
/**
 * Which.
 */
id: string, 
/**
 * How it is; left out, it is as it was before it was lost.
 */
status?: string, };

/**
 * Arguments of `devices.delete` and `streams.delete`.
 */
export type ThingName = { 
/**
 * Which.
 */
id: string, };

/**
 * Arguments of `config.set`.
 */
export type ConfigArgs = { 
/**
 * Values by the name of their setting, such as `ws.heartbeatIntervalMs`; `null` goes back to what the server
 * started with.
 */
values: { [key in string]: JsonValue }, };

/**
 * Who may do something (design: security 3.5). Each role may do what the ones before it may.
 */
export type Role = "viewer" | "operator" | "admin";

/**
 * The answer to a command that was carried out.
 */
export type Accepted = { 
/**
 * The version at which its effect is visible.
 */
version: number, 
/**
 * What it returned.
 */
result?: JsonValue, 
/**
 * The command had been carried out before, under the same key.
 */
dup?: boolean, };

/**
 * What a change means, for those who follow events instead of state. Topics: `job.dispatched`, `job.started`,
 * `job.progress`, `job.succeeded`, `job.failed`, `job.cancelled`, `job.retrying`, `job.deleted`, `board.started`, ….
 */
export type Event = { 
/**
 * What happened.
 */
topic: string, 
/**
 * To which job.
 */
jobId?: JobId, 
/**
 * Facts.
 */
data?: JsonValue, };

/**
 * How grave a line is; ordered (S3.19: debug 10 … fatal 50).
 */
export type Level = "debug" | "info" | "warn" | "error" | "fatal";

/**
 * One line of a log. `seq` rises strictly over the whole board and is never reused (S3.18); a filtered reader
 * sees some of them.
 */
export type LogEntry = { 
/**
 * Position in the board's log.
 */
seq: number, 
/**
 * When.
 */
ts: Time, 
/**
 * The source: `stdout`, `stderr`, `job`, `server`, ….
 */
channel: string, 
/**
 * The channel's sign.
 */
emoji: string, 
/**
 * How grave.
 */
level: Level, 
/**
 * The text, without its line break.
 */
message: string, 
/**
 * The channel's colour: blue, yellow, green, magenta, cyan, red, white or purple.
 */
color: string, 
/**
 * The job that wrote it.
 */
jobId?: JobId, 
/**
 * More facts.
 */
fields?: JsonValue, };

/**
 * Server-driven client configuration.
 */
export type ServerConfig = { 
/**
 * Log delivery.
 */
logs: LogsConfig, 
/**
 * Connection behaviour.
 */
ws: WsConfig, 
/**
 * State delivery.
 */
state: StateConfig, 
/**
 * Downloads.
 */
downloads: DownloadsConfig, };

/**
 * Downloads (S1.24).
 */
export type DownloadsConfig = { 
/**
 * Bytes per second of all downloads together, those under way included; 0 is no limit.
 */
bytesPerSecond: number, 
/**
 * Bytes per second of all downloads of a kind together, by its name, those under way included; 0 is no limit. A kind
 * that is not named keeps to what its configuration says.
 */
kinds?: { [key in string]: number }, };

/**
 * Log delivery (S3.14).
 */
export type LogsConfig = { 
/**
 * Lines sent on connect.
 */
snapshot: number, 
/**
 * Suggested size of a client's ring.
 */
capacity: number, 
/**
 * Channels that may be seen; empty means all.
 */
allowedChannels: Array<string>, 
/**
 * Lines below this level are not sent.
 */
minLevel: Level, };

/**
 * Connection behaviour (S3.14, S3.15). Delay = clamp(min·factor^n·(1 ± jitter), min, max).
 */
export type WsConfig = { 
/**
 * Silence after which a ping is sent, ms.
 */
heartbeatIntervalMs: number, 
/**
 * Silence after a ping after which the connection is dead, ms.
 */
heartbeatTimeoutMs: number, 
/**
 * Whether clients connect again by themselves.
 */
reconnectEnabled: boolean, 
/**
 * First delay, ms.
 */
reconnectMinMs: number, 
/**
 * Largest delay, ms.
 */
reconnectMaxMs: number, 
/**
 * Growth per failed try.
 */
reconnectFactor: number, 
/**
 * Spread of a delay, 0..1.
 */
reconnectJitter: number, };

/**
 * State delivery.
 */
export type StateConfig = { 
/**
 * After a patch, the changes of so long a time go out as one, ms (S3.13). The first after a silence goes at once.
 */
debounceMs: number, };

/**
 * A position in the state's history.
 */
export type StatePosition = { 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * Where in it.
 */
version: number, };

/**
 * A position in the log.
 */
export type LogPosition = { 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * The last line that was received.
 */
seq: number, };

/**
 * Who is connecting.
 */
export type ClientInfo = { 
/**
 * `studio`, `callboard-cli`, ….
 */
name: string, 
/**
 * Its version.
 */
version: string, 
/**
 * Unique per tab or process: the scope of command ids.
 */
instance: string, };

/**
 * A token in the first frame.
 */
export type Auth = { 
/**
 * The bearer token.
 */
token: string, };

/**
 * One subscription to the state.
 */
export type SubRequest = { 
/**
 * Its name; `main` is the default and may be omitted from messages.
 */
sub: string, 
/**
 * What is selected: pointers; `""` is everything, a segment `*` stands for any.
 */
paths: Array<string>, 
/**
 * At least so many ms between two patches; changes in between are folded into one.
 */
maxRateMs?: number, 
/**
 * What the client already has.
 */
resume?: StatePosition, };

/**
 * Up to where a connection has been served.
 */
export type Served = { 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * The state's version.
 */
version: number, 
/**
 * The log's position.
 */
logSeq: number, };

/**
 * Which log lines a client wants.
 */
export type LogRequest = { 
/**
 * `false` turns log delivery off.
 */
enabled?: boolean, 
/**
 * Channels; absent means all.
 */
channels?: Array<string>, 
/**
 * Lines below are not sent.
 */
minLevel?: Level, 
/**
 * Lines on connect; the server's `logs.snapshot` when absent, at most 2000.
 */
snapshot?: number, 
/**
 * What the client already has.
 */
resume?: LogPosition, };

/**
 * A message from a client. Unknown members are ignored; unknown types are ignored by the session.
 */
export type ClientFrame = { "type": "hello", 
/**
 * [`PROTOCOL`].
 */
protocol: number, 
/**
 * Who.
 */
client: ClientInfo, 
/**
 * A token, unless an `Authorization` header was sent.
 */
auth?: Auth, 
/**
 * What state; absent: everything as `main`.
 */
subs?: Array<SubRequest>, 
/**
 * Which log lines.
 */
logs?: LogRequest, 
/**
 * What the client can read beside the basics: `parts` (snapshots in several messages),
 * `check` (`state.check`).
 */
caps?: Array<string>, 
/**
 * How often this client has connected, for diagnosis.
 */
connectionCount?: number, } | { "type": "auth", 
/**
 * The bearer token.
 */
token: string, } | { "type": "ping", 
/**
 * The sender's clock, epoch ms.
 */
ts: number, 
/**
 * Returned in the answer.
 */
id?: string, } | { "type": "pong", 
/**
 * From the ping.
 */
ts: number, } | { "type": "state.resync", 
/**
 * Which subscription; absent: `main`.
 */
sub?: string, 
/**
 * What the client has; absent: send everything.
 */
have?: StatePosition, 
/**
 * `gap`, `apply_failed`, `manual` or `checksum`.
 */
reason?: string, } | { "type": "subscribe", 
/**
 * Returned in `ack` or `error`.
 */
id: string, 
/**
 * Its name, new on this connection.
 */
sub: string, 
/**
 * What is selected: pointers; `""` is everything, a segment `*` stands for any.
 */
paths: Array<string>, 
/**
 * At least so many ms between two patches; changes in between are folded into one.
 */
maxRateMs?: number, 
/**
 * What the client already has of the same paths.
 */
resume?: StatePosition, } | { "type": "unsubscribe", 
/**
 * Returned in `ack` or `error`.
 */
id: string, 
/**
 * Its name.
 */
sub: string, } | { "type": "logs.replay", 
/**
 * The last line that is not wanted.
 */
sinceSeq: number, 
/**
 * At most so many, the newest; at most 2000.
 */
limit?: number, } | { "type": "logs.subscribe", 
/**
 * The new filter.
 */
filter: LogRequest, } | { "type": "cmd", 
/**
 * Unique per instance; returned in `ack` or `error`.
 */
id: string, 
/**
 * The command.
 */
name: string, 
/**
 * Its arguments; `{}` when absent.
 */
args?: JsonValue, 
/**
 * Makes it idempotent; `instance:id` when absent.
 */
key?: string, };

/**
 * Why a snapshot is sent.
 */
export type SnapshotReason = "connect" | "resync" | "epoch" | "lagged" | "view";

/**
 * How a subscription begins.
 */
export type SubStart = "resumed" | "snapshot";

/**
 * What a client may send.
 */
export type Limits = { 
/**
 * Bytes of one message.
 */
maxMessageBytes: number, 
/**
 * Commands under way.
 */
maxInflight: number, 
/**
 * Subscriptions.
 */
maxSubs: number, };

/**
 * The server behind a connection.
 */
export type ServerInfo = { 
/**
 * `callboard`.
 */
name: string, 
/**
 * Its version.
 */
version: string, 
/**
 * The process: new after each start.
 */
node: string, };

/**
 * A message from the server.
 */
export type ServerFrame = { "type": "welcome", 
/**
 * [`PROTOCOL`].
 */
protocol: number, 
/**
 * The server.
 */
server: ServerInfo, 
/**
 * This connection.
 */
session: string, 
/**
 * The role of the token.
 */
role: Role, 
/**
 * The journal's history.
 */
epoch: Epoch, 
/**
 * Its head.
 */
version: number, 
/**
 * The server's clock.
 */
serverTime: Time, 
/**
 * To be adopted.
 */
serverConfig: ServerConfig, 
/**
 * To be kept.
 */
limits: Limits, 
/**
 * How each subscription continues.
 */
subs: { [key in string]: SubStart }, } | { "type": "state.snapshot", 
/**
 * Which subscription; absent: `main`.
 */
sub?: string, 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * Where in it.
 */
stateVersion: number, 
/**
 * The document, or its skeleton.
 */
data?: JsonValue, 
/**
 * Pointers and values to put into the skeleton.
 */
entries?: Array<[string, JsonValue]>, 
/**
 * Why.
 */
reason: SnapshotReason, 
/**
 * The number of this part, from 0.
 */
part?: number, 
/**
 * Another part follows; the client commits at the last one.
 */
more?: boolean, } | { "type": "state.patch", 
/**
 * Which subscription; absent: `main`.
 */
sub?: string, 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * Applies to this version only.
 */
fromVersion: number, 
/**
 * Leads to this one.
 */
toVersion: number, 
/**
 * The operations.
 */
patch: PatchOp[], } | { "type": "state.check", 
/**
 * Which subscription; absent: `main`.
 */
sub?: string, 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * Where in it.
 */
version: number, 
/**
 * FNV-1a over the UTF-16 units of the document's canonical text.
 */
sum?: number, } | { "type": "logs.history", 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * The lines.
 */
entries: Array<LogEntry>, 
/**
 * The position before the first line looked at.
 */
prevSeq: number, 
/**
 * The position after the last line looked at.
 */
toSeq: number, 
/**
 * The server's ring.
 */
capacity: number, 
/**
 * The ring no longer held everything that was asked for.
 */
truncated: boolean, 
/**
 * The answer to `logs.replay`: add to what you have instead of replacing it.
 */
replay?: boolean, } | { "type": "logs.append", 
/**
 * The lines.
 */
entries: Array<LogEntry>, 
/**
 * The position before the first line looked at.
 */
prevSeq: number, 
/**
 * The position after the last line looked at.
 */
toSeq: number, 
/**
 * Lines that were lost for this client because it was slow.
 */
dropped?: number, } | { "type": "ping", 
/**
 * The server's clock, epoch ms.
 */
ts: number, 
/**
 * Where this connection has been served up to, as in `pong`.
 */
at?: Served, } | { "type": "pong", 
/**
 * From the ping.
 */
ts: number, 
/**
 * From the ping.
 */
id?: string, 
/**
 * The server's clock, epoch ms.
 */
serverTime: number, 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * The state's version served.
 */
version: number, 
/**
 * The log's position served.
 */
logSeq: number, } | { "type": "ack", 
/**
 * Which.
 */
id: string, 
/**
 * Always true.
 */
ok: boolean, 
/**
 * What it returned.
 */
result?: JsonValue, 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * Where its effect is visible.
 */
version: number, 
/**
 * It had been carried out before.
 */
dup?: boolean, } | { "type": "error", 
/**
 * The command or message.
 */
re?: string, 
/**
 * The stable code.
 */
code: ErrorCode, 
/**
 * What, where, what to do.
 */
message: string, 
/**
 * Whether the same may succeed later.
 */
retryable: boolean, 
/**
 * Facts for programs.
 */
details?: JsonValue, } | { "type": "goaway", 
/**
 * `deploy`, `overload` or `rate`.
 */
reason: string, 
/**
 * Least and largest delay, ms.
 */
reconnectAfterMs: [number, number], };
