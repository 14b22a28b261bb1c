//! One run of an event job: a pipeline of named steps that settles its handle exactly once (S2.5, S2.6, W2.1).

use super::{
    Control, Dispatch, Dispatcher, EventJob, RunContext, Tracker, Work,
    dispatch::Limits,
    dispatcher::{Services, default_origin},
    fetch::Fetched,
};
use crate::{
    CachePolicy,
    events::{Cause, DataSource, Signal, SignalBus},
    observer::{JobInfo, Problem},
    typed::{Ending, Failure, JobEnd, Settled, new_id},
};
use callboard_protocol::JobId;
use futures_util::FutureExt as _;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

type Settle<J> = oneshot::Sender<Ending<<J as EventJob>::Output>>;

/// A job under way.
pub(super) struct Run<J: EventJob> {
    pub(super) dispatcher: Dispatcher,
    pub(super) job: Arc<J>,
    pub(super) info: Arc<JobInfo>,
    pub(super) control: Arc<Control>,
    pub(super) limits: Limits,
    /// When its whole time is over (S2.10).
    pub(super) deadline: Option<Instant>,
    pub(super) token: Option<CancellationToken>,
    bus: Option<SignalBus>,
    placeholder: Option<J::Output>,
    /// Gone when the handle has settled.
    settle: Option<Settle<J>>,
    /// Gone when nothing more is done.
    place: Option<Place>,
}

/// Where it is known that a job is under way.
struct Place {
    seat: usize,
    tracker: Option<Tracker>,
}

impl<J: EventJob> Run<J> {
    pub(super) fn new(
        dispatcher: Dispatcher,
        dispatch: Dispatch<J>,
        control: Arc<Control>,
        (settle, seat): (Settle<J>, usize),
    ) -> Self {
        let id = dispatch.id.unwrap_or_else(new_id);
        if let Some(tracker) = &dispatch.tracker {
            tracker.enter(&id, &control);
        }
        let info = JobInfo {
            kind: J::KIND,
            origin: dispatch.origin.unwrap_or_else(default_origin),
            cause: dispatch.cause.unwrap_or_else(|| Cause::root(id.clone())),
            metadata: dispatch.metadata,
            id,
        };
        Run {
            dispatcher,
            job: Arc::new(dispatch.job),
            info: Arc::new(info),
            control,
            deadline: dispatch.limits.timeout.and_then(|limit| Instant::now().checked_add(limit)),
            limits: dispatch.limits,
            token: dispatch.token,
            bus: dispatch.bus,
            placeholder: None,
            settle: Some(settle),
            place: Some(Place { seat, tracker: dispatch.tracker }),
        }
    }

    pub(super) fn id(&self) -> &JobId {
        &self.info.id
    }

    /// Runs to the end, whatever the work or the job's own methods do.
    pub(super) async fn go<W: Work<J>>(&mut self, work: &W) {
        let ended = AssertUnwindSafe(self.pipeline(work)).catch_unwind().await;
        let ended = ended.unwrap_or_else(|panic| Err(JobEnd::Failed(Failure::panicked(&*panic, 0))));
        if let Err(end) = ended {
            self.fail(end);
        }
    }

    async fn pipeline<W: Work<J>>(&mut self, work: &W) -> Result<(), JobEnd> {
        self.services().observers.tell("on_start", |observer| observer.on_start(&self.info));
        self.check_stop()?;
        if let Some(placeholder) = self.job.placeholder() {
            self.tell(&placeholder, DataSource::Optimistic);
            self.placeholder = Some(placeholder);
        }
        match self.job.cache() {
            None => {
                let output = self.fetch(work).await?;
                self.check_stop()?;
                self.succeed(output, DataSource::Fresh, true);
            }
            // In a box, so that jobs without a cache do not carry its room.
            Some(policy) => Box::pin(self.cached_pipeline(&policy, work)).await?,
        }
        Ok(())
    }

