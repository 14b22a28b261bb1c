//! Forgetting what is out of date, as a job like any other (S2.22).

use super::{CacheError, CacheProvider, Flights};
use crate::{
    event_job::{EventJob, RunContext, Work},
    events::{DataSource, DomainEvent},
    typed::JobFailure,
};
use std::{fmt, sync::Arc};

type Fits = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A job that forgets cached results. Every dispatcher can run it; [`CacheInvalidated`] says that it is done.
///
/// A result that is being made meanwhile is out of date as well: it goes to whoever waits for it and is not cached.
#[derive(Clone)]
pub struct InvalidateCache(What);

#[derive(Clone)]
enum What {
    Key(Arc<str>),
    Prefix(Arc<str>),
    Matching(Fits),
}

/// Cached results were forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInvalidated {
    /// The key, or the prefix with a `*` behind it; `None` when a function chose.
    pub keys: Option<String>,
    /// How many there were.
    pub count: usize,
}

impl InvalidateCache {
    /// Forgets one key.
    pub fn key(key: impl Into<Arc<str>>) -> Self {
        InvalidateCache(What::Key(key.into()))
    }

    /// Forgets all keys that begin so.
    pub fn prefix(prefix: impl Into<Arc<str>>) -> Self {
        InvalidateCache(What::Prefix(prefix.into()))
    }

    /// Forgets all keys that fit.
    pub fn matching(fits: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        InvalidateCache(What::Matching(Arc::new(fits)))
    }

    fn fits(&self, key: &str) -> bool {
        match &self.0 {
            What::Key(wanted) => **wanted == *key,
            What::Prefix(prefix) => key.starts_with(&**prefix),
            What::Matching(fits) => fits(key),
        }
    }
}

impl DomainEvent for CacheInvalidated {
    fn topic(&self) -> &str {
        "cache.invalidated"
    }
}

impl EventJob for InvalidateCache {
    const KIND: &'static str = "cache.invalidate";
    type Output = usize;
    type Event = CacheInvalidated;

    fn event(&self, count: &usize, _: DataSource) -> CacheInvalidated {
        let keys = match &self.0 {
            What::Key(key) => Some(key.to_string()),
            What::Prefix(prefix) => Some(format!("{prefix}*")),
            What::Matching(_) => None,
        };
        CacheInvalidated { keys, count: *count }
    }
}

/// What runs [`InvalidateCache`].
pub(crate) struct Invalidator {
    pub(crate) cache: Arc<dyn CacheProvider>,
    pub(crate) flights: Arc<Flights>,
}

impl Work<InvalidateCache> for Invalidator {
    async fn work(&self, job: Arc<InvalidateCache>, _: RunContext) -> Result<usize, JobFailure> {
        self.flights.make_void(|key| job.fits(key));
        Ok(self.forget(&job).await?)
    }
}

impl Invalidator {
    async fn forget(&self, job: &InvalidateCache) -> Result<usize, CacheError> {
        match &job.0 {
            What::Key(key) => self.cache.delete(key).await.map(usize::from),
            _ => self.cache.delete_matching(&|key| job.fits(key)).await,
        }
    }
}

impl fmt::Debug for InvalidateCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            What::Key(key) => write!(formatter, "InvalidateCache({key:?})"),
            What::Prefix(prefix) => write!(formatter, "InvalidateCache({prefix:?}*)"),
            What::Matching(_) => formatter.write_str("InvalidateCache(matching)"),
        }
    }
}
