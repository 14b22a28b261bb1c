//! What one attempt gets to work with: its input, its time, and the ways to speak.

use crate::{ArtifactError, Cancel, Deadline, Reporter};
use async_trait::async_trait;
use callboard_protocol::{
    JobId, Node,
    error::{ErrorCode, Rejection},
    job::{ArtifactRef, DispatchArgs, Progress},
};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio::{io::AsyncRead, time::Instant};

/// What the runtime does for an attempt on request.
#[async_trait]
pub trait Runtime: Send + Sync {
    /// Stores a small value with the job; durable when this returns. `null` takes it away.
    ///
    /// # Errors
    /// `too_large` over [`callboard_protocol::caps::CHECKPOINT_BYTES`], `conflict` when the attempt is no longer
    /// the job's current one.
    async fn checkpoint(&self, key: &str, value: Node) -> Result<(), Rejection>;

    /// Dispatches another job on behalf of this one.
    ///
    /// # Errors
    /// As any dispatch.
    async fn spawn_child(&self, child: DispatchArgs) -> Result<JobId, Rejection>;
}

/// Everything that one attempt has.
#[derive(Clone)]
pub struct AttemptContext {
    /// The job.
    pub job_id: JobId,
    /// The job's kind.
    pub kind: Arc<str>,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The job's arguments, as [`crate::Executor::check`] has seen them.
    pub args: Node,
    /// What earlier attempts left under names; see [`AttemptContext::restored`].
    pub checkpoints: Node,
    /// Fires when the attempt is to end early.
    pub cancel: Cancel,
    /// When it runs over its time.
    pub deadline: Deadline,
    /// Takes progress, log lines and artifacts.
    pub reporter: Reporter,
    /// A folder private to the attempt. Created by whoever needs it, removed by the runtime afterwards.
    pub work_dir: PathBuf,
    /// Does what needs more than this process's memory.
    pub runtime: Arc<dyn Runtime>,
}

impl AttemptContext {
    /// When the attempt is stopped for taking too long; `None` without a limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.at()
    }

    /// Gives the attempt more time: its limit ends `by` later than it would have. Without a limit, or once it was
    /// asked to stop, this changes nothing.
    pub fn extend(&self, by: Duration) {
        if !self.cancel.is_cancelled() {
            self.deadline.extend(by);
        }
    }

    /// Reports step `step` of `steps`.
    pub fn step(&self, step: u32, steps: u32) {
        let value = if steps == 0 { 0.0 } else { f64::from(step) / f64::from(steps) };
        let (step, steps) = (Some(step), Some(steps));
        self.reporter.progress(Progress { value, step, steps, ..Progress::default() });
    }

    /// Leaves a small value for the attempt after this one, which finds it with [`AttemptContext::restored`]
    /// although the server crashed in between. Durable when this returns; `null` takes it away. It goes through
    /// the journal: meant for a page number or an upload's id now and then, not for every row.
    ///
    /// # Errors
    /// See [`Runtime::checkpoint`].
    pub async fn checkpoint(&self, key: &str, value: impl Into<Node>) -> Result<(), Rejection> {
        self.runtime.checkpoint(key, value.into()).await
    }

    /// What an earlier attempt left under this name. What this attempt leaves itself is not shown here.
    pub fn restored(&self, key: &str) -> Option<&Node> {
        self.checkpoints.child(key)
    }

    /// Stores everything that the reader gives as an artifact; see [`Reporter::artifact`].
    ///
    /// # Errors
    /// See [`ArtifactError`]; nothing was reported then.
    pub async fn artifact(
        &self,
        name: &str,
        mime: &str,
        reader: impl AsyncRead + Unpin + Send,
    ) -> Result<ArtifactRef, ArtifactError> {
        self.reporter.artifact_from(name, mime, reader).await
    }

    /// Dispatches another job on behalf of this one, which is its `parentId`. Neither waits for the other; a cancel of
    /// this job cancels the other too.
    ///
    /// # Errors
    /// As any dispatch, and `conflict` when this job is to stop.
    pub async fn spawn_child(&self, child: DispatchArgs) -> Result<JobId, Rejection> {
        self.runtime.spawn_child(child).await
    }
}

impl fmt::Debug for AttemptContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AttemptContext")
            .field("job_id", &self.job_id)
            .field("kind", &self.kind)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A runtime that stores nothing and starts nothing: for executors that are run by hand, as in tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRuntime;

#[async_trait]
impl Runtime for NoRuntime {
    async fn checkpoint(&self, _: &str, _: Node) -> Result<(), Rejection> {
        Err(Rejection::new(ErrorCode::Unsupported, "there is no board here that could keep a checkpoint"))
    }

    async fn spawn_child(&self, _: DispatchArgs) -> Result<JobId, Rejection> {
        Err(Rejection::new(ErrorCode::Unsupported, "there is no board here that could run a job"))
    }
}