    /// Stale while revalidate, in the order of S2.6: what is cached is told and settles the handle; then, when it is
    /// to be revalidated, the work is done all the same, and its result cached and told.
    async fn cached_pipeline<W: Work<J>>(&mut self, policy: &CachePolicy, work: &W) -> Result<(), JobEnd> {
        let mark = self.services().flights.mark();
        if !policy.force_refresh
            && let Some(kept) = self.read(policy).await
        {
            self.succeed(kept?, DataSource::Cached, !policy.revalidate);
            if !policy.revalidate {
                return Ok(());
            }
        }
        match self.fetch_for_key(policy, work, mark).await? {
            Fetched::Fresh(output) => self.succeed(output, DataSource::Fresh, true),
            Fetched::Kept(output) => self.succeed(output, DataSource::Cached, true),
        }
        Ok(())
    }

    /// Domain event, observers, handle: in this order (invariant 6).
    fn succeed(&mut self, output: J::Output, source: DataSource, is_last: bool) {
        self.tell(&output, source);
        let observers = &self.services().observers;
        observers.tell("on_success", |observer| observer.on_success(&self.info, &output, source));
        if is_last {
            self.leave();
        }
        self.settle(Ok(Settled { value: output, source }));
    }

    fn tell(&self, output: &J::Output, source: DataSource) {
        if !self.is_heard() {
            return;
        }
        self.emit(self.job.event(output, source), source);
    }

    fn bus(&self) -> &SignalBus {
        self.bus.as_ref().unwrap_or(&self.services().bus)
    }

    /// Whether an event needs to be made at all.
    fn is_heard(&self) -> bool {
        self.bus().is_heard() || self.services().observers.has_any()
    }

    fn emit(&self, event: J::Event, source: DataSource) {
        let signal: Arc<Signal> = Arc::new(Signal {
            correlation_id: self.info.id.clone(),
            origin: self.info.origin.clone(),
            kind: Some(J::KIND.into()),
            source,
            at: crate::clock::wall(),
            cause: self.info.cause.clone(),
            event,
        });
        self.bus().emit(signal.clone());
        self.services().observers.tell("on_event", |observer| observer.on_event(&signal));
    }

    /// Errors are told to observers and to the handle; they are events only when the job says so (S2.7).
    fn fail(&mut self, end: JobEnd) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            if self.is_heard()
                && let Some(event) = self.job.failure_event(&end, self.placeholder.as_ref())
            {
                self.emit(event, DataSource::Failed);
            }
        }));
        if told.is_err() {
            tracing::warn!(kind = J::KIND, "the event of a failure could not be made");
        }
        let observers = &self.services().observers;
        observers.tell("on_error", |observer| observer.on_error(&self.info, Problem::Ended(&end)));
        self.leave();
        self.settle(Err(end));
    }

    /// The job is no longer under way; before its handle settles, so that whoever awaits that finds it so.
    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.control.end_progress();
            self.dispatcher.0.roster.leave(place.seat);
            if let Some(tracker) = &place.tracker {
                tracker.leave(&self.info.id);
            }
        }
    }

    /// Only the first one counts.
    fn settle(&mut self, ended: Ending<J::Output>) {
        if let Some(settle) = self.settle.take() {
            self.control.set_settled();
            // Nobody has to wait for it.
            let _ = settle.send(ended);
        }
    }

    pub(super) fn check_stop(&self) -> Result<(), JobEnd> {
        if self.token.as_ref().is_some_and(CancellationToken::is_cancelled) {
            self.control.cancel(None);
        }
        self.control.end().map_or(Ok(()), Err)
    }

    pub(super) fn services(&self) -> &Services {
        &self.dispatcher.0
    }

    pub(super) fn context(&self, attempt: u32) -> RunContext {
        RunContext {
            info: self.info.clone(),
            control: self.control.clone(),
            dispatcher: self.dispatcher.clone(),
            attempt,
        }
    }
}

impl<J: EventJob> Drop for Run<J> {
    /// Also when the runtime ends in the middle of it: then the handle hears [`JobEnd::Closed`].
    fn drop(&mut self) {
        self.leave();
        self.control.set_settled();
    }
}
