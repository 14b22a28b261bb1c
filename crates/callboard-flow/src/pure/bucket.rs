//! A token bucket: so much per second on average, with a burst (bandwidth, S1.24).

use std::time::Duration;

/// How much may pass when, as a pure calculation; `Throughput` waits by it.
///
/// It fills by `rate` per second up to `burst`. An amount passes when that much is there, or when the bucket is full:
/// so one larger than the burst passes too, and those after it wait for what it took.
///
/// ```
/// use callboard_flow::TokenBucket;
/// use std::time::Duration;
///
/// let mut bucket = TokenBucket::new(100.0, 50.0);
/// let at = Duration::from_millis;
/// assert_eq!(bucket.try_take(at(0), 50.0), Ok(()));
/// assert_eq!(bucket.try_take(at(0), 10.0), Err(at(100)));
/// assert_eq!(bucket.try_take(at(100), 10.0), Ok(()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: f64,
    burst: f64,
    level: f64,
    at: Duration,
}

impl TokenBucket {
    /// A full bucket. What is below 0 or no number is read as 0, and a burst as at least 1; a rate of 0 is a stop.
    ///
    /// ```
    /// # use callboard_flow::TokenBucket;
    /// # use std::time::Duration;
    /// let mut stopped = TokenBucket::new(0.0, 1.0);
    /// assert_eq!(stopped.try_take(Duration::ZERO, 1.0), Ok(()), "it was full");
    /// assert_eq!(stopped.try_take(Duration::ZERO, 1.0), Err(Duration::MAX));
    /// ```
    pub fn new(rate: f64, burst: f64) -> Self {
        let burst = amount(burst).max(1.0);
        TokenBucket { rate: amount(rate), burst, level: burst, at: Duration::ZERO }
    }

    /// What comes in per second.
    ///
    /// ```
    /// # use callboard_flow::TokenBucket;
    /// assert_eq!(TokenBucket::new(f64::NAN, 1.0).rate(), 0.0);
    /// ```
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// What it holds at most.
    ///
    /// ```
    /// # use callboard_flow::TokenBucket;
    /// assert_eq!(TokenBucket::new(5.0, 0.0).burst(), 1.0);
    /// ```
    pub fn burst(&self) -> f64 {
        self.burst
    }

    /// Fills by another rate from `now` on.
    ///
    /// ```
    /// # use callboard_flow::TokenBucket;
    /// # use std::time::Duration;
    /// let mut bucket = TokenBucket::new(1.0, 1.0);
    /// bucket.set_rate(Duration::from_secs(1), 100.0);
    /// assert_eq!(bucket.rate(), 100.0);
    /// ```
    pub fn set_rate(&mut self, now: Duration, rate: f64) {
        self.fill(now);
        self.rate = amount(rate);
    }

    /// Takes `wanted` at `now`, or says how long it takes until that is possible: [`Duration::MAX`] for never.
    ///
    /// # Errors
    ///
    /// The time to wait; nothing was taken.
    ///
    /// ```
    /// # use callboard_flow::TokenBucket;
    /// # use std::time::Duration;
    /// let mut bucket = TokenBucket::new(10.0, 10.0);
    /// assert_eq!(bucket.try_take(Duration::ZERO, 30.0), Ok(()), "more than the burst, from a full bucket");
    /// assert_eq!(bucket.try_take(Duration::ZERO, 1.0), Err(Duration::from_millis(2100)));
    /// ```
    pub fn try_take(&mut self, now: Duration, wanted: f64) -> Result<(), Duration> {
        self.fill(now);
        let wanted = amount(wanted);
        let missing = wanted.min(self.burst) - self.level;
        // What comes in within a nanosecond is less than a time can say: a wait would be rounded to nothing.
        if missing <= (self.burst + self.rate) * 1e-9 {
            self.level -= wanted;
            return Ok(());
        }
        Err(Duration::try_from_secs_f64(missing / self.rate).unwrap_or(Duration::MAX))
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.level = (self.level + passed * self.rate).min(self.burst);
    }
}

/// `value` as an amount: finite and not below 0.
fn amount(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, f64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Over any stretch of time no more passes than burst + rate * time and the last amount.
        #[test]
        fn the_average_holds(
            rate in 1.0f64..1e6, burst in 1.0f64..1e6,
            asks in proptest::collection::vec((0u64..400, 0.0f64..2e6), 1..100),
        ) {
            let mut bucket = TokenBucket::new(rate, burst);
            let (mut now, mut passed, mut largest) = (Duration::ZERO, 0.0, 0.0f64);
            for (pause, wanted) in asks {
                now += Duration::from_millis(pause);
                if bucket.try_take(now, wanted).is_ok() {
                    passed += wanted;
                    largest = largest.max(wanted);
                }
                let most = burst.max(largest) + burst + rate * now.as_secs_f64();
                prop_assert!(passed <= most * 1.000_001, "{passed} of {most}");
            }
        }

        /// What it says to wait is enough, and it is never nothing.
        #[test]
        fn the_wait_is_right(rate in 0.5f64..1e8, burst in 1.0f64..1e6, takes in proptest::collection::vec(1.0f64..1e6, 1..20)) {
            let mut bucket = TokenBucket::new(rate, burst);
            let mut now = Duration::ZERO;
            for wanted in takes {
                if let Err(wait) = bucket.try_take(now, wanted) {
                    prop_assert!(wait > Duration::ZERO && wait < Duration::MAX);
                    now += wait;
                    prop_assert_eq!(bucket.try_take(now, wanted), Ok(()));
                }
            }
        }
    }

    #[test]
    fn nonsense_stops_instead_of_flooding() {
        for rate in [f64::NAN, -1.0, 0.0] {
            let mut bucket = TokenBucket::new(rate, f64::NAN);
            assert_eq!(bucket.try_take(Duration::ZERO, 1.0), Ok(()));
            assert_eq!(bucket.try_take(Duration::from_secs(1 << 40), 1.0), Err(Duration::MAX));
        }
        let mut endless = TokenBucket::new(f64::INFINITY, f64::INFINITY);
        assert_eq!(endless.try_take(Duration::ZERO, f64::INFINITY), Ok(()));
    }
}
