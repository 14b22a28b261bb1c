//! So many calls in any stretch of time: a sliding window (S1.18).

use crate::caps;
use std::{collections::VecDeque, time::Duration};

/// Which calls may pass, as a pure calculation; `RateLimiter` waits by it.
///
/// No stretch of `per` ever holds more than `max` calls; there is no burst at the edge of a window, because there is
/// no edge.
///
/// ```
/// use callboard_flow::SlidingWindow;
/// use std::time::Duration;
///
/// let mut window = SlidingWindow::new(2, Duration::from_secs(1));
/// let at = Duration::from_millis;
/// assert_eq!((window.try_take(at(0)), window.try_take(at(400))), (Ok(()), Ok(())));
/// assert_eq!(window.try_take(at(900)), Err(at(100)));
/// assert_eq!(window.try_take(at(1000)), Ok(()));
/// ```
#[derive(Clone, Debug)]
pub struct SlidingWindow {
    max: usize,
    per: Duration,
    calls: VecDeque<Duration>,
}

impl SlidingWindow {
    /// At most `max` calls in any stretch of `per`; 0 lets nothing through, and above 65 536 is read as that.
    ///
    /// ```
    /// # use callboard_flow::SlidingWindow;
    /// # use std::time::Duration;
    /// let mut shut = SlidingWindow::new(0, Duration::from_secs(1));
    /// assert_eq!(shut.try_take(Duration::ZERO), Err(Duration::MAX));
    /// ```
    pub fn new(max: usize, per: Duration) -> Self {
        SlidingWindow { max: max.min(caps::WINDOW_CALLS), per, calls: VecDeque::new() }
    }

    /// Lets a call through at `now`, or says how long it takes until one can pass: [`Duration::MAX`] for never.
    ///
    /// # Errors
    ///
    /// The time to wait; the call does not count.
    ///
    /// ```
    /// # use callboard_flow::SlidingWindow;
    /// # use std::time::Duration;
    /// let mut window = SlidingWindow::new(1, Duration::from_secs(1));
    /// assert!(window.try_take(Duration::ZERO).is_ok() && window.try_take(Duration::ZERO).is_err());
    /// ```
    pub fn try_take(&mut self, now: Duration) -> Result<(), Duration> {
        self.forget(now);
        if self.calls.len() < self.max {
            self.calls.push_back(now.max(self.calls.back().copied().unwrap_or_default()));
            return Ok(());
        }
        // With `max` calls inside, the oldest one has to leave.
        Err(self
            .calls
            .front()
            .map_or(Duration::MAX, |oldest| oldest.saturating_add(self.per).saturating_sub(now)))
    }

    /// How many calls passed in the stretch before `now`.
    ///
    /// ```
    /// # use callboard_flow::SlidingWindow;
    /// # use std::time::Duration;
    /// let mut window = SlidingWindow::new(9, Duration::from_secs(1));
    /// let _ = window.try_take(Duration::ZERO);
    /// assert_eq!((window.count(Duration::ZERO), window.count(Duration::from_secs(1))), (1, 0));
    /// ```
    pub fn count(&mut self, now: Duration) -> usize {
        self.forget(now);
        self.calls.len()
    }

    /// Forgets all calls.
    ///
    /// ```
    /// # use callboard_flow::SlidingWindow;
    /// # use std::time::Duration;
    /// let mut window = SlidingWindow::new(1, Duration::from_secs(1));
    /// let _ = window.try_take(Duration::ZERO);
    /// window.reset();
    /// assert!(window.try_take(Duration::ZERO).is_ok());
    /// ```
    pub fn reset(&mut self) {
        self.calls.clear();
    }

    fn forget(&mut self, now: Duration) {
        while self.calls.front().is_some_and(|call| now.saturating_sub(*call) >= self.per) {
            self.calls.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No stretch of the window's length holds more calls than allowed, and the wait it names is enough.
        #[test]
        fn no_stretch_holds_more(max in 0usize..5, pauses in proptest::collection::vec(0u64..600, 0..80)) {
            let per = Duration::from_secs(1);
            let mut window = SlidingWindow::new(max, per);
            let (mut now, mut passed) = (Duration::ZERO, Vec::new());
            for pause in pauses {
                now += Duration::from_millis(pause);
                match window.try_take(now) {
                    Ok(()) => passed.push(now),
                    Err(wait) if max > 0 => prop_assert_eq!(window.clone().try_take(now + wait), Ok(())),
                    Err(wait) => prop_assert_eq!(wait, Duration::MAX),
                }
            }
            for (index, call) in passed.iter().enumerate() {
                prop_assert!(passed[index..].iter().filter(|later| **later - *call < per).count() <= max);
            }
        }
    }

    #[test]
    fn its_memory_has_an_end() {
        let mut window = SlidingWindow::new(usize::MAX, Duration::from_secs(1));
        let passed = (0..100_000).filter(|_| window.try_take(Duration::ZERO).is_ok()).count();
        assert_eq!(passed, caps::WINDOW_CALLS);
    }
}
