//! The wall clock, made monotone.

use crate::host::{Host, Machine};
use callboard_protocol::Time;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// A wall clock that never goes back. After a backward jump it goes at half the speed until real time has caught up: if
/// it stood, a delay of a second would take an hour when the clock is set back by one.
pub(crate) struct Clock {
    host: Arc<dyn Host>,
    /// The last time that came from the wall, and when that was.
    anchor: Mutex<(i64, Instant)>,
}

impl Clock {
    /// A clock that starts no earlier than `at`, such as the last change of a recovered journal.
    pub(crate) fn not_before(at: Time, host: Arc<dyn Host>) -> Self {
        Clock { host, anchor: Mutex::new((at.0, Instant::now())) }
    }

    pub(crate) fn now(&self) -> Time {
        let wall = self.host.now().0;
        let now = Instant::now();
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(now.duration_since(anchor.1).as_millis() / 2).unwrap_or(i64::MAX);
        let slow = anchor.0.saturating_add(passed);
        if wall < slow {
            return Time(slow);
        }
        *anchor = (wall, now);
        Time(wall)
    }
}

/// What the wall clock says; it may go back.
pub(crate) fn wall() -> Time {
    Machine.now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicI64, Ordering},
        time::Duration,
    };

    /// A wall clock that is set by hand and stands otherwise.
    struct Wall(AtomicI64);

    impl Host for Wall {
        fn now(&self) -> Time {
            Time(self.0.load(Ordering::Relaxed))
        }

        fn name(&self) -> String {
            String::new()
        }

        fn chance(&self) -> f64 {
            0.0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_set_back_goes_on_at_half_the_speed_until_real_time_is_there() {
        let wall = Arc::new(Wall(AtomicI64::new(10_000)));
        let clock = Clock::not_before(Time(4_000), wall.clone());
        assert_eq!(clock.now(), Time(10_000));
        wall.0.store(7_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Time(10_000), "never back");
        tokio::time::advance(Duration::from_secs(2)).await;
        wall.0.store(9_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Time(11_000), "a delay does not wait for hours");
        tokio::time::advance(Duration::from_secs(4)).await;
        wall.0.store(13_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Time(13_000), "caught up");
        tokio::time::advance(Duration::from_secs(1)).await;
        wall.0.store(14_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Time(14_000));
    }
}
