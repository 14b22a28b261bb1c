//! Every limit of the system, in one place, with its reason. What happens when one is reached is said beside it.

/// A JSON pointer on the wire. Longer ones are rejected.
pub const POINTER_BYTES: usize = 1024;
/// A frame or message from a client: a command carries at most [`ARGS_BYTES`] of arguments. More closes with 1009.
pub const MESSAGE_BYTES_IN: usize = 1024 * 1024;
/// What one compressed message from a client may inflate to. More closes with 1009.
pub const INFLATED_BYTES_IN: usize = 4 * 1024 * 1024;
/// What a client accepts in one message from the server; snapshots above [`SNAPSHOT_PART_BYTES`] come in parts.
pub const MESSAGE_BYTES_OUT: usize = 64 * 1024 * 1024;
/// A snapshot part that the server sends (S3.9); a larger state comes in several.
pub const SNAPSHOT_PART_BYTES: usize = 256 * 1024;
/// Inline arguments of a job. More is rejected with `too_large`.
pub const ARGS_BYTES: usize = 64 * 1024;
/// Inline result of a job. A larger one becomes an error of the attempt that names this limit.
pub const RESULT_BYTES: usize = 64 * 1024;
/// All checkpoints of a job: they are journalled and shown with its record. More is rejected with `too_large`.
pub const CHECKPOINT_BYTES: usize = 16 * 1024;
/// A message, title or reason anywhere in the state. Longer texts are cut at a character.
pub const TEXT_BYTES: usize = 1024;
/// A job id or key brought by a client.
pub const ID_BYTES: usize = 128;
/// Tags of one job.
pub const TAGS: usize = 16;
/// Artifacts of one attempt. Further ones are refused and logged.
pub const ARTIFACTS: usize = 256;
/// One artifact's bytes. A larger one fails the attempt with `too_large`.
pub const ARTIFACT_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Nesting of JSON that a client may send.
pub const JSON_DEPTH: usize = 64;
/// Attempts that a job may ask for.
pub const MAX_ATTEMPTS: u32 = 100;
/// The longest delay between two tries of a job, ms: a year. More is rejected with `invalid_args`.
pub const RETRY_MS: u64 = 365 * 86_400_000;
/// The longest time that a client may ask for anywhere (timeouts, delays, ttls), ms: a year. More is rejected with
/// `invalid_args`.
pub const DURATION_MS: u64 = 365 * 86_400_000;
/// The shortest snooze, ms: an attempt that asks for less would keep the board busy with itself.
pub const SNOOZE_MS_MIN: u64 = 100;
/// Jobs that one job may depend on. More are rejected with `invalid_args`.
pub const DEPENDENCIES: usize = 100;
/// While a time is waited for, the wall clock is looked at this often, ms: it may have been set, or the machine slept.
pub const CLOCK_LOOK_MS: u64 = 60_000;
/// Waiting this long is worth one step of priority, so that low priority cannot starve, ms.
pub const AGEING_MS: i64 = 60_000;
/// The largest and (negated) smallest priority: beyond it a job would wait for years of [`AGEING_MS`].
pub const PRIORITY: i32 = 1_000_000;
/// Queues of a board. An idle queue without settings gives way to a new one; then it is `overloaded`.
pub const QUEUES: usize = 1_000;
/// Kinds that one queue may limit by name.
pub const QUEUE_KINDS: usize = 100;
/// The largest number in a limit of a queue: starts at once, per window, in a burst.
pub const QUEUE_LIMIT: u32 = 1_000_000;
/// Idempotency keys with a ttl that are remembered. The one that would end first goes.
pub const LONG_KEYS: usize = 100_000;
/// Deleted jobs that a board remembers, so that a record that was read from the store before brings none of them back.
pub const DELETIONS: usize = 16_384;
/// Schedules of a board. More are rejected with `overloaded`.
pub const SCHEDULES: usize = 10_000;
/// Missed times of a schedule that are made up for at most, when it catches up at all.
pub const CATCH_UP: u32 = 100;
/// Workflows that are not finished. More are rejected with `overloaded`.
pub const WORKFLOWS: usize = 10_000;
/// The name of a workflow: its jobs' names are made of it, a step's and an item's number.
pub const WORKFLOW_ID_BYTES: usize = 64;
/// The name of a step; see [`WORKFLOW_ID_BYTES`].
pub const STEP_ID_BYTES: usize = 40;
/// Steps of one recipe: all are looked at whenever one ends. More are rejected; a list makes more jobs of one step.
pub const STEPS: usize = 200;
/// Items of one step's list. A longer one fails the step with `too_large`.
pub const STEP_ITEMS: usize = 1_000;
/// A recipe with its usual input, and the input of one workflow, each by estimate. More is rejected with `too_large`.
pub const RECIPE_BYTES: usize = 64 * 1024;
/// A file with a recipe: comments and all.
pub const RECIPE_FILE_BYTES: usize = 256 * 1024;
/// Results that one workflow keeps for later steps, by estimate. A result beyond fails its step with `too_large`.
pub const WORKFLOW_RESULT_BYTES: usize = 256 * 1024;
/// The result of a step that no other step reads is kept to be shown up to this size; its job has it anyway.
pub const SHOWN_RESULT_BYTES: usize = 4 * 1024;
/// How deep the brackets of a condition nest.
pub const CONDITION_DEPTH: usize = 16;
/// Problems of a recipe that one answer lists.
pub const RECIPE_PROBLEMS: usize = 50;
/// Jobs that one change asks to stop when a workflow stops.
pub const WORKFLOW_STOP_STEP: usize = 64;
/// Compensations that failed which a workflow's record lists; further ones are in the records of their jobs.
pub const COMPENSATION_ERRORS: usize = 20;
/// Jobs that one change of `jobs.clear` takes out of the live state; the answer says whether more are left.
pub const CLEAR_STEP: usize = 256;
/// How long jobs that succeeded or were cancelled are kept unless configured, ms: a day.
pub const RETAIN_MS: u64 = 86_400_000;
/// How long failed jobs are kept unless configured, ms: a week.
pub const RETAIN_FAILED_MS: u64 = 7 * 86_400_000;
/// Times that a job may be lost to a crash before it fails (a poison job must end).
pub const RESCUES: u32 = 3;
/// Jobs that are not finished. More are rejected with `overloaded`.
pub const ACTIVE_JOBS: usize = 1_000_000;
/// Finished jobs kept in the live state unless configured; older ones are in the store.
pub const HISTORY_LIMIT: usize = 200;
/// Results kept in the live state (S0.23's maximum); older ones are in the store.
pub const RESULTS_LIMIT: usize = 200;

