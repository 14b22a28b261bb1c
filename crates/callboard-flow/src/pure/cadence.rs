//! How often something is shown: 2 to 10 times a second (S1.18).

use crate::caps;
use std::time::Duration;

/// Lets something through at most so often.
///
/// ```
/// use callboard_flow::Cadence;
/// use std::time::Duration;
///
/// let mut cadence = Cadence::hz(5.0);
/// let shown = (0..100).filter(|tick| cadence.ready(Duration::from_millis(tick * 10))).count();
/// assert_eq!(shown, 5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    interval: Duration,
    last: Option<Duration>,
}

impl Default for Cadence {
    /// Five times a second (S1.18).
    fn default() -> Self {
        Cadence::hz(5.0)
    }
}

impl Cadence {
    /// So many times a second, moved into the 2..=10 that a person can follow; 5 for what is no number.
    ///
    /// ```
    /// # use callboard_flow::Cadence;
    /// assert_eq!(Cadence::hz(60.0).interval().as_millis(), 100);
    /// ```
    pub fn hz(hz: f64) -> Self {
        let hz = if hz.is_nan() { 5.0 } else { hz.clamp(*caps::UPDATE_HZ.start(), *caps::UPDATE_HZ.end()) };
        Cadence::every(Duration::from_secs_f64(1.0 / hz))
    }

    /// Once per interval, whatever it is.
    ///
    /// ```
    /// # use callboard_flow::Cadence;
    /// # use std::time::Duration;
    /// let mut hourly = Cadence::every(Duration::from_secs(3600));
    /// assert!(hourly.ready(Duration::ZERO) && !hourly.ready(Duration::from_secs(3599)));
    /// ```
    pub fn every(interval: Duration) -> Self {
        Cadence { interval, last: None }
    }

    /// The time between two.
    ///
    /// ```
    /// # use callboard_flow::Cadence;
    /// assert_eq!(Cadence::default().interval().as_millis(), 200);
    /// ```
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether it is time at `at`; if so, the interval begins anew.
    ///
    /// ```
    /// # use callboard_flow::Cadence;
    /// # use std::time::Duration;
    /// assert!(Cadence::default().ready(Duration::ZERO), "the first is never held back");
    /// ```
    pub fn ready(&mut self, at: Duration) -> bool {
        let is_ready = self.last.is_none_or(|last| at.saturating_sub(last) >= self.interval);
        if is_ready {
            self.last = Some(at);
        }
        is_ready
    }
}

/// A figure that moves without jumps and is shown only so often: a throughput, a temperature (S1.18).
///
/// After one half-life it has gone half of the way to a new value, however many samples came in between.
///
/// ```
/// use callboard_flow::{Cadence, ValueSmoother};
/// use std::time::Duration;
///
/// let mut speed = ValueSmoother::new(Cadence::hz(5.0), Duration::from_secs(1));
/// assert_eq!(speed.update(Duration::from_secs(0), 10.0), Some(10.0));
/// assert_eq!(speed.update(Duration::from_secs(1), 20.0), Some(15.0));
/// assert_eq!(speed.update(Duration::from_millis(1100), 20.0), None, "it was shown just now");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ValueSmoother {
    cadence: Cadence,
    half_life: Duration,
    last: Option<(Duration, f64)>,
}

impl ValueSmoother {
    /// A smoother that has seen nothing. A half-life of zero does not smooth.
    ///
    /// ```
    /// # use callboard_flow::{Cadence, ValueSmoother};
    /// # use std::time::Duration;
    /// let plain = ValueSmoother::new(Cadence::default(), Duration::ZERO);
    /// assert_eq!(plain.value(), None);
    /// ```
    pub fn new(cadence: Cadence, half_life: Duration) -> Self {
        ValueSmoother { cadence, half_life, last: None }
    }

    /// Takes in `value` at `at`; what is to be shown, if it is time. What is no finite number is left out.
    ///
    /// ```
    /// # use callboard_flow::{Cadence, ValueSmoother};
    /// # use std::time::Duration;
    /// let mut load = ValueSmoother::new(Cadence::default(), Duration::ZERO);
    /// assert_eq!(load.update(Duration::ZERO, f64::NAN), None);
    /// ```
    pub fn update(&mut self, at: Duration, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        let smoothed = match self.last {
            Some((before, last)) => last + (value - last) * self.weight(at.saturating_sub(before)),
            None => value,
        };
        let at = self.last.map_or(at, |(before, _)| before.max(at));
        self.last = Some((at, smoothed));
        self.cadence.ready(at).then_some(smoothed)
    }

    /// Takes in a last `value` as it is, to be shown whatever the time: the end must not be held back.
    ///
    /// ```
    /// # use callboard_flow::{Cadence, ValueSmoother};
    /// # use std::time::Duration;
    /// let mut done = ValueSmoother::new(Cadence::default(), Duration::from_secs(9));
    /// done.update(Duration::ZERO, 0.0);
    /// assert_eq!(done.settle(Duration::from_millis(1), 100.0), 100.0);
    /// ```
    pub fn settle(&mut self, at: Duration, value: f64) -> f64 {
        self.last = Some((at, value));
        self.cadence.last = Some(at);
        value
    }

    /// The smoothed value now, shown or not.
    ///
    /// ```
    /// # use callboard_flow::{Cadence, ValueSmoother};
    /// # use std::time::Duration;
    /// let mut load = ValueSmoother::new(Cadence::default(), Duration::ZERO);
    /// load.update(Duration::ZERO, 0.5);
    /// assert_eq!(load.value(), Some(0.5));
    /// ```
    pub fn value(&self) -> Option<f64> {
        self.last.map(|(_, value)| value)
    }

    fn weight(&self, passed: Duration) -> f64 {
        if self.half_life.is_zero() {
            return 1.0;
        }
        1.0 - 0.5f64.powf(passed.as_secs_f64() / self.half_life.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1.18: clamped to 2..10, five by default.
    #[test]
    fn a_wish_is_moved_to_what_can_be_followed() {
        let interval = |hz| Cadence::hz(hz).interval().as_millis();
        assert_eq!(
            [0.1, -3.0, 2.0, 4.0, 10.0, 1e9, f64::NAN].map(interval),
            [500, 500, 500, 250, 100, 100, 200]
        );
    }

    #[test]
    fn a_clock_that_goes_back_neither_floods_nor_blocks() {
        let mut cadence = Cadence::hz(10.0);
        let ready = [500, 100, 550, 600].map(|at| cadence.ready(Duration::from_millis(at)));
        assert_eq!(ready, [true, false, false, true]);
    }

    #[test]
    fn smoothing_does_not_depend_on_how_often_is_sampled() {
        let end = |steps: u32| {
            let mut smoother = ValueSmoother::new(Cadence::default(), Duration::from_secs(1));
            smoother.update(Duration::ZERO, 0.0);
            for step in 1..=steps {
                smoother.update(Duration::from_secs(2) * step / steps, 100.0);
            }
            smoother.value().unwrap()
        };
        for steps in [1, 7, 200] {
            assert!((end(steps) - 75.0).abs() < 1e-6, "{steps} steps: {}", end(steps));
        }
    }
}
