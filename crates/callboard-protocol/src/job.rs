//! The job record, its attempts and what they leave behind (design: jobs 1 and 2).

use crate::{
    Actor, JobId, Node, Time, caps,
    error::{ErrorCode, Rejection},
    workflow::WorkflowStep,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

mod dispatch;
mod update;

pub use dispatch::{DependencyPolicy, DispatchArgs, UniquePolicy};
pub use update::{ClearArgs, UpdateArgs};

/// Where a job is in its life (X4). Reasons live on the attempt and in `error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for dependencies or a manual release.
    Pending,
    /// Waits for a time.
    Scheduled,
    /// Waits for a slot.
    Queued,
    /// An attempt is under way.
    Running,
    /// Waits for its backoff.
    Retrying,
    /// Done.
    Succeeded,
    /// Given up; `error` says why.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl JobState {
    /// All states in the order of a job's life.
    pub const ALL: [JobState; 8] = [
        JobState::Pending,
        JobState::Scheduled,
        JobState::Queued,
        JobState::Running,
        JobState::Retrying,
        JobState::Succeeded,
        JobState::Failed,
        JobState::Cancelled,
    ];

    /// Whether nothing more happens by itself.
    pub fn is_terminal(self) -> bool {
        matches!(self, JobState::Succeeded | JobState::Failed | JobState::Cancelled)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Pending => "pending",
            JobState::Scheduled => "scheduled",
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Retrying => "retrying",
            JobState::Succeeded => "succeeded",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<JobState> {
        JobState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It returned a result.
    Succeeded,
    /// It returned an error, or the child left with a code other than 0.
    Errored,
    /// It ran over its time and was stopped.
    TimedOut,
    /// It was stopped on request.
    Cancelled,
    /// The process died of a signal, or the task panicked.
    Crashed,
    /// Its server or worker was gone.
    Lost,
    /// The server shut down in order; does not count as a try.
    Interrupted,
    /// It asked to be tried again later; does not count as a try.
    Snoozed,
}

/// A fraction of the work, with what is known beside it (X3: 0..1, monotone per attempt).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// 0..1.
    pub value: f64,
    /// What is going on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub message: Option<String>,
    /// The step under way, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub step: Option<u32>,
    /// How many steps there are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub steps: Option<u32>,
    /// Milliseconds that are left, as estimated by the server (X15).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub eta_ms: Option<u64>,
}

/// Why an attempt or a job failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobError {
    /// A stable word: `exit_code`, `signal`, `spawn_failed`, `timeout`, `panicked`, `lost`, ….
    pub code: String,
    /// A sentence.
    pub message: String,
    /// The exit code of a child process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub exit_code: Option<i32>,
    /// The signal that ended a child process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub signal: Option<i32>,
}

impl JobError {
    /// An error without exit status; the message is cut at [`caps::TEXT_BYTES`].
    pub fn new(code: &str, message: impl AsRef<str>) -> Self {
        JobError { code: code.into(), message: clip(message.as_ref()).into(), exit_code: None, signal: None }
    }
}

/// A file that an attempt left, by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ArtifactRef {
    /// The file name; unique within a job, a later one with the same name replaces it.
    pub name: String,
    /// SHA-256 of the bytes, 64 hex digits; the address in `/api/artifacts/{sha256}`.
    pub sha256: String,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// Media type, `application/octet-stream` when unknown.
    pub mime: String,
}

/// Why an attempt is to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Somebody asked for it.
    #[default]
    User,
    /// The time for the whole job is over: it fails with the code `deadline`.
    Deadline,
    /// Another job took its place.
    Superseded,
}

impl CancelCause {
    fn is_user(&self) -> bool {
        *self == CancelCause::User
    }
}

/// A cancel that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelInfo {
    /// When.
    pub requested_at: Time,
    /// By whom.
    pub by: Actor,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub reason: Option<String>,
    /// Why, in a word; `user` when absent.
    #[serde(skip_serializing_if = "CancelCause::is_user", default)]
    #[ts(optional, as = "Option<CancelCause>")]
    pub cause: CancelCause,
}

