//! The handle of a typed job, durable or in process.

use super::{Failure, JobEnd, ProgressStream};
use crate::{RawHandle, event_job::Control, events::DataSource};
use callboard_protocol::{
    JobId,
    error::Rejection,
    from_node,
    job::{self, JobState},
};
use serde::de::DeserializeOwned;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::sync::oneshot;

/// What a job returned, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<T> {
    /// The result.
    pub value: T,
    /// Where it comes from.
    pub source: DataSource,
}

impl<T> Settled<T> {
    /// Whether it comes from the cache.
    pub fn is_cached(&self) -> bool {
        self.source == DataSource::Cached
    }

    /// Whether it comes from the work itself.
    pub fn is_fresh(&self) -> bool {
        self.source == DataSource::Fresh
    }
}

/// A handle of a typed job: a future that settles exactly once, whatever happens to the job (S2.15, W2.1).
/// Dropping it does not cancel the job.
///
/// What it comes to is never lost on the way: a cancel, a timeout, a panic, the end of the board all settle it.
pub struct JobHandle<T> {
    id: JobId,
    inner: Inner<T>,
}

/// How a job of the in-process lane ended.
pub(crate) type Ending<T> = Result<Settled<T>, JobEnd>;

enum Inner<T> {
    Board {
        raw: RawHandle,
        read: fn(job::Job) -> Ending<T>,
    },
    Lane {
        control: Arc<Control>,
        /// `None` when what it came to was taken.
        end: Option<oneshot::Receiver<Ending<T>>>,
    },
    /// A job of the board has settled, and what it came to was taken.
    Taken(ProgressStream),
}

impl<T> JobHandle<T> {
    pub(crate) fn durable(raw: RawHandle) -> Self
    where
        T: DeserializeOwned,
    {
        JobHandle { id: raw.id().clone(), inner: Inner::Board { raw, read: read_record } }
    }

    pub(crate) fn in_process(id: JobId, control: Arc<Control>, end: oneshot::Receiver<Ending<T>>) -> Self {
        JobHandle { id, inner: Inner::Lane { control, end: Some(end) } }
    }

    /// The job's name, and the correlation id of all its events.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// How far the job is; a late reader first sees the last value.
    pub fn progress(&self) -> ProgressStream {
        match &self.inner {
            Inner::Board { raw, .. } => ProgressStream::new(raw.progress()),
            Inner::Lane { control, .. } => control.progress(),
            Inner::Taken(progress) => progress.clone(),
        }
    }

    /// Asks for the job to stop; the handle settles when it has. After the job's end this changes nothing.
    ///
    /// # Errors
    /// A durable job that has ended already, or whose board has stopped.
    pub async fn cancel(&self, reason: &str) -> Result<(), Rejection> {
        match &self.inner {
            Inner::Board { raw, .. } => raw.cancel(reason).await,
            Inner::Lane { control, .. } => {
                control.cancel(Some(reason.into()));
                Ok(())
            }
            Inner::Taken(_) => Ok(()),
        }
    }

    /// Whether it has settled.
    pub fn is_settled(&self) -> bool {
        match &self.inner {
            Inner::Board { raw, .. } => raw.has_ended(),
            Inner::Lane { control, .. } => control.is_settled(),
            Inner::Taken(_) => true,
        }
    }

    /// Waits for the result; the same as awaiting the handle, without where it comes from.
    ///
    /// # Errors
    /// When the job did not return one.
    pub async fn result(self) -> Result<T, JobEnd> {
        self.await.map(|settled| settled.value)
    }
}

impl<T> Future for JobHandle<T> {
    type Output = Result<Settled<T>, JobEnd>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // It settles once; whoever asks again asks for what is gone, like any future.
        match &mut self.inner {
            Inner::Board { raw, read } => {
                let settled = ready!(raw.poll_end(context)).and_then(*read);
                self.inner = Inner::Taken(self.progress());
                Poll::Ready(settled)
            }
            Inner::Lane { end, .. } => {
                let Some(receiver) = end else { return Poll::Pending };
                let settled = ready!(Pin::new(receiver).poll(context)).unwrap_or(Err(JobEnd::Closed));
                *end = None;
                Poll::Ready(settled)
            }
            Inner::Taken(_) => Poll::Pending,
        }
    }
}

// Nothing in it is pinned: its parts are `Unpin`, and `T` is only handed out.
impl<T> Unpin for JobHandle<T> {}

fn read_record<T: DeserializeOwned>(record: job::Job) -> Ending<T> {
    match record.state {
        JobState::Succeeded => {
            let value = from_node(&record.result.unwrap_or_default());
            let value = value.map_err(|error| JobEnd::Unreadable(error.to_string()))?;
            Ok(Settled { value, source: DataSource::Fresh })
        }
        JobState::Cancelled => Err(JobEnd::Cancelled(record.cancel.and_then(|cancel| cancel.reason))),
        _ => Err(failed(record)),
    }
}

fn failed(record: job::Job) -> JobEnd {
    match record.error {
        Some(error) if error.code == "timeout" && record.timeout_ms.is_some() => {
            JobEnd::TimedOut(Duration::from_millis(record.timeout_ms.unwrap_or_default()))
        }
        Some(error) => JobEnd::Failed(Failure::new(&error.code, error.message, record.attempt)),
        None => JobEnd::Failed(Failure::new("failed", "no reason is recorded", record.attempt)),
    }
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JobHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