/// Changes in one commit: bounds the time that a failed commit can take back.
pub const COMMIT_ENTRIES: usize = 512;
/// Bytes of operations after which a commit is closed although more commands wait.
pub const COMMIT_BYTES: usize = 512 * 1024;
/// Commands waiting for the writer. A full queue makes senders wait (back-pressure), sessions answer `overloaded`.
pub const COMMAND_QUEUE: usize = 4096;
/// Outcomes of commands kept for idempotence, newest first; and for how long.
pub const OUTCOMES: usize = 100_000;
/// How long an outcome is kept at least while [`OUTCOMES`] is not reached, ms: 10 minutes in which there were answers.
pub const OUTCOME_MS: u64 = 600_000;
/// Changes kept in memory for followers. One that is further behind gets a snapshot.
pub const RING_CHANGES: usize = 16_384;
/// Bytes of operations kept in memory for followers, by estimate.
pub const RING_BYTES: usize = 32 * 1024 * 1024;
/// Changes between two snapshots of the journal at least; with more jobs in the state, as many as those. So many are
/// replayed in about a quarter of a second.
pub const SNAPSHOT_EVERY: u64 = 20_000;
/// Commits that are kept before the newest snapshot, for looking back; older ones are removed in small steps.
pub const RETAINED_COMMITS: u64 = 100_000;

