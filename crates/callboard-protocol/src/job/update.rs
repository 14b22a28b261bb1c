//! What a client says when it wants to change or clear away jobs.

use super::{JobId, JobState, RetryPolicy};
use crate::{Node, Time};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Arguments of `jobs.update`: what is absent stays. While an attempt runs, only `title`, `tags`, `priority`,
/// `maxAttempts` and `retry` may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateArgs {
    /// The job.
    pub id: JobId,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub title: Option<String>,
    /// Words for finding it again; all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub tags: Option<Vec<String>>,
    /// Lower runs first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub priority: Option<i32>,
    /// Tries before it fails.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_attempts: Option<u32>,
    /// Delays between tries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retry: Option<RetryPolicy>,
    /// Its input.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub args: Option<Node>,
    /// Where it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Longest time of one attempt, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
    /// Not before this time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub scheduled_at: Option<Time>,
    /// Not before so many milliseconds from now; instead of `scheduledAt`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub delay_ms: Option<u64>,
    /// It need not wait any longer: not for a time, a backoff, other jobs or a release.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub release: bool,
    /// To the place right before this job of the same queue; takes over its priority.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub before: Option<JobId>,
    /// To the place right after this job of the same queue; takes over its priority.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub after: Option<JobId>,
}

/// Arguments of `jobs.clear`: finished jobs that fit everything given are deleted, live and stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClearArgs {
    /// In these states, which must be terminal; in all terminal ones when empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<JobState>>")]
    pub states: Vec<JobState>,
    /// Of this queue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub kind: Option<String>,
    /// That ended at least so many milliseconds ago.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub older_than_ms: Option<u64>,
}
