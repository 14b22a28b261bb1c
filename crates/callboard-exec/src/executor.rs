//! The contract between the runtime and what does the work.

use crate::AttemptContext;
use async_trait::async_trait;
use callboard_protocol::{
    Node,
    error::Rejection,
    job::{DispatchArgs, JobError},
};
use std::time::Duration;

/// Runs the attempts of one kind of job.
///
/// ```
/// use callboard_exec::{AttemptContext, Executor, Outcome};
///
/// struct Greet;
///
/// #[async_trait::async_trait]
/// impl Executor for Greet {
///     async fn execute(&self, attempt: AttemptContext) -> Outcome {
///         let name = attempt.args.child("name").and_then(|name| name.as_str()).unwrap_or("world");
///         Outcome::Succeeded(format!("hello, {name}").into())
///     }
/// }
/// ```
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Checks arguments before the job is accepted; pure and cheap.
    ///
    /// # Errors
    /// `invalid_args` or `too_large`; the message names the field.
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        let _ = args;
        Ok(())
    }

    /// Gives a job of this kind what it does not say itself: its queue, its tries, its time.
    fn complete(&self, _job: &mut DispatchArgs) {}

    /// Completes a job of this kind before it is accepted, and checks it.
    ///
    /// # Errors
    /// As [`Executor::check`].
    fn prepare(&self, job: &mut DispatchArgs) -> Result<(), Rejection> {
        self.complete(job);
        self.check(job.args.as_ref().unwrap_or(&Node::object()))
    }

    /// Runs one attempt to its end.
    ///
    /// It must end soon after [`AttemptContext::cancel`] fires, at the latest after its grace, with whatever it
    /// started gone (X5); then the answer is [`Outcome::Cancelled`]. The runtime may also drop the future at any
    /// await: whatever the attempt started must end then too.
    async fn execute(&self, attempt: AttemptContext) -> Outcome;
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It did its work; the result is at most [`callboard_protocol::caps::RESULT_BYTES`].
    Succeeded(Node),
    /// It failed in order.
    Errored {
        /// Why.
        error: JobError,
        /// Whether the same attempt may go well another time.
        retryable: bool,
        /// How long the next try should wait, when the other side said so (`Retry-After`); otherwise the job's own
        /// policy decides.
        after: Option<Duration>,
    },
    /// It came to a sudden end: a child died of a signal, a task panicked. Counts as a try.
    Crashed(JobError),
    /// It stopped because it was asked to.
    Cancelled,
    /// The same, and this is what it had done by then: the result of a job that is cancelled.
    CancelledWith(Node),
    /// It cannot go on now and asks to be tried again after this time, which uses up no try.
    Snoozed(Duration),
}

impl Outcome {
    /// An error that another try may not meet.
    pub fn retryable(code: &str, message: impl AsRef<str>) -> Self {
        Outcome::errored(JobError::new(code, message), true)
    }

    /// An error that every further try would meet.
    pub fn fatal(code: &str, message: impl AsRef<str>) -> Self {
        Outcome::errored(JobError::new(code, message), false)
    }
    /// An error, and whether another try may not meet it.
    pub fn errored(error: JobError, retryable: bool) -> Self {
        Outcome::Errored { error, retryable, after: None }
    }
}
