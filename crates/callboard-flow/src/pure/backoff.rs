//! How long to wait before the next try, and how often to try (X1, X2).

use std::{num::NonZeroU32, time::Duration};

/// Delays that grow between tries, and a limit of tries.
///
/// The delay after `n` failures is `initial * factor^(n-1)`, at most `max`, spread by `± jitter`, and then held
/// inside `min..=max`. The exponent saturates (W2.9) and the jitter never leaves the band (S1.2 went above it).
/// Values that make no sense are read as the nearest that do: a factor below 1 or NaN as 1, a jitter outside 0..=1
/// as its end or 0, a `min` above `max` as `max`.
///
/// ```
/// use callboard_flow::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff { jitter: 0.0, ..Backoff::default() };
/// let delays: Vec<u64> = (1..=7).map(|failures| backoff.delay(failures, 0.5).as_secs()).collect();
/// assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The delay after the first failure, before jitter.
    pub initial: Duration,
    /// Growth per failure, at least 1.
    pub factor: f64,
    /// No delay is shorter than this, whatever the jitter says.
    pub min: Duration,
    /// No delay is longer than this, whatever the jitter says.
    pub max: Duration,
    /// Spread as a part of the delay, 0..=1. It keeps many clients from coming back in step.
    pub jitter: f64,
    /// How many calls are made at most, the first one included; `None` is without end.
    pub max_attempts: Option<NonZeroU32>,
}

impl Default for Backoff {
    /// [`Backoff::ORCHESTRATION`]: three calls, 1 s doubling to 30 s, a quarter of jitter.
    fn default() -> Self {
        Backoff::ORCHESTRATION
    }
}

impl Backoff {
    /// Seed 0's reconnect: 3 s doubling to 24 s, no jitter, without end (S0.34).
    pub const GENERATION: Backoff = Backoff {
        initial: Duration::from_secs(3),
        factor: 2.0,
        min: Duration::from_secs(3),
        max: Duration::from_secs(24),
        jitter: 0.0,
        max_attempts: None,
    };
    /// Seed 1's retry: 1 s doubling to 30 s, ± 25 %, three calls (S1.1). Its jitter stays below the cap here.
    pub const ORCHESTRATION: Backoff = Backoff {
        initial: Duration::from_secs(1),
        factor: 2.0,
        min: Duration::ZERO,
        max: Duration::from_secs(30),
        jitter: 0.25,
        max_attempts: NonZeroU32::new(3),
    };
    /// Seed 2's policy: 1 s doubling to 30 s, no jitter, three retries and so four calls (S2.12, X1).
    pub const ORCHESTRATOR_CORE: Backoff = Backoff {
        initial: Duration::from_secs(1),
        factor: 2.0,
        min: Duration::from_secs(1),
        max: Duration::from_secs(30),
        jitter: 0.0,
        max_attempts: NonZeroU32::new(4),
    };
    /// Seed 3's reconnect: 1 s growing by 1.8 to 15 s, ± 20 %, without end (S3.15, S3.23).
    pub const STATE_SYNC: Backoff = Backoff {
        initial: Duration::from_secs(1),
        factor: 1.8,
        min: Duration::from_secs(1),
        max: Duration::from_secs(15),
        jitter: 0.2,
        max_attempts: None,
    };
    /// Seed 4's reconnect: 1 s doubling to 30 s, no jitter, five calls (X2).
    pub const ORCHFLOW: Backoff = Backoff {
        initial: Duration::from_secs(1),
        factor: 2.0,
        min: Duration::from_secs(1),
        max: Duration::from_secs(30),
        jitter: 0.0,
        max_attempts: NonZeroU32::new(5),
    };

    /// The same delay after every failure, without jitter or end.
    ///
    /// ```
    /// use callboard_flow::Backoff;
    /// use std::time::Duration;
    ///
    /// let backoff = Backoff::constant(Duration::from_secs(2)).with_max_attempts(3);
    /// assert_eq!(backoff.delays(|| 0.9).collect::<Vec<_>>(), [Duration::from_secs(2); 2]);
    /// ```
    pub const fn constant(delay: Duration) -> Self {
        Backoff { initial: delay, factor: 1.0, min: delay, max: delay, jitter: 0.0, max_attempts: None }
    }

    /// The same with at most `calls` calls, the first one included; 0 is read as 1.
    ///
    /// ```
    /// # use callboard_flow::Backoff;
    /// assert_eq!(Backoff::default().with_max_attempts(5), Backoff::default().with_max_retries(4));
    /// ```
    #[must_use]
    pub const fn with_max_attempts(self, calls: u32) -> Self {
        let calls = match NonZeroU32::new(calls) {
            Some(calls) => calls,
            None => NonZeroU32::MIN,
        };
        Backoff { max_attempts: Some(calls), ..self }
    }

