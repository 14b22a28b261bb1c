//! Takes jobs of the in-process lane to what does them (S2.14).

use super::{
    Control, Dispatch, EventJob, Work,
    registry::Kinds,
    roster::{NoSeat, Roster},
    run::Run,
};
use crate::{
    cache::{CacheProvider, Flights, InvalidateCache, Invalidator, MemoryCache},
    events::SignalBus,
    observer::Observers,
    orchestrator::BreakerOpened,
    typed::{JobEnd, JobHandle},
};
use callboard_exec::KindError;
use callboard_protocol::{Actor, caps};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};

/// Runs [`EventJob`]s in this process, each in a task of its own. Clones are the same dispatcher; every
/// [`Board`](crate::Board) has one, and one can live without a board.
///
/// Nothing of it is journalled: what must outlive the process is a [`Job`](crate::Job).
#[derive(Clone)]
pub struct Dispatcher(pub(crate) Arc<Services>);

/// What the runs of a dispatcher share.
pub(crate) struct Services {
    pub(super) bus: SignalBus,
    pub(super) cache: Arc<dyn CacheProvider>,
    pub(super) flights: Arc<Flights>,
    pub(super) observers: Observers,
    pub(super) slots: Option<Semaphore>,
    pub(super) grace: Duration,
    pub(super) roster: Roster,
    kinds: Kinds,
    jobs_max: usize,
    /// Keeps what breakers do, when there is something that can (X8).
    recorder: OnceLock<Recorder>,
}

type Recorder = Box<dyn Fn(&BreakerOpened) + Send + Sync>;

/// How a dispatcher works.
#[derive(Clone)]
pub struct DispatcherOptions {
    /// Where events are told.
    pub bus: SignalBus,
    /// Where results are cached.
    pub cache: Arc<dyn CacheProvider>,
    /// Jobs whose work runs at once; others wait for a slot. `None`: all of them.
    pub concurrency: Option<usize>,
    /// Jobs that may be under way, waiting ones included; more end with [`JobEnd::Overloaded`].
    pub jobs_max: usize,
    /// How long work may go on after it was asked to stop. Zero, the default: its future is dropped at once, which is
    /// how work in Rust is stopped.
    pub grace: Duration,
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        DispatcherOptions {
            bus: SignalBus::new(),
            cache: Arc::new(MemoryCache::default()),
            concurrency: None,
            jobs_max: caps::LANE_JOBS,
            grace: Duration::ZERO,
        }
    }
}

/// Why a job did not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// Nothing was registered for its kind.
    #[error("nothing here runs jobs of kind {kind:?}; there are {}", known.join(", "))]
    NoExecutor {
        /// The kind.
        kind: &'static str,
        /// The kinds that there are.
        known: Vec<&'static str>,
    },
    /// The kind belongs to another type of job: two types must not have the same.
    #[error("kind {kind:?} is registered for another type of job; give each type a kind of its own")]
    OtherType {
        /// The kind.
        kind: &'static str,
    },
    /// Too many jobs are under way.
    #[error("there are {0} jobs under way already; try again later")]
    Overloaded(usize),
    /// The dispatcher was closed.
    #[error("the dispatcher was closed")]
    Closed,
}

/// A job that did not begin: why, and its handle, which has settled with the same.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Undispatched<T> {
    /// Why.
    pub why: DispatchError,
    /// The handle.
    pub handle: JobHandle<T>,
}

impl Dispatcher {
    /// A dispatcher of its own, with a bus and a cache of its own unless the options say otherwise.
    pub fn new(options: DispatcherOptions) -> Self {
        let services = Services {
            bus: options.bus,
            cache: options.cache,
            flights: Arc::default(),
            observers: Observers::default(),
            slots: options.concurrency.map(|slots| Semaphore::new(slots.clamp(1, Semaphore::MAX_PERMITS))),
            grace: options.grace,
            roster: Roster::default(),
            kinds: Kinds::default(),
            jobs_max: options.jobs_max,
            recorder: OnceLock::new(),
        };
        let forget = Invalidator { cache: services.cache.clone(), flights: services.flights.clone() };
        services.kinds.register::<InvalidateCache>(forget, true).expect("our own kind has a good name");
        Dispatcher(Arc::new(services))
    }

    /// Registers the work of a kind of job.
    ///
    /// # Errors
    /// When the kind is taken; [`Dispatcher::replace`] takes it over.
    pub fn register<J: EventJob>(&self, work: impl Work<J>) -> Result<(), KindError> {
        self.0.kinds.register(work, false)
    }

