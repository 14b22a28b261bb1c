//! What a board takes from the machine that it runs on: the time of day, names, and chance.
//!
//! Nothing else of a board's decisions depends on where and when it runs, so a host that is made from a seed makes the
//! same journal, byte for byte, each time: that is what the simulation does.

use callboard_protocol::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// See the module. A board asks it often, and from the task that decides: answers must not wait.
pub trait Host: Send + Sync + 'static {
    /// What the wall clock says; it may go back.
    fn now(&self) -> Time;

    /// A name that nothing else has, made like an id. Of two names of one process the later one sorts behind.
    fn name(&self) -> String;

    /// A number in 0..1, for jitter.
    fn chance(&self) -> f64;
}

/// The machine itself: its clock, UUIDs of version 7, and a generator that it has seeded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Host for Machine {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Time(i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn name(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}