    /// The same with at most `retries` calls after the first one (X1: three retries are four calls).
    ///
    /// ```
    /// # use callboard_flow::Backoff;
    /// assert_eq!(Backoff::default().with_max_retries(0).delays(|| 0.5).count(), 0);
    /// ```
    #[must_use]
    pub const fn with_max_retries(self, retries: u32) -> Self {
        self.with_max_attempts(retries.saturating_add(1))
    }

    /// The same without a limit of calls.
    ///
    /// ```
    /// # use callboard_flow::Backoff;
    /// assert!(Backoff::default().unlimited().allows_another(u32::MAX));
    /// ```
    #[must_use]
    pub const fn unlimited(self) -> Self {
        Backoff { max_attempts: None, ..self }
    }

    /// Whether another call may follow after `failures` calls have failed.
    ///
    /// ```
    /// # use callboard_flow::Backoff;
    /// let backoff = Backoff::default().with_max_attempts(3);
    /// assert!(backoff.allows_another(2) && !backoff.allows_another(3));
    /// ```
    pub fn allows_another(&self, failures: u32) -> bool {
        self.max_attempts.is_none_or(|calls| failures < calls.get())
    }

    /// The delay after `failures` calls have failed (0 is read as 1), with `chance` in 0..=1; 0.5 is the middle.
    ///
    /// The same arguments give the same delay: keep the chance beside a decision and it can be replayed.
    ///
    /// ```
    /// use callboard_flow::Backoff;
    ///
    /// let backoff = Backoff { jitter: 0.25, ..Backoff::default() };
    /// let second = |chance| backoff.delay(2, chance).as_millis();
    /// assert_eq!((second(0.0), second(0.5), second(1.0)), (1500, 2000, 2500));
    /// ```
    pub fn delay(&self, failures: u32, chance: f64) -> Duration {
        let factor = if self.factor >= 1.0 { self.factor } else { 1.0 };
        let jitter = within_one(self.jitter, 0.0);
        let chance = within_one(chance, 0.5);
        let growth = factor.powf(f64::from(failures.saturating_sub(1)));
        // Nothing times infinity is not a number; a backoff that starts at nothing stays there.
        let grown = if self.initial.is_zero() { 0.0 } else { self.initial.as_secs_f64() * growth };
        let capped = grown.min(self.max.as_secs_f64());
        let spread = capped * (1.0 + jitter * (2.0 * chance - 1.0));
        let delay = Duration::try_from_secs_f64(spread).unwrap_or(self.max);
        delay.clamp(self.min.min(self.max), self.max)
    }

    /// [`Backoff::delay`] in whole milliseconds, rounded, for protocols and journals.
    ///
    /// ```
    /// # use callboard_flow::Backoff;
    /// assert_eq!(Backoff::STATE_SYNC.delay_ms(5, 0.5), 10_498);
    /// ```
    pub fn delay_ms(&self, failures: u32, chance: f64) -> u64 {
        let micros = self.delay(failures, chance).as_micros();
        u64::try_from(micros.saturating_add(500) / 1000).unwrap_or(u64::MAX)
    }

    /// Every delay there will be, each with the next number of `chance`; without end when the tries are.
    ///
    /// ```
    /// use callboard_flow::Backoff;
    ///
    /// let mut dice = fastrand::Rng::with_seed(7);
    /// let delays: Vec<_> = Backoff::default().with_max_attempts(5).delays(|| dice.f64()).collect();
    /// assert_eq!(delays.len(), 4);
    /// ```
    pub fn delays(self, mut chance: impl FnMut() -> f64) -> impl Iterator<Item = Duration> {
        let mut failures = 0u32;
        std::iter::from_fn(move || {
            failures = failures.saturating_add(1);
            self.allows_another(failures).then(|| self.delay(failures, chance()))
        })
    }
}