/// Delays between tries (X2): clamp(initial·factor^n·(1 ± jitter), initial, max).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RetryPolicy {
    /// First delay, ms.
    #[ts(type = "number")]
    pub initial_ms: u64,
    /// Growth per try.
    pub factor: f64,
    /// Largest delay, ms.
    #[ts(type = "number")]
    pub max_ms: u64,
    /// Spread, 0..1.
    pub jitter: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy { initial_ms: 1000, factor: 2.0, max_ms: 30_000, jitter: 0.25 }
    }
}

/// One job as everybody sees it. Members that are `None` or empty are absent on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its name; made by the server or brought by the client.
    pub id: JobId,
    /// What runs it, e.g. `image.generate`.
    pub kind: String,
    /// Where it waits.
    pub queue: String,
    /// Where it is in its life.
    pub state: JobState,
    /// Lower runs first.
    pub priority: i32,
    /// For people; made from the arguments when not given.
    pub title: String,
    /// Input of the executor, at most [`caps::ARGS_BYTES`].
    pub args: Node,
    /// Words for finding it again.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub tags: Vec<String>,
    /// The number of the current or last attempt; 0 before the first. Rises with every start; fences reports.
    pub attempt: u32,
    /// Tries before it fails (X1: counts calls, at least 1).
    pub max_attempts: u32,
    /// Starts that did not count as tries because the server or worker was gone (at most [`caps::RESCUES`]).
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub rescues: u32,
    /// Starts that did not count as tries because of an orderly shutdown.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub interruptions: u32,
    /// Starts that did not count as tries because the attempt asked to be run again later.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub snoozes: u32,
    /// Dispatches with its unique key whose arguments it has taken over while it waited.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub debounces: u32,
    /// Delays between tries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retry: Option<RetryPolicy>,
    /// Longest time of one attempt, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
    /// When it must be done, all tries and waits together; then it fails with the code `deadline`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub deadline: Option<Time>,
    /// When its first attempt must have started; otherwise it fails with the code `expired`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub expires_at: Option<Time>,
    /// Takes the place of `createdAt` in the order of its queue: milliseconds since 1970, with fractions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub order: Option<f64>,
    /// Jobs of a queue that share this key share limits, and keys take turns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub concurrency_key: Option<String>,
    /// At most one job with this key runs, and at most one waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub unique_key: Option<String>,
    /// It waits until it is released by hand.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub hold: bool,
    /// Jobs that must succeed before it may start.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<JobId>>")]
    pub depends_on: Vec<JobId>,
    /// Those of them that have not ended yet.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<JobId>>")]
    pub waiting_for: Vec<JobId>,
    /// What it does when one of them does not succeed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub on_dependency_failure: Option<DependencyPolicy>,
    /// The job that started it. Where that one is cancelled, so is this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub parent_id: Option<JobId>,
    /// The schedule that made it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub schedule_id: Option<String>,
    /// The workflow that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub workflow_id: Option<String>,
    /// Which part.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub workflow_step: Option<WorkflowStep>,
    /// When it becomes due (`scheduled`, `retrying`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub scheduled_at: Option<Time>,
    /// When it was accepted.
    pub created_at: Time,
    /// Who asked for it.
    pub created_by: Actor,
    /// When the current or last attempt started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub started_at: Option<Time>,
    /// When it reached its terminal state.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub finished_at: Option<Time>,
    /// The cancel that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub cancel: Option<CancelInfo>,
    /// How far the current or last attempt is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub progress: Option<Progress>,
    /// What it returned, at most [`caps::RESULT_BYTES`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub result: Option<Node>,
    /// Files that it left, in order of their first appearance.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<ArtifactRef>>")]
    pub artifacts: Vec<ArtifactRef>,
    /// Small values by name that an attempt left for the next one, at most [`caps::CHECKPOINT_BYTES`]; gone when the
    /// job succeeds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub checkpoint: Option<Node>,
    /// The last error.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<JobError>,
}

