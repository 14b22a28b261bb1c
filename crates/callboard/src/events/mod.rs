//! Domain events: what happened, to whom it matters, and the bus that carries it (S2.20).
//!
//! Read [`Signal`] first, then [`SignalBus`].

mod bus;
mod journal;
mod signal;
mod subscription;

pub use bus::{BusStats, SignalBus, SinkGuard};
pub(crate) use journal::Origins;
pub use journal::{JournalEvent, JournalEventsMissed};
pub use signal::{Cause, DataSource, DomainEvent, Signal};
pub use subscription::{Heard, Subscription};