/// `value` inside 0..=1, or `otherwise` when it is no number.
fn within_one(value: f64, otherwise: f64) -> f64 {
    if value.is_nan() { otherwise } else { value.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(backoff: &Backoff, failures: std::ops::RangeInclusive<u32>) -> Vec<u64> {
        failures.map(|failures| backoff.delay_ms(failures, 0.5)).collect()
    }

    /// The acceptance table of each seed, verbatim (X2).
    #[test]
    fn each_seed_finds_its_delays() {
        // S0.34, measured in the original.
        assert_eq!(ms(&Backoff::GENERATION, 1..=6), [3000, 6000, 12_000, 24_000, 24_000, 24_000]);
        // S1.2 with the middle of the jitter.
        let s1 = Backoff::ORCHESTRATION;
        assert_eq!(ms(&s1, 1..=7), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        // S2.12's documented example, then the cap.
        assert_eq!(ms(&Backoff::ORCHESTRATOR_CORE, 1..=3), [1000, 2000, 4000]);
        assert_eq!(Backoff::ORCHESTRATOR_CORE.delay_ms(6, 0.5), 30_000);
        // S3.23 with the defaults of S3.15.
        assert_eq!(ms(&Backoff::STATE_SYNC, 1..=7), [1000, 1800, 3240, 5832, 10_498, 15_000, 15_000]);
        assert_eq!(ms(&Backoff::ORCHFLOW, 1..=6), [1000, 2000, 4000, 8000, 16_000, 30_000]);
    }

    /// X1: S1 counts tries, S2 counts retries.
    #[test]
    fn calls_are_counted_the_same_way_everywhere() {
        let calls = |backoff: Backoff| backoff.delays(|| 0.5).take(100).count() + 1;
        assert_eq!(calls(Backoff::ORCHESTRATION), 3);
        assert_eq!(calls(Backoff::ORCHESTRATOR_CORE), 4);
        assert_eq!(calls(Backoff::ORCHFLOW), 5);
        assert_eq!(calls(Backoff::STATE_SYNC), 101, "without end");
        assert_eq!(calls(Backoff::default().with_max_attempts(0)), 1);
        assert_eq!(calls(Backoff::default().with_max_retries(u32::MAX)), 101);
    }

    /// S1.2: the original's band at the cap was 22.5 to 37.5 s. The lower half is ours too, the cap holds.
    #[test]
    fn jitter_stays_below_the_cap() {
        let s1 = Backoff::ORCHESTRATION;
        assert_eq!((s1.delay_ms(9, 0.0), s1.delay_ms(9, 1.0)), (22_500, 30_000));
        assert_eq!((s1.delay_ms(1, 0.0), s1.delay_ms(1, 1.0)), (750, 1250));
        let s3 = Backoff::STATE_SYNC;
        assert_eq!((s3.delay_ms(1, 0.0), s3.delay_ms(1, 1.0)), (1000, 1200), "S3.23: never below min");
    }

    /// W2.9: the original shifted an integer and overflowed after 63 tries.
    #[test]
    fn the_exponent_saturates() {
        for failures in [62, 63, 64, 65, 1000, u32::MAX] {
            assert_eq!(Backoff::GENERATION.delay_ms(failures, 0.5), 24_000, "{failures}");
        }
    }

    #[test]
    fn nonsense_is_read_as_sense() {
        let sound = Backoff { max_attempts: None, ..Backoff::default() };
        let nan = Backoff { factor: f64::NAN, jitter: f64::NAN, ..sound };
        assert_eq!(nan.delay_ms(9, f64::NAN), 1000);
        assert_eq!(Backoff { factor: f64::INFINITY, ..sound }.delay_ms(2, 0.5), 30_000);
        let nothing = Backoff { factor: f64::INFINITY, initial: Duration::ZERO, ..sound };
        assert_eq!(nothing.delay_ms(9, 1.0), 0, "nothing stays nothing");
        let crossed = Backoff { min: Duration::from_secs(9), max: Duration::from_secs(1), ..sound };
        assert_eq!(crossed.delay_ms(1, 0.5), 1000, "the cap wins");
        let vast = Backoff { initial: Duration::MAX, max: Duration::MAX, ..sound };
        assert_eq!(vast.delay(9, 1.0), Duration::MAX);
        assert_eq!(vast.delay_ms(9, 1.0), u64::MAX);
    }

    proptest! {
        /// Whatever the fields and the chance: no panic, inside the band, and never shrinking without jitter.
        #[test]
        fn every_delay_is_inside_the_band(
            initial in 0u64..100_000, factor in proptest::num::f64::ANY, min in 0u64..100_000,
            max in 0u64..100_000, jitter in proptest::num::f64::ANY, chance in proptest::num::f64::ANY,
            failures in proptest::num::u32::ANY,
        ) {
            let [initial, min, max] = [initial, min, max].map(Duration::from_millis);
            let backoff = Backoff { initial, factor, min, max, jitter, max_attempts: None };
            let delay = backoff.delay(failures, chance);
            prop_assert!(delay >= min.min(max) && delay <= max);
            let plain = Backoff { jitter: 0.0, ..backoff };
            prop_assert!(plain.delay(failures, 0.5) <= plain.delay(failures.saturating_add(1), 0.5));
        }
    }
}