/// Lines in the board's log ring (S3.15: the server's default) and their bytes. The oldest go first.
pub const LOG_RING_LINES: usize = 10_000;
/// Bytes of lines in the ring.
pub const LOG_RING_BYTES: usize = 8 * 1024 * 1024;
/// One log line. Longer lines are cut and say so.
pub const LOG_LINE_BYTES: usize = 8 * 1024;
/// Lines waiting to be written to files. When full the newest are dropped and counted.
pub const LOG_QUEUE: usize = 65_536;
/// Lines in one `logs.append`, and the time after which a smaller batch goes out.
pub const LOG_BATCH_LINES: usize = 100;
/// Milliseconds that a batch of lines waits to fill.
pub const LOG_BATCH_MS: u64 = 50;
/// One log file; then the next begins.
pub const LOG_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Files of the board's log that are kept.
pub const LOG_FILES: usize = 8;
/// Bytes of log that one job may write to disk; then one line says that the rest was dropped.
pub const JOB_LOG_BYTES: u64 = 64 * 1024 * 1024;
/// Channels in an allowlist or a client's filter.
pub const LOG_CHANNELS: usize = 256;
/// The name of a channel. A longer one is cut.
pub const LOG_CHANNEL_BYTES: usize = 64;
/// Lines of one request that brings lines. More is rejected with `too_large`.
pub const INGEST_LINES: usize = 1000;
/// The fields of a line. Larger ones are left out, and the line says so.
pub const LOG_FIELDS_BYTES: usize = 4 * 1024;
/// Lines of one answer to a log query.
pub const LOG_QUERY_LINES: usize = 2000;

/// Progress of one job becomes a change at most this often (invariant 9: 10 Hz).
pub const PROGRESS_MS: u64 = 100;
/// A line on a child's report channel (fd 3). Longer ones are discarded and logged.
pub const REPORT_LINE_BYTES: usize = 128 * 1024;
/// Attempts that run at once on a board unless configured.
pub const CONCURRENCY: usize = 64;
/// TERM, then this long, then KILL: of the whole process group.
pub const GRACE_MS: u64 = 10_000;
/// Files and folders that are looked at for artifacts by pattern, and how deep. What is beyond is left and logged.
pub const GLOB_ENTRIES: usize = 20_000;
/// Folders within folders that patterns of artifacts look into.
pub const GLOB_DEPTH: usize = 16;
/// The arguments of a child process, and their bytes.
pub const ARGV: usize = 1024;

/// Connections of one server. More are refused with 503.
pub const CONNECTIONS: usize = 16_384;
/// Frames for one connection that wait beside the state (acks, pongs). More closes with 1013.
pub const CONTROL_QUEUE: usize = 256;
/// Commands of one connection that are under way. More are answered `overloaded`.
pub const INFLIGHT: usize = 64;
/// Subscriptions of one connection.
pub const SUBSCRIPTIONS: usize = 64;
/// Snapshots that are on their way to clients at once. Who finds no place in time is sent away with 1013.
pub const SNAPSHOT_SENDS: usize = 256;
/// How long a client waits for a place among [`SNAPSHOT_SENDS`].
pub const SNAPSHOT_WAIT_MS: u64 = 1000;
/// Messages that a connection may send at once; more closes with 4005.
pub const MESSAGES_BURST: u32 = 20_000;
/// Messages that a connection may send per second.
pub const MESSAGES_PER_SECOND: u32 = 10_000;
/// How long a server that stops waits for the answers to commands that are under way.
pub const DRAIN_MS: u64 = 1000;
/// Paths of one subscription.
pub const SUB_PATHS: usize = 32;
/// The longest time between two patches that a subscription may ask for.
pub const SUB_RATE_MS: u32 = 60_000;
/// Different subscriptions that are served at once, over all connections; more are refused with `overloaded`.
pub const VIEWS: usize = 256;
/// Bytes of encoded patches that one view keeps beside [`VIEW_FRAMES`]; the oldest go first.
pub const VIEW_BYTES: usize = 8 * 1024 * 1024;
/// Encoded patches that one view keeps for connections a little behind.
pub const VIEW_FRAMES: usize = 256;
/// Folded patches that one view keeps for connections further behind; the oldest goes first.
pub const VIEW_FOLDS: usize = 8;
/// Messages of a compressed chain from one keyframe to the next: a newcomer is outside of it for so long.
pub const CHAIN_KEYFRAME: u32 = 64;
/// Shared frames that a connection may be behind before it gets one folded patch instead.
pub const FOLD_LAG: usize = 16;
/// No write progress for this long closes with 4002.
pub const STALL_MS: u64 = 30_000;
/// Time for `hello` after the socket opened; then 4001.
pub const HELLO_MS: u64 = 5_000;
/// Wrong tokens from one address in a minute before it is answered 429.
pub const AUTH_FAILURES: u32 = 10;
/// A one-time launch code lives this long.
pub const LAUNCH_CODE_MS: u64 = 60_000;
/// A request's headers must arrive within this time.
pub const HEADER_MS: u64 = 5_000;
/// Readers of the event stream over HTTP at once. More are answered `overloaded`.
pub const STREAMS: usize = 256;
/// Changes that are folded to look back: about a second of work. More is rejected with `too_large`.
pub const TRAVEL_CHANGES: u64 = 200_000;
/// Bytes of one query for jobs. A longer one is rejected.
pub const QUERY_BYTES: usize = 2048;
/// Values and texts in one query: each may be an expression. More are rejected.
pub const QUERY_VALUES: usize = 64;
/// Records that one page of a search looks at, beside those that an index passes over. The page ends there, says so,
/// and the next one goes on.
pub const SEARCH_ROWS: usize = 50_000;
/// Bytes of those records as JSON, by estimate; as [`SEARCH_ROWS`].
pub const SEARCH_BYTES: usize = 64 * 1024 * 1024;
/// Searches at once that must look at records; others wait for their turn.
pub const SEARCHES: usize = 2;
/// Changes that a client may be behind and still be brought to the head by a patch out of the journal; beyond, a
/// snapshot is cheaper. And their bytes in the journal, by the estimate of [`RING_BYTES`].
pub const RESUME_CHANGES: u64 = 65_536;
/// See [`RESUME_CHANGES`].
pub const RESUME_BYTES: usize = 64 * 1024 * 1024;
/// Patches out of the journal that are made at once. Who finds no place gets the shared snapshot, at once.
pub const RESUME_FOLDS: usize = 2;
/// Jobs of one step of a bulk: they share a commit, and a cancel waits for as many.
pub const BULK_STEP: usize = 64;
/// Bulks that run at once, beside the limits of the board; more wait.
pub const BULK_SLOTS: u32 = 2;
/// Jobs that may be deleted at once without saying how many they are.
pub const BULK_UNCONFIRMED: u64 = 100;
/// Jobs that a dry run shows, and errors that a bulk keeps.
pub const BULK_SAMPLE: usize = 5;
/// Records that a dry run looks at; then it says that there are more.
pub const BULK_COUNTED: usize = 2_000_000;
/// Between two checks of the mirrors of a view, ms: each walks through the whole state, 10 ms for 10 000 jobs.
pub const CHECK_MS: u64 = 600_000;
/// Rows of one page of an HTTP listing.
pub const PAGE_ROWS: usize = 500;

