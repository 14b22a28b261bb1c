//! Changes and commits: what the journal holds.

use crate::{Actor, CommandKey, Epoch, JobId, Node, Op, Time};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a change means, for those who follow events instead of state. Topics: `job.dispatched`, `job.started`,
/// `job.progress`, `job.succeeded`, `job.failed`, `job.cancelled`, `job.retrying`, `job.deleted`, `board.started`, ….
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened.
    pub topic: String,
    /// To which job.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub job_id: Option<JobId>,
    /// Facts.
    #[serde(skip_serializing_if = "Node::is_null", default)]
    #[ts(optional, as = "Option<Node>")]
    pub data: Node,
}

/// One atomic, durable step of the state: its version is `Commit::base_version + index + 1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When it was decided.
    pub at: Time,
    /// The command that caused it, when a client sent one; repeated keys have no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<CommandKey>,
    /// An idempotency key that the change makes good, and until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub long_key: Option<LongKey>,
    /// Who caused it.
    pub actor: Actor,
    /// What it means.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub events: Vec<Event>,
    /// What it does to the state; never empty.
    pub ops: Vec<Op>,
    /// What the command returned.
    #[serde(skip_serializing_if = "Node::is_null", default)]
    pub result: Node,
}

/// An idempotency key of a job with the time until which it is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LongKey {
    /// The key.
    pub key: CommandKey,
    /// The last moment at which it is answered.
    pub until: Time,
}

/// What kind of commit this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommitKind {
    /// A server took the journal over; it carries no changes. Starts an epoch.
    Takeover,
    /// Changes.
    Batch,
}

/// One group commit. `seq` counts commits, versions count changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Position among the commits, contiguous from 1.
    pub seq: u64,
    /// The history that it belongs to.
    pub epoch: Epoch,
    /// The server process that wrote it; a commit of another process than the last takeover's is void.
    pub node: String,
    /// The version before the first change.
    pub base_version: u64,
    /// When it was made; never earlier than the one before.
    pub at: Time,
    /// BLAKE3 of the previous commit's stored bytes, 32 hex digits; empty for the first.
    pub prev: String,
    /// What kind.
    pub kind: CommitKind,
    /// The changes.
    pub entries: Vec<Change>,
}

impl Commit {
    /// The version after the last change.
    pub fn head_version(&self) -> u64 {
        self.base_version + self.entries.len() as u64
    }
}
