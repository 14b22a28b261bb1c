//! What goes into a decision and what comes out.

use callboard_protocol::{
    Actor, Change, CommandKey, JobId, Node, Time,
    command::Command,
    config::Settings,
    job::{ArtifactRef, Attempt, AttemptOutcome, CancelCause, JobError, Progress},
};
use std::sync::Arc;

/// The circumstances of an input.
#[derive(Clone, Debug)]
pub struct Context {
    /// Now. Never earlier than the last one; the writer sees to that.
    pub now: Time,
    /// A random number in 0..1 for jitter.
    pub chance: f64,
    /// Who wants it.
    pub actor: Actor,
    /// What makes it idempotent.
    pub key: Option<CommandKey>,
}

/// Records of jobs that a command names, read outside of the core, for it may not have them any more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The version that was durable before they were read. What was deleted since is known no more.
    pub as_of: u64,
    /// The records, as they were shown or stored.
    pub records: Vec<Node>,
}

/// Something to decide about.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A request from outside.
    Command(Command),
    /// The same, with what is known of jobs that it names.
    CommandWith(Command, Known),
    /// News from an attempt.
    Report(Report),
    /// This process has opened the journal: says so, and takes back what the last one had running.
    Boot {
        /// The build, for people.
        build: String,
        /// This process.
        node: String,
    },
    /// The settings that this process starts with; they hold until a command says otherwise.
    Configure(Box<Settings>),
    /// The first running job of an earlier process is taken back; repeated until none is left.
    Rescue(JobId),
    /// The board's log has grown (only ring metadata is state, S3.18).
    Logs(LogMeta),
    /// A reaction loop of the program around the board was stopped (X8).
    Breaker(BreakerNote),
    /// The board begins to shut down.
    Drain,
}

/// Ring metadata (S3.18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogMeta {
    /// The seq of the next line.
    pub next_seq: u64,
    /// Lines that the ring can hold.
    pub capacity: u64,
    /// Lines that it holds.
    pub size: u64,
    /// The seq of its oldest line.
    pub head: u64,
}

/// Which reaction loop was stopped (X8).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakerNote {
    /// Who reacted.
    pub reactor: Actor,
    /// The job that began the chain of causes.
    pub root: JobId,
    /// Reactions between that job and the one that was too much.
    pub depth: u32,
    /// Reactions of the chain in the window.
    pub reactions: u32,
    /// For how long its commands are refused, ms.
    pub window_ms: u64,
}

/// News from an attempt; refused unless the job is running that very attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The job.
    pub id: JobId,
    /// The attempt, which is the fence: a stale one changes nothing (invariant 5).
    pub attempt: u32,
    /// The news.
    pub news: News,
}

/// What an attempt can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// How far it is.
    Progress(Progress),
    /// It left a file.
    Artifact(ArtifactRef),
    /// A small value that a later attempt finds again; `null` takes it away.
    Checkpoint {
        /// Its name.
        key: String,
        /// The value.
        value: Node,
    },
    /// It is over.
    End(Box<End>),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// In a word.
    pub outcome: AttemptOutcome,
    /// What it returned.
    pub result: Option<Node>,
    /// What was wrong.
    pub error: Option<JobError>,
    /// Whether another try may help.
    pub retryable: bool,
    /// The last progress, when it was not reported yet.
    pub progress: Option<Progress>,
    /// The next try should wait this long instead of the policy's delay (`Retry-After`), or a snooze takes it.
    pub after_ms: Option<u64>,
    /// The executor ignored the request to stop; its slot was taken from it.
    pub stuck: bool,
}

impl End {
    /// A good end.
    pub fn succeeded(result: Node) -> Self {
        let result = Some(result).filter(|result| !result.is_null());
        End { result, ..End::stopped(AttemptOutcome::Succeeded) }
    }

    /// A bad end.
    pub fn failed(outcome: AttemptOutcome, error: JobError, retryable: bool) -> Self {
        End { error: Some(error), retryable, ..End::stopped(outcome) }
    }

    /// An end on request.
    pub fn stopped(outcome: AttemptOutcome) -> Self {
        End {
            outcome,
            result: None,
            error: None,
            retryable: false,
            progress: None,
            after_ms: None,
            stuck: false,
        }
    }

    /// The attempt asks to be tried again later, which uses up no try.
    pub fn snoozed(after_ms: u64) -> Self {
        End { after_ms: Some(after_ms), ..End::stopped(AttemptOutcome::Snoozed) }
    }
}

/// To be done once the change is durable, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start this attempt.
    Start(Start),
    /// Stop this attempt.
    Stop {
        /// The job.
        id: JobId,
        /// The attempt.
        attempt: u32,
        /// Why.
        cause: CancelCause,
    },
    /// Tell the handles of this job that it has reached its terminal state; the record as it is now.
    Settle {
        /// The job.
        id: JobId,
        /// The record.
        record: Node,
    },
    /// Tell those who wait for this workflow that it has ended; the record as it is now.
    SettleWorkflow {
        /// The workflow.
        id: Arc<str>,
        /// The record.
        record: Node,
    },
    /// Take away what the job left on disk beside the store.
    Forget(JobId),
}

/// An attempt that is to start: what it needs of the job's record.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The job.
    pub id: JobId,
    /// What runs it.
    pub kind: Arc<str>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Input of the executor.
    pub args: Node,
    /// Longest time of the attempt, ms.
    pub timeout_ms: Option<u64>,
    /// What earlier attempts left for this one.
    pub checkpoint: Node,
}

/// A row for the store, written in the same transaction as the change.
#[derive(Clone, Debug, PartialEq)]
pub enum Archived {
    /// The record of a job that has just finished.
    Job(JobId, Node),
    /// An attempt that has just ended.
    Attempt(Attempt),
    /// The job and its attempts are to go.
    Delete(JobId),
}

/// A decision. Without a change nothing is journalled: the input changed nothing (X17) or was carried out before.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The version at which the effect is visible.
    pub version: u64,
    /// To be journalled.
    pub change: Option<Change>,
    /// To be done after that.
    pub effects: Vec<Effect>,
    /// To be stored with it.
    pub archive: Vec<Archived>,
    /// What the command returns.
    pub result: Node,
    /// The command was carried out before.
    pub dup: bool,
}
