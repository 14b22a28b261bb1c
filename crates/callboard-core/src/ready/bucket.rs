//! A token bucket as one number (the generic cell rate algorithm): the time at which it would be full again.

use callboard_protocol::{Time, queue::Rate};

/// Microseconds since 1970 at which the bucket is full. No timer runs: a look at the time is enough.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket(i64);

impl Bucket {
    /// Takes a token at this time.
    pub(super) fn charge(&mut self, rate: &Rate, at: Time) {
        self.0 = self.0.max(at.0.saturating_mul(1000)).saturating_add(interval_us(rate));
    }

    /// The earliest time at which there is a token.
    pub(super) fn ready_at(self, rate: &Rate) -> Time {
        let burst = i64::from(rate.burst.unwrap_or(rate.limit).max(1));
        let earliest = self.0.saturating_sub(interval_us(rate).saturating_mul(burst - 1)).max(0);
        Time(earliest / 1000 + i64::from(earliest % 1000 > 0))
    }

    /// When nothing is owed any more.
    pub(super) fn full_at(self) -> Time {
        Time(self.0 / 1000 + i64::from(self.0 % 1000 > 0))
    }
}

/// Rounded up, so that a window never holds more starts than its limit.
fn interval_us(rate: &Rate) -> i64 {
    let window = i64::try_from(rate.per_ms).unwrap_or(i64::MAX).saturating_mul(1000);
    let limit = i64::from(rate.limit.max(1));
    (window / limit + i64::from(window % limit > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(rate: &Rate, until: i64) -> Vec<i64> {
        let (mut bucket, mut starts) = (Bucket::default(), Vec::new());
        bucket.charge(rate, Time(1_000_000));
        starts.push(0);
        loop {
            let at = bucket.ready_at(rate).max(Time(1_000_000));
            if at.0 > 1_000_000 + until {
                return starts;
            }
            bucket.charge(rate, at);
            starts.push(at.0 - 1_000_000);
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_step() {
        let rate = Rate { limit: 2, per_ms: 1000, burst: None };
        assert_eq!(starts(&rate, 1500), [0, 0, 500, 1000, 1500]);
        let even = Rate { burst: Some(1), ..rate };
        assert_eq!(starts(&even, 1500), [0, 500, 1000, 1500]);
    }

    #[test]
    fn enormous_settings_do_not_overflow() {
        let rate = Rate { limit: 1, per_ms: u64::MAX, burst: Some(u32::MAX) };
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            bucket.charge(&rate, Time::MAX);
        }
        assert!(bucket.ready_at(&rate) >= Time(0));
    }
}
