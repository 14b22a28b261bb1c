//! One event and what is known about where it comes from.

use crate::{clock, event_job::EventJob, typed};
use callboard_protocol::{Actor, JobId, Time};
use std::{any::Any, borrow::Cow, fmt, sync::Arc};

/// Something that happened in the words of your program: `UsersLoaded`, `OrderPlaced`.
///
/// ```
/// use callboard::DomainEvent;
///
/// #[derive(Debug)]
/// enum Cart {
///     Filled { items: usize },
///     Emptied,
/// }
///
/// impl DomainEvent for Cart {
///     fn topic(&self) -> &str {
///         match self {
///             Cart::Filled { .. } => "cart.filled",
///             Cart::Emptied => "cart.emptied",
///         }
///     }
/// }
/// ```
pub trait DomainEvent: Any + fmt::Debug + Send + Sync {
    /// A stable name, for logs and filters; never a Rust type name (W2.9).
    fn topic(&self) -> &str;
}

/// Where the data of an event or result comes from (S2.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataSource {
    /// From the work itself, just now.
    Fresh,
    /// From the cache.
    Cached,
    /// Assumed before the work was done.
    Optimistic,
    /// There is none: the work failed.
    Failed,
}

/// The chain of causes that something stands in: an event, the command that answered it, its events, and so on (X8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The job that began the chain.
    pub root: JobId,
    /// How many reactions lie between; 0 for what no event caused.
    pub depth: u32,
}

impl Cause {
    /// The beginning of a chain.
    pub fn root(id: JobId) -> Self {
        Cause { root: id, depth: 0 }
    }

    /// One reaction further.
    pub fn next(&self) -> Self {
        Cause { root: self.root.clone(), depth: self.depth.saturating_add(1) }
    }
}

/// A domain event with its circumstances. On a bus it is a `Signal<dyn DomainEvent>`; [`Signal::get`] looks inside.
#[derive(Clone, Debug)]
pub struct Signal<E: ?Sized = dyn DomainEvent> {
    /// The job that caused it; all events of one job have the same.
    pub correlation_id: JobId,
    /// Who dispatched that job. What an orchestrator itself caused is *active* for it (S2.17).
    pub origin: Actor,
    /// The kind of that job; `None` when no job caused it.
    pub kind: Option<Cow<'static, str>>,
    /// Where its data comes from.
    pub source: DataSource,
    /// When it happened.
    pub at: Time,
    /// The chain that it stands in.
    pub cause: Cause,
    /// What happened.
    pub event: E,
}

impl<E: DomainEvent> Signal<E> {
    /// An event that no job caused, such as one from outside of the program.
    pub fn new(event: E, origin: Actor) -> Self {
        let id = typed::new_id();
        Signal {
            cause: Cause::root(id.clone()),
            correlation_id: id,
            origin,
            kind: None,
            source: DataSource::Fresh,
            at: clock::wall(),
            event,
        }
    }
}

impl Signal {
    /// The event, when it is one of these.
    pub fn get<E: DomainEvent>(&self) -> Option<&E> {
        let event: &dyn Any = &self.event;
        event.downcast_ref()
    }

    /// The event's stable name.
    pub fn topic(&self) -> &str {
        self.event.topic()
    }

    /// Whether a job of this type caused it (S2.0).
    pub fn is_from<J: EventJob>(&self) -> bool {
        self.kind.as_deref() == Some(J::KIND)
    }
}

impl<E: DomainEvent> From<Signal<E>> for Arc<Signal> {
    fn from(signal: Signal<E>) -> Self {
        Arc::new(signal)
    }
}
