//! The port: what the writer of a board asks of its journal.

use crate::{
    error::{AppendError, ReadError},
    query::{JobPage, JobQuery, Prune},
};
use async_trait::async_trait;
use callboard_protocol::{
    Commit, Epoch, JobId, Node, Time,
    caps::COMMIT_ENTRIES,
    command::KeptOutcome,
    job::{Attempt, JobState},
};
use std::sync::Arc;

/// An ordered, durable log of commits, the snapshots that shorten its replay, and the history beside it.
///
/// One commit is in flight at a time: the caller awaits one `append` before it makes the next. Dropping the future
/// of an `append` leaves its outcome unknown.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Appends a commit and its history rows, all or nothing; durable on `Ok`.
    ///
    /// `commit.seq` must be tail + 1 and `commit.prev` the tail's hash.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Unknown` the caller must read the tail before it goes on.
    async fn append(&self, batch: Append) -> Result<Appended, AppendError>;

    /// The end of the log, as of now.
    async fn tail(&self) -> Result<Tail, ReadError>;

    /// Commits from `from_seq` (the first is 1) on, in order without gaps: at most `max`, fewer when they are
    /// large, none when `from_seq` is past the tail. A short page does not mean the end; an empty one does.
    ///
    /// # Errors
    /// `Compacted` when `from_seq` is gone; `Damaged` when bytes and hashes do not agree.
    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError>;

    /// Commits below `first_seq` may go. What is not covered by the oldest kept snapshot stays anyway, so that
    /// recovery may use any of them; without a snapshot all stays. Runs in small steps between appends.
    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError>;

    /// Stores a snapshot; the newest [`crate::caps::SNAPSHOTS`] are kept.
    ///
    /// # Errors
    /// `Rejected` when it is ahead of the tail or does not follow the commit that it names.
    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError>;

    /// The newest snapshot that passes its checksum; damaged ones are skipped with a warning.
    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError>;

    /// The archived record of a job.
    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError>;

    /// A page of archived records, newest first.
    async fn jobs(&self, query: JobQuery) -> Result<JobPage, ReadError>;

    /// The attempts of a job, first to last.
    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError>;

    /// Removes archived jobs that fit, with their attempts, in one step beside the appends; the oldest accepted go
    /// first. Returns their ids: as many as the limit when there may be more.
    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError>;

    /// Finishes what was asked before, then refuses everything. Idempotent; returns when all is on disk and
    /// another process may open the journal.
    async fn close(&self);
}

/// What one transaction stores.
#[derive(Clone, Debug)]
pub struct Append {
    /// The commit.
    pub commit: Arc<Commit>,
    /// Rows for the history, carried out in order.
    pub archive: Vec<Archive>,
}

impl From<Commit> for Append {
    fn from(commit: Commit) -> Self {
        Append { commit: Arc::new(commit), archive: Vec::new() }
    }
}

/// A change of the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Archive {
    /// Stores a job's record; replaces an earlier one of the same id.
    Job(JobRow),
    /// Stores an attempt; replaces an earlier one of the same job and number.
    Attempt(Attempt),
    /// Removes a job and its attempts; nothing happens when it is not there.
    DeleteJob(JobId),
}

/// A job's record, with what it can be found by.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// The job.
    pub id: JobId,
    /// What ran it.
    pub kind: String,
    /// Where it waited.
    pub queue: String,
    /// Where it is in its life.
    pub state: JobState,
    /// When it was accepted; the order of listings.
    pub created_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// The whole record.
    pub body: Node,
}

/// A commit was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The hash of its stored bytes: the next commit's `prev`.
    pub hash: String,
}

/// The end of the log. All zero and empty before the first commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last commit.
    pub seq: u64,
    /// The version after it.
    pub version: u64,
    /// Its epoch.
    pub epoch: Option<Epoch>,
    /// The process that wrote it.
    pub node: String,
    /// Its hash: the next commit's `prev`.
    pub hash: String,
}

impl Tail {
    /// Whether a commit continues the log here.
    pub(crate) fn check(&self, commit: &Commit) -> Result<(), AppendError> {
        if commit.seq.checked_sub(1) != Some(self.seq) || commit.prev != self.hash {
            return Err(AppendError::Conflict { expected: commit.seq.saturating_sub(1), found: self.seq });
        }
        if commit.base_version != self.version {
            let (seq, base, version) = (commit.seq, commit.base_version, self.version);
            let text =
                format!("commit {seq} is based on version {base}, the journal is at version {version}");
            return Err(AppendError::Rejected(text));
        }
        if commit.entries.len() > COMMIT_ENTRIES {
            let count = commit.entries.len();
            return Err(AppendError::Rejected(format!(
                "{count} changes are more than the {COMMIT_ENTRIES} of a commit"
            )));
        }
        Ok(())
    }

    /// The tail once the commit is stored under this hash.
    pub(crate) fn after(commit: &Commit, hash: String) -> Tail {
        let (epoch, node) = (Some(commit.epoch.clone()), commit.node.clone());
        Tail { seq: commit.seq, version: commit.head_version(), epoch, node, hash }
    }
}

/// The whole state after a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The commit; replay goes on after it.
    pub seq: u64,
    /// The version after it.
    pub version: u64,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its hash: what the next commit's `prev` must be.
    pub hash: String,
    /// When the snapshot was made.
    pub at: Time,
    /// The state document.
    pub state: Node,
    /// Outcomes of commands, so that repeated ones stay without effect.
    pub outcomes: Vec<KeptOutcome>,
}
