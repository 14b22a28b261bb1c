//! What a client says when it wants something done to all jobs that a query means.

use crate::{JobId, Node, Time, error::ErrorCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The kind of the jobs that do it.
pub const KIND: &str = "callboard.bulk";
/// The queue in which they wait. A few of them run beside the limits of the board: who wants to cancel what keeps
/// all of its slots must not wait for one.
pub const QUEUE: &str = "callboard";

/// What is done to each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BulkAction {
    /// It is stopped. Takes `reason`.
    Cancel,
    /// It runs again.
    Retry,
    /// Its record is taken away.
    Delete,
    /// It gets `priority`.
    Reprioritise,
    /// It waits in `queue` from now on.
    Move,
    /// It gets the tags of `add` and loses those of `remove`.
    Tag,
}

impl BulkAction {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            BulkAction::Cancel => "cancel",
            BulkAction::Retry => "retry",
            BulkAction::Delete => "delete",
            BulkAction::Reprioritise => "reprioritise",
            BulkAction::Move => "move",
            BulkAction::Tag => "tag",
        }
    }
}

/// What an action needs to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkValues {
    /// Why they are cancelled, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub reason: Option<String>,
    /// The new priority; lower runs first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub priority: Option<i32>,
    /// The queue to move to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub queue: Option<String>,
    /// Tags that each job gets.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub add: Vec<String>,
    /// Tags that each job loses.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub remove: Vec<String>,
}

/// Arguments of `jobs.bulk`, and of the jobs of kind [`KIND`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkArgs {
    /// What is done to each job.
    pub action: BulkAction,
    /// Which jobs are meant (`docs/reference/query.md`).
    pub query: String,
    /// What the action needs to know.
    #[serde(default)]
    #[ts(optional, as = "Option<BulkValues>")]
    pub args: BulkValues,
    /// Only say what it would do.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub dry_run: bool,
    /// How many jobs may be deleted; it must be their number when they are more than
    /// [`crate::caps::BULK_UNCONFIRMED`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub confirm: Option<u64>,
    /// The moment that ages in the query are counted from; jobs that were accepted later are not meant. A dry run
    /// answers with it. Now when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub at: Option<Time>,
}

/// What a dry run counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkCount {
    /// What would be done to each job.
    pub action: BulkAction,
    /// Jobs that it would do something to.
    #[ts(type = "number")]
    pub eligible: u64,
    /// Jobs of the query that it would pass over, by reason.
    #[ts(type = "Record<string, number>")]
    pub skipped: BTreeMap<String, u64>,
    /// The newest of the first, at most [`crate::caps::BULK_SAMPLE`]: `{id, kind, queue, state, title}`.
    pub sample: Vec<Node>,
    /// The moment that the query was asked about; give it back, and jobs that came later are not meant.
    pub at: Time,
    /// There are more jobs than were counted.
    pub cut: bool,
}

/// The result of a job of kind [`KIND`]; of one that was cancelled, what it had done by then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkResult {
    /// Jobs that it was done to.
    #[ts(type = "number")]
    pub done: u64,
    /// Jobs that nothing was done to, by reason.
    #[ts(type = "Record<string, number>")]
    pub skipped: BTreeMap<String, u64>,
    /// Jobs of which it was refused.
    #[ts(type = "number")]
    pub failed: u64,
    /// The first of those.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<BulkRefused>>")]
    pub errors: Vec<BulkRefused>,
}

/// A job whose command was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkRefused {
    /// The job.
    pub id: JobId,
    /// The code of the refusal.
    pub code: ErrorCode,
    /// A sentence.
    pub message: String,
}

impl BulkResult {
    /// Jobs that were looked after, one way or another.
    pub fn handled(&self) -> u64 {
        self.done + self.failed + self.skipped.values().sum::<u64>()
    }
}
