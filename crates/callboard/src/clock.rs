//! The wall clock, made monotone.

use callboard_protocol::Time;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A wall clock that never goes back: after a backward jump it stands until real time has caught up.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    /// A clock that starts no earlier than `at`, such as the last change of a recovered journal.
    pub(crate) fn not_before(at: Time) -> Self {
        Clock(AtomicI64::new(at.0))
    }

    pub(crate) fn now(&self) -> Time {
        let wall = wall().0;
        Time(self.0.fetch_max(wall, Ordering::Relaxed).max(wall))
    }
}

/// What the wall clock says; it may go back.
pub(crate) fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Time(i64::try_from(since).unwrap_or(i64::MAX))
}
