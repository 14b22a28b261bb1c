//! The wall clock, made monotone.

use crate::host::{Host, Machine};
use callboard_protocol::Time;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A wall clock that never goes back: after a backward jump it stands until real time has caught up.
pub(crate) struct Clock {
    host: Arc<dyn Host>,
    last: AtomicI64,
}

impl Clock {
    /// A clock that starts no earlier than `at`, such as the last change of a recovered journal.
    pub(crate) fn not_before(at: Time, host: Arc<dyn Host>) -> Self {
        Clock { host, last: AtomicI64::new(at.0) }
    }

    pub(crate) fn now(&self) -> Time {
        let wall = self.host.now().0;
        Time(self.last.fetch_max(wall, Ordering::Relaxed).max(wall))
    }
}

/// What the wall clock says; it may go back.
pub(crate) fn wall() -> Time {
    Machine.now()
}
