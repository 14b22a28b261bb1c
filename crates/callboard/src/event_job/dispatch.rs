//! A job with how it is to be run.

use super::{EventJob, Tracker};
use crate::{
    events::{Cause, SignalBus},
    typed::{Failure, new_id},
};
use callboard_flow::Backoff;
use callboard_protocol::{Actor, JobId, Node};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// An [`EventJob`] with how it is to be run (S2.2). A plain job converts into one.
///
/// ```
/// # use callboard::{DataSource, DomainEvent, EventJob};
/// # struct Greet;
/// # #[derive(Debug)] struct Greeted;
/// # impl DomainEvent for Greeted { fn topic(&self) -> &str { "greeted" } }
/// # impl EventJob for Greet {
/// #     const KIND: &'static str = "greet";
/// #     type Output = ();
/// #     type Event = Greeted;
/// #     fn event(&self, _: &(), _: DataSource) -> Greeted { Greeted }
/// # }
/// use callboard::{CancellationToken, Dispatch, Retry};
/// use std::time::Duration;
///
/// let all = CancellationToken::new();
/// let greet = Dispatch::new(Greet)
///     .timeout(Duration::from_secs(5))
///     .retry(Retry::attempts(3))
///     .cancel_with(all.clone());
/// ```
pub struct Dispatch<J> {
    pub(super) job: J,
    pub(super) id: Option<JobId>,
    pub(super) origin: Option<Actor>,
    pub(super) cause: Option<Cause>,
    pub(super) limits: Limits,
    pub(super) token: Option<CancellationToken>,
    pub(super) metadata: Node,
    pub(super) bus: Option<SignalBus>,
    pub(super) tracker: Option<Tracker>,
}

/// What bounds a run.
#[derive(Clone, Default)]
pub(super) struct Limits {
    pub(super) timeout: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    /// In a box, because few have one.
    pub(super) retry: Option<Box<Retry>>,
}

/// Says of a failure whether it is meant.
pub type FailureTest = Arc<dyn Fn(&Failure) -> bool + Send + Sync>;

/// When and how often a failed try is made again (X1, X2). The default is one try.
#[derive(Clone)]
pub struct Retry {
    /// How often, and the delays between the tries.
    pub backoff: Backoff,
    /// Whether another try may help, beside what [`JobFailure`](crate::JobFailure) says.
    pub only_if: Option<FailureTest>,
}

impl Retry {
    /// So many tries at all, 1 s, 2 s, 4 s, ... up to 30 s apart, without jitter (S2.12).
    pub fn attempts(max_attempts: u32) -> Self {
        Retry::new(Backoff::ORCHESTRATOR_CORE.with_max_attempts(max_attempts))
    }

    /// As often and as far apart as this says.
    pub fn new(backoff: Backoff) -> Self {
        Retry { backoff, only_if: None }
    }

    /// Only after such failures.
    pub fn only_if(self, helps: impl Fn(&Failure) -> bool + Send + Sync + 'static) -> Self {
        Retry { only_if: Some(Arc::new(helps)), ..self }
    }
}

impl<J: EventJob> Dispatch<J> {
    /// A job with the defaults: one try, no limit of time.
    pub fn new(job: J) -> Self {
        Dispatch {
            job,
            id: None,
            origin: None,
            cause: None,
            limits: Limits::default(),
            token: None,
            metadata: Node::Null,
            bus: None,
            tracker: None,
        }
    }

    /// With a name of your own.
    pub fn id(self, id: impl Into<JobId>) -> Self {
        Dispatch { id: Some(id.into()), ..self }
    }

    /// With a name that begins so and goes on with what makes it unique (S2.1).
    pub fn named(self, prefix: &str) -> Self {
        Dispatch { id: Some(JobId::new(format!("{prefix}-{}", new_id()))), ..self }
    }

    /// On behalf of this one. An orchestrator says so itself.
    pub fn origin(self, origin: Actor) -> Self {
        Dispatch { origin: Some(origin), ..self }
    }

    /// As part of this chain of causes.
    pub fn caused_by(self, cause: Cause) -> Self {
        Dispatch { cause: Some(cause), ..self }
    }

    /// Stopped after this time, whatever it is doing: all tries and the delays between them count (S2.10).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = Some(limit);
        self
    }

    /// Each try is stopped after this time, and counts as failed.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.limits.attempt_timeout = Some(limit);
        self
    }

    /// Tried more than once.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.limits.retry = Some(Box::new(retry));
        self
    }

    /// Cancelled with this token. Several jobs may share one: each listens for itself (W2.7).
    pub fn cancel_with(self, token: CancellationToken) -> Self {
        Dispatch { token: Some(token), ..self }
    }

    /// With facts for observers and for the work itself.
    pub fn metadata(self, metadata: Node) -> Self {
        Dispatch { metadata, ..self }
    }

    /// Tells its events here instead of on the dispatcher's bus.
    pub fn on(self, bus: SignalBus) -> Self {
        Dispatch { bus: Some(bus), ..self }
    }

    pub(crate) fn tracked(self, tracker: Tracker) -> Self {
        Dispatch { tracker: Some(tracker), ..self }
    }
}

impl<J: EventJob> From<J> for Dispatch<J> {
    fn from(job: J) -> Self {
        Dispatch::new(job)
    }
}
