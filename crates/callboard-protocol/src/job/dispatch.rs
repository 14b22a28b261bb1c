//! What a client says when it wants a job done.

use super::{JobId, RetryPolicy};
use crate::{Node, Time};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a job does when one that it depends on does not succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DependencyPolicy {
    /// It fails with the code `dependency_failed`.
    #[default]
    Fail,
    /// It is cancelled.
    Cancel,
    /// It runs all the same.
    Ignore,
}

/// What a dispatch does when a job with its `uniqueKey` is not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum UniquePolicy {
    /// It is refused with `conflict`; the details name the job.
    #[default]
    Reject,
    /// The other job is cancelled and this one takes its place; it starts when the other has stopped.
    Replace,
    /// A job that has not started takes over the new arguments and waits `debounceMs` from now on; beside one that
    /// runs, one more may wait.
    Debounce,
}

/// Arguments of `jobs.dispatch`. Unknown members are an error, so that a misspelt one is not lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DispatchArgs {
    /// A name of your own; it must be new on this board.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub id: Option<JobId>,
    /// What is to run it.
    pub kind: String,
    /// Its input; `{}` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub args: Option<Node>,
    /// Where it waits; `default` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Lower runs first; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub priority: Option<i32>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub title: Option<String>,
    /// Words for finding it again.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub tags: Vec<String>,
    /// Tries before it fails; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_attempts: Option<u32>,
    /// The same, counted as tries after the first (X1); instead of `maxAttempts`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_retries: Option<u32>,
    /// Delays between tries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retry: Option<RetryPolicy>,
    /// Longest time of one attempt, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
    /// Longest time of the whole job from now on, all tries and waits together, ms (S2.10).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub deadline_ms: Option<u64>,
    /// The same as a point in time; instead of `deadlineMs`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub deadline: Option<Time>,
    /// Longest time before its first start, counted from when it may start, ms; then it fails with the code `expired`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub ttl_ms: Option<u64>,
    /// Not before this time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub scheduled_at: Option<Time>,
    /// Not before so many milliseconds from now; instead of `scheduledAt`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub delay_ms: Option<u64>,
    /// It waits until it is released by hand (`jobs.update` with `release`).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub hold: bool,
    /// The job on whose behalf it is started; it must be under way and not be asked to stop. A cancel of that one cancels
    /// this one too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub parent_id: Option<JobId>,
    /// Jobs that must succeed before it may start.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<JobId>>")]
    pub depends_on: Vec<JobId>,
    /// What it does when one of them does not succeed; `fail` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub on_dependency_failure: Option<DependencyPolicy>,
    /// Jobs of a queue that share this key share limits, and keys take turns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub concurrency_key: Option<String>,
    /// At most one unfinished job may wait with this key, and at most one run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub unique_key: Option<String>,
    /// What happens when there is one already; `reject` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub unique_policy: Option<UniquePolicy>,
    /// How long a debounced job waits for a newer one, ms; 1000 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub debounce_ms: Option<u64>,
    /// A further dispatch with this key is answered with the first one's job, whoever sends it, until the ttl is over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub idempotency_key: Option<String>,
    /// How long the key is remembered, ms; a day when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub idempotency_ttl_ms: Option<u64>,
}
