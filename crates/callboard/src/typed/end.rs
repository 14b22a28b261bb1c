//! How a job ends that does not return a result.

use std::{any::Any, error::Error, sync::Arc, time::Duration};

/// Why one try of a typed job did not return a result. Any error converts into [`JobFailure::Retry`].
#[derive(Debug)]
pub enum JobFailure {
    /// Another try may help.
    Retry(Box<dyn Error + Send + Sync>),
    /// Another try may help, but not before this time has passed, whatever the job's policy says.
    RetryAfter(Box<dyn Error + Send + Sync>, Duration),
    /// It cannot go on now and is to be tried again after this time, which uses up no try.
    Snooze(Duration),
    /// Another try cannot help.
    Fatal(Box<dyn Error + Send + Sync>),
    /// It stopped because it was asked to. Never tried again.
    Cancelled,
}

impl<E: Error + Send + Sync + 'static> From<E> for JobFailure {
    fn from(error: E) -> Self {
        JobFailure::Retry(Box::new(error))
    }
}

/// How a job ended that did not return a result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobEnd {
    /// It failed, and no try is left or another one cannot help.
    #[error("the job failed: {0}")]
    Failed(Failure),
    /// It was stopped at its limit of time.
    #[error("the job was stopped after its limit of {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It was cancelled, for this reason.
    #[error("the job was cancelled{}", .0.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Cancelled(Option<String>),
    /// Nothing runs jobs of its kind here.
    #[error("nothing here runs jobs of kind {0:?}; register an executor for it")]
    NoExecutor(String),
    /// There are too many jobs under way; this one did not begin.
    #[error("there are {0} jobs under way already; try again later")]
    Overloaded(usize),
    /// Its result is not of the expected type.
    #[error("the result of the job cannot be read: {0}")]
    Unreadable(String),
    /// The board has stopped; the job goes on after the next start.
    #[error("the board has stopped; the job goes on after the next start")]
    BoardStopped,
    /// The dispatcher was closed, or its runtime has ended. Its jobs are not kept.
    #[error("the dispatcher was closed; its jobs are not kept")]
    Closed,
}

/// The error of a job's last try.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word: `failed`, `panicked`, `timeout`, or what an executor says.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The error itself; `None` when it comes from a journal.
    #[source]
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl Into<String>, attempts: u32) -> Self {
        Failure { code: code.into(), message: message.into(), attempts, source: None }
    }

    pub(crate) fn of(error: Box<dyn Error + Send + Sync>, attempts: u32) -> Self {
        Failure { code: "failed".into(), message: error.to_string(), attempts, source: Some(error.into()) }
    }

    pub(crate) fn panicked(panic: &(dyn Any + Send), attempts: u32) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Failure::new("panicked", format!("it panicked: {text}"), attempts)
    }

    /// The error itself, when it is of this type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.source.as_deref()?.downcast_ref()
    }
}

impl JobEnd {
    /// Whether it was cancelled, by whatever way.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, JobEnd::Cancelled(_) | JobEnd::Closed)
    }
}
