//! Orchestrators: state that is folded from events, and reactions to them (S2.16 to S2.18, X8).
//!
//! Read [`Orchestrator`] first, then [`Reaction`], then `breaker.rs`.

mod breaker;
mod reaction;
mod slots;

use crate::{
    event_job::{Dispatch, Dispatcher, EventJob, Tracker},
    events::{Signal, SinkGuard},
    typed::JobHandle,
};
use breaker::Breaker;
pub use breaker::{BreakerLimits, BreakerOpened};
use callboard_protocol::{Actor, JobId};
pub use reaction::Reaction;
use reaction::Reactor;
use slots::Slots;
use std::{fmt, sync::Arc};
use tokio::sync::watch;

/// State that is folded from the events of a bus, and the jobs that are dispatched on its behalf.
///
/// The reducer runs while an event is emitted: when a job's handle settles, the state has seen its event (invariant 6).
/// It must be quick and must not block; a panic in it is logged, and leaves the state as it was. What it dispatches
/// starts after the state was shown. An event is *active* for the orchestrator when a job of its own caused it, which
/// the event itself says (S2.17): no timing is involved (W2.4).
///
/// Dropping it unsubscribes; jobs that are under way go on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use callboard::{DataSource, Dispatcher, DomainEvent, EventJob, JobFailure, Orchestrator, RunContext};
/// use std::sync::Arc;
///
/// struct Count(u32);
/// #[derive(Debug)]
/// struct Counted(u32);
/// impl DomainEvent for Counted {
///     fn topic(&self) -> &str { "counted" }
/// }
/// impl EventJob for Count {
///     const KIND: &'static str = "count";
///     type Output = u32;
///     type Event = Counted;
///     fn event(&self, total: &u32, _: DataSource) -> Counted { Counted(*total) }
/// }
/// async fn count(job: Arc<Count>, _: RunContext) -> Result<u32, JobFailure> { Ok(job.0) }
///
/// let dispatcher = Dispatcher::default();
/// dispatcher.register(count).expect("the kind is free");
/// let sum = Orchestrator::new("sum", &dispatcher, 0, |sum, reaction| {
///     if let Some(Counted(more)) = reaction.event() {
///         *sum += more;
///     }
/// });
/// sum.dispatch(Count(3)).await.expect("it counts");
/// assert_eq!(sum.state(), 3);
/// # }
/// ```
pub struct Orchestrator<S> {
    name: Actor,
    dispatcher: Dispatcher,
    state: watch::Receiver<S>,
    tracker: Tracker,
    slots: Slots,
    _sink: SinkGuard,
}

impl<S: Clone + PartialEq + Send + Sync + 'static> Orchestrator<S> {
    /// An orchestrator with the default [`BreakerLimits`].
    ///
    /// Its name is the origin of its jobs and thereby decides what is active; orchestrators of one name share that.
    pub fn new(
        name: impl Into<Actor>,
        dispatcher: &Dispatcher,
        initial: S,
        reducer: impl FnMut(&mut S, &mut Reaction<'_>) + Send + 'static,
    ) -> Self {
        Orchestrator::with_limits(name, dispatcher, initial, BreakerLimits::default(), reducer)
    }

    /// An orchestrator with limits of its own.
    pub fn with_limits(
        name: impl Into<Actor>,
        dispatcher: &Dispatcher,
        initial: S,
        limits: BreakerLimits,
        reducer: impl FnMut(&mut S, &mut Reaction<'_>) + Send + 'static,
    ) -> Self {
        let name = name.into();
        let (sender, state) = watch::channel(initial);
        let tracker = Tracker::default();
        let mut reactor = Reactor {
            name: name.clone(),
            dispatcher: dispatcher.downgrade(),
            tracker: tracker.clone(),
            breaker: Breaker::new(limits),
            state: sender,
            reducer,
        };
        let sink = dispatcher.bus().attach(move |signal| reactor.see(signal));
        let slots = Slots::default();
        Orchestrator { name, dispatcher: dispatcher.clone(), state, tracker, slots, _sink: sink }
    }

    /// The state now.
    pub fn state(&self) -> S {
        self.state.borrow().clone()
    }

    /// The state as it is now and each one after it; a slow reader skips to the newest (W2.10: the first one is there).
    pub fn watch(&self) -> watch::Receiver<S> {
        let mut state = self.state.clone();
        state.mark_changed();
        state
    }
}

impl<S> Orchestrator<S> {
    /// Starts a job on behalf of this orchestrator: its events are active here.
    pub fn dispatch<J: EventJob>(&self, job: impl Into<Dispatch<J>>) -> JobHandle<J::Output> {
        self.dispatcher.dispatch(job.into().origin(self.name.clone()).tracked(self.tracker.clone()))
    }

    /// Starts all of these; the handles are in the same order (S2.26).
    pub fn dispatch_all<J: EventJob, D: Into<Dispatch<J>>>(
        &self,
        jobs: impl IntoIterator<Item = D>,
    ) -> Vec<JobHandle<J::Output>> {
        jobs.into_iter().map(|job| self.dispatch(job)).collect()
    }

    /// Cancels what was started last in this slot and is still under way, and starts the job (S2.26, W2.11): only the
    /// newest search counts.
    pub fn dispatch_replacing_previous<J: EventJob>(
        &self,
        slot: &str,
        job: impl Into<Dispatch<J>>,
    ) -> JobHandle<J::Output> {
        let mut slots = self.slots.lock(&self.tracker);
        if let Some(previous) = slots.get(slot) {
            self.tracker.cancel(previous, "replaced by a newer one");
        }
        let handle = self.dispatch(job);
        slots.insert(slot.into(), handle.id().clone());
        handle
    }

    /// Starts the job unless what was started last in this slot is still under way (S2.26).
    pub fn dispatch_if_not_running<J: EventJob>(
        &self,
        slot: &str,
        job: impl Into<Dispatch<J>>,
    ) -> Option<JobHandle<J::Output>> {
        let mut slots = self.slots.lock(&self.tracker);
        if slots.get(slot).is_some_and(|previous| self.tracker.has(previous)) {
            return None;
        }
        let handle = self.dispatch(job);
        slots.insert(slot.into(), handle.id().clone());
        Some(handle)
    }

    /// Asks one of its jobs to stop; whether it was under way.
    pub fn cancel(&self, id: &JobId, reason: &str) -> bool {
        self.tracker.cancel(id, reason)
    }

    /// Whether one of its jobs is under way. When its handle has settled for good, it is not.
    pub fn is_running(&self, id: &JobId) -> bool {
        self.tracker.has(id)
    }

    /// Whether any of its jobs is under way.
    pub fn has_active_jobs(&self) -> bool {
        self.tracker.len() > 0
    }

    /// Whether an event is active here: caused by one of its own jobs.
    pub fn is_active(&self, signal: &Signal) -> bool {
        signal.origin == self.name
    }

    /// Its name, which is the origin of its jobs.
    pub fn name(&self) -> &Actor {
        &self.name
    }
}

impl<S: fmt::Debug> fmt::Debug for Orchestrator<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Orchestrator")
            .field("name", &self.name)
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}

/// A dispatcher without keeping it alive: it holds the bus, and the bus holds the reactor.
pub(crate) type WeakDispatcher = std::sync::Weak<crate::event_job::Services>;

impl Dispatcher {
    fn downgrade(&self) -> WeakDispatcher {
        Arc::downgrade(&self.0)
    }

    fn upgrade(weak: &WeakDispatcher) -> Option<Dispatcher> {
        weak.upgrade().map(Dispatcher)
    }
}
