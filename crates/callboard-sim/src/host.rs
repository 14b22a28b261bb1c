//! The machine of a simulated board: a wall clock that jumps, names that are counted, chance from the seed.

use crate::dice::Dice;
use callboard::Host;
use callboard_protocol::Time;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// When the world begins: 2030-01-01.
const BEGIN_MS: i64 = 1_893_456_000_000;

/// See the module. Time passes only inside of a runtime whose clock is paused.
#[derive(Debug)]
pub(crate) struct SimHost(Mutex<Works>);

#[derive(Debug)]
struct Works {
    /// What has passed before the present boot, ms.
    before: u64,
    /// When the present boot began.
    since: Option<Instant>,
    /// By how much the wall clock is wrong, ms.
    skew: i64,
    names: u64,
    dice: Dice,
}

impl SimHost {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = Dice::of(seed, "host");
        SimHost(Mutex::new(Works { before: 0, since: None, skew: 0, names: 0, dice }))
    }

    /// A boot begins, in the runtime of the caller.
    pub(crate) fn power_on(&self) {
        self.works().since = Some(Instant::now());
    }

    /// The boot is over; the machine stands still for a while. Must be called in the boot's runtime.
    pub(crate) fn power_off(&self, pause: Duration) {
        let mut works = self.works();
        works.before = works.elapsed() + millis(pause);
        works.since = None;
    }

    /// Moves the wall clock; real time goes on as before.
    pub(crate) fn jump(&self, by_ms: i64) {
        self.works().skew += by_ms;
    }

    /// Real time since the world began, ms.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.works().elapsed()
    }

    fn works(&self) -> MutexGuard<'_, Works> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Works {
    fn elapsed(&self) -> u64 {
        self.before + self.since.map_or(0, |since| millis(since.elapsed()))
    }
}

impl Host for SimHost {
    fn now(&self) -> Time {
        let works = self.works();
        Time(BEGIN_MS + works.skew.saturating_add_unsigned(works.elapsed()))
    }

    fn name(&self) -> String {
        let mut works = self.works();
        works.names += 1;
        format!("01900000-0000-7000-8000-{:012x}", works.names)
    }

    fn chance(&self) -> f64 {
        self.works().dice.fraction()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