/// Events that a subscription of a signal bus may be behind. One that is further behind is told how many it missed.
pub const SIGNAL_RING: usize = 1024;
/// Events that listeners may emit in answer to one event. More are refused, counted and logged: it would never end.
pub const SIGNAL_NESTING: usize = 1024;
/// Results that the in-memory cache keeps unless configured (S2.22); those that were not used for longest go first.
pub const CACHE_ENTRIES: usize = 1000;
/// Jobs of the in-process lane that may be under way. More end at once with `Overloaded`.
pub const LANE_JOBS: usize = 65_536;
/// Reactions in one chain of causes, one after the other, before a breaker opens (X8).
pub const REACTION_DEPTH: u32 = 100;
/// Reactions of one orchestrator in one chain of causes within [`REACTION_WINDOW_MS`] before its breaker opens.
pub const REACTIONS: u32 = 1000;
/// The window in which reactions are counted, and for how long an open breaker refuses commands.
pub const REACTION_WINDOW_MS: u64 = 1000;
/// Chains of causes that one breaker counts; the one that was not seen for longest goes first.
pub const REACTION_CHAINS: usize = 1024;
/// Names of slots that an orchestrator remembers before it forgets those whose job has ended.
pub const SLOTS: usize = 64;
/// Durable jobs whose origin and chain of causes a board remembers for its events; the record has the origin, too.
pub const ORIGINS: usize = 4096;

/// Open domains named `app.<name>`. More are refused with `overloaded`.
pub const DOMAINS: usize = 64;
/// Bytes of one open domain, by estimate; they are in every snapshot. A write beyond is refused with `too_large`.
pub const DOMAIN_BYTES: usize = 1024 * 1024;
/// Writes of one transaction.
pub const WRITES: usize = 256;
/// Devices, and streams, that are watched.
pub const THINGS: usize = 1_000;
/// A thing that is seen more often than this is written down once, ms: measurements do not belong into the state.
pub const SEEN_MS: u64 = 1_000;