    /// Registers the work of a kind of job, in place of what may have been registered.
    ///
    /// # Errors
    /// When the kind's name is not made like an id.
    pub fn replace<J: EventJob>(&self, work: impl Work<J>) -> Result<(), KindError> {
        self.0.kinds.register(work, true)
    }

    /// The kinds that it can run.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.kinds.names()
    }

    /// Starts a job. A job that cannot begin is told to its handle; nothing gets lost when nobody awaits that.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn dispatch<J: EventJob>(&self, job: impl Into<Dispatch<J>>) -> JobHandle<J::Output> {
        self.try_dispatch(job).unwrap_or_else(|undispatched| {
            tracing::warn!(kind = J::KIND, why = %undispatched.why, "a job was not dispatched");
            undispatched.handle
        })
    }

    /// Starts a job.
    ///
    /// # Errors
    /// Why it cannot begin; its handle has settled with the same (S2.14).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn try_dispatch<J: EventJob>(
        &self,
        job: impl Into<Dispatch<J>>,
    ) -> Result<JobHandle<J::Output>, Undispatched<J::Output>> {
        let dispatch = job.into();
        let control = Arc::new(Control::default());
        let (settle, end) = oneshot::channel();
        let found = self.0.kinds.find::<J>().and_then(|runner| {
            let seat = self.0.roster.enter(&control, self.0.jobs_max).map_err(|none| match none {
                NoSeat::Full => DispatchError::Overloaded(self.0.jobs_max),
                NoSeat::Closed => DispatchError::Closed,
            })?;
            Ok((runner, seat))
        });
        match found {
            Ok((runner, seat)) => {
                let run = Run::new(self.clone(), dispatch, control.clone(), (settle, seat));
                let handle = JobHandle::in_process(run.id().clone(), control, end);
                runner.spawn(run);
                Ok(handle)
            }
            Err(why) => {
                control.set_settled();
                control.end_progress();
                // The receiver is in our hands.
                let _ = settle.send(Err(JobEnd::from(&why)));
                let id = dispatch.id.unwrap_or_else(crate::typed::new_id);
                Err(Undispatched { why, handle: JobHandle::in_process(id, control, end) })
            }
        }
    }

    /// Starts all of these; the handles are in the same order (S2.26).
    pub fn dispatch_all<J: EventJob, D: Into<Dispatch<J>>>(
        &self,
        jobs: impl IntoIterator<Item = D>,
    ) -> Vec<JobHandle<J::Output>> {
        jobs.into_iter().map(|job| self.dispatch(job)).collect()
    }

    /// Where events are told.
    pub fn bus(&self) -> &SignalBus {
        &self.0.bus
    }

    /// Where results are cached.
    pub fn cache(&self) -> &Arc<dyn CacheProvider> {
        &self.0.cache
    }

    /// Who observes.
    pub fn observers(&self) -> &Observers {
        &self.0.observers
    }

    /// Records what breakers do from now on; only the first recorder counts.
    pub(crate) fn record_breakers(&self, record: impl Fn(&BreakerOpened) + Send + Sync + 'static) {
        let _ = self.0.recorder.set(Box::new(record));
    }

    pub(crate) fn record_breaker(&self, opened: &BreakerOpened) {
        self.0.observers.tell("on_breaker", |observer| observer.on_breaker(opened));
        if let Some(record) = self.0.recorder.get() {
            record(opened);
        }
    }

    /// Jobs that are under way.
    pub fn running(&self) -> usize {
        self.0.roster.len()
    }

    /// Stops all jobs, takes no new ones and closes the bus. Every handle settles. Idempotent.
    pub fn close(&self) {
        self.0.roster.close();
        self.0.bus.close();
    }
}

impl Default for Dispatcher {
    fn default() -> Self {
        Dispatcher::new(DispatcherOptions::default())
    }
}

impl From<&DispatchError> for JobEnd {
    fn from(why: &DispatchError) -> Self {
        match why {
            DispatchError::NoExecutor { kind, .. } | DispatchError::OtherType { kind } => {
                JobEnd::NoExecutor((*kind).into())
            }
            DispatchError::Overloaded(max) => JobEnd::Overloaded(*max),
            DispatchError::Closed => JobEnd::Closed,
        }
    }
}

/// Actor of jobs that nobody put a name to.
pub(super) fn default_origin() -> Actor {
    thread_local!(static APP: Actor = Actor::new("app"));
    APP.with(Actor::clone)
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dispatcher").field("running", &self.running()).finish_non_exhaustive()
    }
}