/// One try of a job; a row of its own in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The job.
    pub job_id: JobId,
    /// From 1, rising with every start.
    pub attempt: u32,
    /// When it started.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Time,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The error it ended with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<JobError>,
}

/// An entry of the results gallery at `/results/<jobId>`: what a finished job left (S0.25, S0.26).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultRecord {
    /// The job that made it, and the name of this entry.
    pub id: JobId,
    /// The job's kind.
    pub kind: String,
    /// The job's title.
    pub title: String,
    /// When the job finished.
    pub created_at: Time,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub result: Option<Node>,
    /// Files that it left.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<ArtifactRef>>")]
    pub artifacts: Vec<ArtifactRef>,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// Cuts a text at a character so that it takes at most [`caps::TEXT_BYTES`].
pub fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(caps::TEXT_BYTES)]
}

/// Names that a mirror in JavaScript must refuse as members, and parts of a path that lead elsewhere: no address would name such a job.
const RESERVED: [&str; 5] = ["__proto__", "constructor", "prototype", ".", ".."];

/// Checks a name that a client brings: 1 to [`caps::ID_BYTES`] of `A-Z a-z 0-9 . _ : -`, not all digits
/// (digits would read as an array index in a pointer), nor a name that JavaScript objects have already.
///
/// # Errors
/// `invalid_args`, naming `field`.
pub fn check_id(field: &str, id: &str) -> Result<(), Rejection> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    let fits =
        !id.is_empty() && id.len() <= caps::ID_BYTES && id.bytes().all(allowed) && !RESERVED.contains(&id);
    if fits && !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let shown: String = id.chars().take(40).collect();
    Err(Rejection::new(
        ErrorCode::InvalidArgs,
        format!(
            "{field}: {shown:?} must be 1 to 128 letters, digits, '.', '_', ':' or '-', not only digits, and no reserved name"
        ),
    ))
}

/// Checks a key that a client brings and that names nothing in the state: 1 to [`caps::ID_BYTES`] bytes without
/// control characters.
///
/// # Errors
/// `invalid_args`, naming `field`.
pub fn check_key(field: &str, key: &str) -> Result<(), Rejection> {
    if !key.is_empty() && key.len() <= caps::ID_BYTES && !key.chars().any(char::is_control) {
        return Ok(());
    }
    let shown: String = key.chars().take(40).collect();
    let message =
        format!("{field}: {shown:?} must be 1 to {} bytes without control characters", caps::ID_BYTES);
    Err(Rejection::new(ErrorCode::InvalidArgs, message))
}

/// Checks a length of time that a client brings: at least 1 ms, at most [`caps::DURATION_MS`].
///
/// # Errors
/// `invalid_args`, naming `field`.
pub fn check_duration(field: &str, ms: Option<u64>) -> Result<(), Rejection> {
    let message = match ms {
        Some(0) => format!("{field}: 0 leaves no time; leave it out for no limit"),
        Some(ms) if ms > caps::DURATION_MS => {
            format!("{field}: {ms} ms is longer than a year, which is the limit")
        }
        _ => return Ok(()),
    };
    Err(Rejection::new(ErrorCode::InvalidArgs, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_harm_a_mirror_are_refused() {
        for good in ["a", "01a1fd8e-0352", "my.job:1_x", "0a"] {
            assert_eq!(check_id("id", good), Ok(()), "{good}");
        }
        let long = "x".repeat(129);
        for bad in ["", "12", "a/b", "ü", "a b", &long].into_iter().chain(RESERVED) {
            let rejection = check_id("id", bad).expect_err(bad);
            assert!(rejection.message.starts_with("id: "), "{}", rejection.message);
        }
    }
}
