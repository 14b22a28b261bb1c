//! Typed jobs that the journal keeps: they outlive the process.

use super::{JobFailure, JobHandle};
use crate::{Board, RawHandle, events::Cause};
use callboard_exec::{ArtifactError, AttemptContext, Executor, KindInfo, Outcome};
use callboard_protocol::{
    Actor, JobId, Node,
    error::{ErrorCode, Rejection},
    from_node,
    job::{ArtifactRef, DispatchArgs, JobError, Progress},
    log::Level,
    to_node,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, marker::PhantomData, sync::Arc, time::Duration};
use tokio::{io::AsyncRead, time::Instant};

/// A description of work. Its serialised form is what the journal keeps, so it can run again after a crash.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stable name, e.g. `image.generate`; never a Rust type name (W2.9).
    const KIND: &'static str;
    /// What it returns.
    type Output: Serialize + DeserializeOwned + Send + 'static;
}

/// What runs a typed job.
pub trait Execute<J: Job>: Send + Sync + 'static {
    /// Does the work. Check [`JobContext::cancelled`] at the points where it may stop.
    fn execute(
        &self,
        job: J,
        context: JobContext,
    ) -> impl Future<Output = Result<J::Output, JobFailure>> + Send;
}

impl<J, F, R> Execute<J> for F
where
    J: Job,
    F: Fn(J, JobContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<J::Output, JobFailure>> + Send,
{
    async fn execute(&self, job: J, context: JobContext) -> Result<J::Output, JobFailure> {
        self(job, context).await
    }
}

/// What a running job may use.
pub struct JobContext(AttemptContext);

impl JobContext {
    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// Reports a fraction of the work, 0..1, and what is going on.
    pub fn progress(&self, value: f64, message: &str) {
        let message = Some(message).filter(|message| !message.is_empty()).map(Into::into);
        self.0.reporter.progress(Progress { value, message, ..Progress::default() });
    }

    /// Reports step `step` of `steps`.
    pub fn step(&self, step: u32, steps: u32, message: &str) {
        let value = if steps == 0 { 0.0 } else { f64::from(step) / f64::from(steps) };
        let message = Some(message).filter(|message| !message.is_empty()).map(Into::into);
        let (step, steps) = (Some(step), Some(steps));
        self.0.reporter.progress(Progress { value, message, step, steps, eta_ms: None });
    }

    /// Writes a line into the job's log.
    pub fn log(&self, level: Level, message: &str) {
        self.0.reporter.log("job", level, message);
    }

    /// Whether the job is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }

    /// Waits until the job is to stop.
    pub async fn cancelled(&self) {
        self.0.cancel.cancelled().await;
    }

    /// When the attempt is stopped for taking too long; `None` without a limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    /// Gives the attempt more time; see [`AttemptContext::extend`].
    pub fn extend(&self, by: Duration) {
        self.0.extend(by);
    }

    /// Leaves a small value for the attempt after this one; see [`AttemptContext::checkpoint`].
    ///
    /// # Errors
    /// `too_large`, or `conflict` when this is no longer the job's current attempt.
    pub async fn checkpoint<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Rejection> {
        let value =
            to_node(value).map_err(|error| Rejection::new(ErrorCode::InvalidArgs, error.to_string()))?;
        self.0.checkpoint(key, value).await
    }

    /// What an earlier attempt left under this name; `None` when it left nothing that reads as a `T`.
    pub fn restored<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        from_node(self.0.restored(key)?).ok()
    }

    /// Stores everything that the reader gives as a file of this job.
    ///
    /// # Errors
    /// See [`ArtifactError`]; nothing was stored then.
    pub async fn artifact(
        &self,
        name: &str,
        mime: &str,
        reader: impl AsyncRead + Unpin + Send,
    ) -> Result<ArtifactRef, ArtifactError> {
        self.0.artifact(name, mime, reader).await
    }

    /// Dispatches another typed job on behalf of this one, which is its `parentId`. Neither waits for the other; a cancel
    /// of this job cancels the other too.
    ///
    /// # Errors
    /// As any dispatch, and `conflict` when this job is to stop.
    pub async fn spawn_child<C: Job>(&self, child: &C) -> Result<JobId, Rejection> {
        self.0.spawn_child(dispatch_args(child)?).await
    }

    /// Everything else: the work folder, the token, the arguments as they came.
    pub fn attempt_context(&self) -> &AttemptContext {
        &self.0
    }
}

struct Adapter<J, E>(E, PhantomData<fn() -> J>);

/// An executor of any kind out of a typed one.
pub(crate) fn adapt<J: Job>(executor: impl Execute<J>) -> Arc<dyn Executor> {
    Arc::new(Adapter(executor, PhantomData))
}

pub(crate) fn kind_info<J: Job>() -> KindInfo {
    KindInfo {
        kind: J::KIND.into(),
        title: J::KIND.into(),
        description: "A job of the program that embeds this board.".into(),
        example: Node::object(),
        first_run: false,
    }
}

/// Dispatches for somebody, as part of a chain of causes when there is one.
pub(crate) async fn start_as<J: Job>(
    board: &Board,
    job: J,
    (origin, cause): (Actor, Option<Cause>),
) -> Result<JobHandle<J::Output>, Rejection> {
    let mut args = dispatch_args(&job)?;
    let id = args.id.get_or_insert_with(super::new_id);
    if let Some(cause) = cause {
        board.shared.origins.keep(id, origin.clone(), cause);
    }
    let raw: RawHandle = board.dispatch(args, origin).await?;
    Ok(JobHandle::durable(raw))
}

fn dispatch_args<J: Job>(job: &J) -> Result<DispatchArgs, Rejection> {
    let args = to_node(job).map_err(|error| Rejection::new(ErrorCode::InvalidArgs, error.to_string()))?;
    Ok(DispatchArgs { kind: J::KIND.into(), args: Some(args), ..DispatchArgs::default() })
}

#[async_trait::async_trait]
impl<J: Job, E: Execute<J>> Executor for Adapter<J, E> {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        let read: Result<J, _> = from_node(args);
        read.map(drop).map_err(|error| {
            Rejection::new(
                ErrorCode::InvalidArgs,
                format!("the arguments of {} do not fit: {error}", J::KIND),
            )
        })
    }

    async fn execute(&self, context: AttemptContext) -> Outcome {
        let job: J = match from_node(&context.args) {
            Ok(job) => job,
            Err(error) => return Outcome::fatal("invalid_args", error.to_string()),
        };
        match self.0.execute(job, JobContext(context)).await {
            Ok(output) => match to_node(&output) {
                Ok(result) => Outcome::Succeeded(result),
                Err(error) => Outcome::fatal("bad_result", error.to_string()),
            },
            Err(JobFailure::Retry(error)) => Outcome::retryable("failed", error.to_string()),
            Err(JobFailure::RetryAfter(error, after)) => Outcome::Errored {
                error: JobError::new("failed", error.to_string()),
                retryable: true,
                after: Some(after),
            },
            Err(JobFailure::Snooze(after)) => Outcome::Snoozed(after),
            Err(JobFailure::Fatal(error)) => Outcome::fatal("failed", error.to_string()),
            Err(JobFailure::Cancelled) => Outcome::Cancelled,
        }
    }
}
