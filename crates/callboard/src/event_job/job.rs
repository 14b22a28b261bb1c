//! A description of work that answers with an event, and what does it.

use super::RunContext;
use crate::{
    events::{DataSource, DomainEvent},
    typed::{JobEnd, JobFailure},
};
use std::{future::Future, sync::Arc, time::Duration};

/// A description of work whose result everybody may want to know: it becomes a domain event (S2.4).
///
/// ```
/// use callboard::{CachePolicy, DataSource, DomainEvent, EventJob};
/// use std::{sync::Arc, time::Duration};
///
/// struct LoadUsers;
///
/// #[derive(Debug)]
/// struct UsersLoaded(Arc<[String]>);
///
/// impl DomainEvent for UsersLoaded {
///     fn topic(&self) -> &str {
///         "users.loaded"
///     }
/// }
///
/// impl EventJob for LoadUsers {
///     const KIND: &'static str = "users.load";
///     type Output = Arc<[String]>;
///     type Event = UsersLoaded;
///
///     fn event(&self, users: &Arc<[String]>, _: DataSource) -> UsersLoaded {
///         UsersLoaded(users.clone())
///     }
///
///     fn cache(&self) -> Option<CachePolicy> {
///         Some(CachePolicy::new("users").ttl(Duration::from_secs(300)).revalidate())
///     }
/// }
/// ```
pub trait EventJob: Send + Sync + 'static {
    /// The stable name, e.g. `users.load`; never a Rust type name (W2.9).
    const KIND: &'static str;
    /// What it returns. It is cloned for the cache, the handle and those who wait for the same: put what is big into
    /// an `Arc`.
    type Output: Clone + Send + Sync + 'static;
    /// What it tells.
    type Event: DomainEvent;

    /// The event that tells of this result. It is made when somebody listens.
    fn event(&self, output: &Self::Output, source: DataSource) -> Self::Event;

    /// Whether and how the result is cached. `None`: not at all.
    fn cache(&self) -> Option<CachePolicy> {
        None
    }

    /// A result to show until there is a real one; it becomes an event with [`DataSource::Optimistic`].
    fn placeholder(&self) -> Option<Self::Output> {
        None
    }

    /// An event that tells of a failure. By default a failure is told to the handle and to observers only (S2.7).
    fn failure_event(&self, end: &JobEnd, placeholder: Option<&Self::Output>) -> Option<Self::Event> {
        let _ = (end, placeholder);
        None
    }
}

/// How the result of an [`EventJob`] is cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// Under this key. Jobs with the same key and the same type of result wait for one another.
    pub key: String,
    /// How long; `None`: as long as the cache itself wants.
    pub ttl: Option<Duration>,
    /// After a cached result the work is done all the same, and the new result told by a second event. Not unless
    /// asked for (S2.3 has both defaults; this is the one of event jobs).
    pub revalidate: bool,
    /// The cache is not read, only written.
    pub force_refresh: bool,
    /// How long a failure is remembered: jobs with this key fail at once meanwhile. `None`: not at all.
    pub failure_ttl: Option<Duration>,
}

impl CachePolicy {
    /// Cached under this key until the cache needs the room.
    pub fn new(key: impl Into<String>) -> Self {
        CachePolicy { key: key.into(), ttl: None, revalidate: false, force_refresh: false, failure_ttl: None }
    }

    /// Cached no longer than this.
    pub fn ttl(self, ttl: Duration) -> Self {
        CachePolicy { ttl: Some(ttl), ..self }
    }

    /// Shows what is cached at once, and does the work all the same.
    pub fn revalidate(self) -> Self {
        CachePolicy { revalidate: true, ..self }
    }

    /// Does the work whatever is cached.
    pub fn force_refresh(self) -> Self {
        CachePolicy { force_refresh: true, ..self }
    }

    /// Remembers a failure for this long.
    pub fn remember_failures(self, ttl: Duration) -> Self {
        CachePolicy { failure_ttl: Some(ttl), ..self }
    }
}

/// What does the work of an [`EventJob`]. Any `async fn(Arc<J>, RunContext)` is one.
pub trait Work<J: EventJob>: Send + Sync + 'static {
    /// Does the work once. The future is dropped when the job is cancelled or over its time, so whatever it started
    /// must end with it; with a grace ([`DispatcherOptions::grace`](crate::DispatcherOptions)) it is asked first.
    fn work(
        &self,
        job: Arc<J>,
        context: RunContext,
    ) -> impl Future<Output = Result<J::Output, JobFailure>> + Send;
}

impl<J, F, R> Work<J> for F
where
    J: EventJob,
    F: Fn(Arc<J>, RunContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<J::Output, JobFailure>> + Send,
{
    async fn work(&self, job: Arc<J>, context: RunContext) -> Result<J::Output, JobFailure> {
        self(job, context).await
    }
}
