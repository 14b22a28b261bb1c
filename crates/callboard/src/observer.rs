//! Hooks that see everything and disturb nothing (S2.21, W2.5).

use crate::{Cause, DataSource, Signal, cache::CacheError, orchestrator::BreakerOpened, typed::JobEnd};
use callboard_protocol::{Actor, JobId, Node};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

/// What is known about a job of the in-process lane.
#[derive(Clone, Debug)]
pub struct JobInfo {
    /// The job, and the correlation id of its events.
    pub id: JobId,
    /// Its stable kind.
    pub kind: &'static str,
    /// Who dispatched it.
    pub origin: Actor,
    /// The chain of causes that it stands in.
    pub cause: Cause,
    /// Whatever the dispatcher of the job said about it.
    pub metadata: Node,
}

/// What went wrong with a job.
#[derive(Clone, Copy, Debug)]
pub enum Problem<'a> {
    /// It ended without a result, and its handle hears the same.
    Ended(&'a JobEnd),
    /// The cache failed; the job goes on without it.
    Cache(&'a CacheError),
}

/// Sees what jobs of a [`Dispatcher`](crate::Dispatcher) do: for logs, metrics, crash reports.
///
/// The hooks run on the job's task, so they must not block. A panic in one is logged and counted, and changes nothing
/// for the job. For one job `on_start` always comes first; with a revalidating cache `on_success` comes twice.
///
/// ```
/// use callboard::{JobInfo, Observer, Problem};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn on_error(&self, job: &JobInfo, problem: Problem<'_>) {
///         eprintln!("{} {}: {problem:?}", job.kind, job.id);
///     }
/// }
/// ```
#[expect(unused_variables, reason = "the names say what a hook gets")]
pub trait Observer: Send + Sync + 'static {
    /// A job begins.
    fn on_start(&self, job: &JobInfo) {}
    /// Try `attempt` failed; the next one begins after `delay`.
    fn on_retry(&self, job: &JobInfo, attempt: u32, error: &crate::Failure, delay: Duration) {}
    /// A job has a result: the job type's `Output`.
    fn on_success(&self, job: &JobInfo, output: &dyn Any, source: DataSource) {}
    /// Something went wrong.
    fn on_error(&self, job: &JobInfo, problem: Problem<'_>) {}
    /// A domain event was delivered.
    fn on_event(&self, signal: &Signal) {}
    /// A reaction loop was stopped (X8).
    fn on_breaker(&self, opened: &BreakerOpened) {}
}

/// The observers of a dispatcher. They can be changed at any time, also while jobs run. Clones are the same list.
#[derive(Clone, Default)]
pub struct Observers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    list: RwLock<Arc<[Arc<dyn Observer>]>>,
    /// So that no lock is taken where nobody observes.
    has_any: AtomicBool,
    faults: AtomicU64,
}

impl Observers {
    /// Adds one.
    pub fn add(&self, observer: impl Observer) {
        let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
        let added: Arc<dyn Observer> = Arc::new(observer);
        *list = list.iter().cloned().chain([added]).collect();
        self.0.has_any.store(true, Ordering::Release);
    }

    /// Takes these instead of all others.
    pub fn replace(&self, observers: impl IntoIterator<Item = Arc<dyn Observer>>) {
        let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
        *list = observers.into_iter().collect();
        self.0.has_any.store(!list.is_empty(), Ordering::Release);
    }

    /// Hooks that panicked.
    pub fn faults(&self) -> u64 {
        self.0.faults.load(Ordering::Relaxed)
    }

    pub(crate) fn has_any(&self) -> bool {
        self.0.has_any.load(Ordering::Acquire)
    }

    /// Tells everyone; whoever panics is logged.
    pub(crate) fn tell(&self, hook: &'static str, tell: impl Fn(&dyn Observer)) {
        if !self.has_any() {
            return;
        }
        let list = self.0.list.read().unwrap_or_else(PoisonError::into_inner).clone();
        for observer in list.iter() {
            if catch_unwind(AssertUnwindSafe(|| tell(observer.as_ref()))).is_err() {
                self.0.faults.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(hook, "an observer panicked; the job goes on");
            }
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Observers").field("faults", &self.faults()).finish_non_exhaustive()
    }
}
