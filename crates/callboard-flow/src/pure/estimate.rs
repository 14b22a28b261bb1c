//! How far something is, how fast it goes and how long it still takes (S1.16, X15).

use crate::caps;
use std::{collections::VecDeque, time::Duration};

/// What is known of a progress.
///
/// ```
/// # use callboard_flow::Estimate;
/// assert_eq!(Estimate::default().eta, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Progress without its jumps, 0..=1: never falls, never ahead of the real one, and 1 exactly when that is 1.
    pub smoothed: f64,
    /// Progress per second; 0 while it is not known.
    pub rate: f64,
    /// What is left of the time; `None` below three samples, without a positive rate, and at the end.
    pub eta: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    value: f64,
}

/// Turns samples of one attempt's progress into an [`Estimate`]; one estimator per attempt (W1.2).
///
/// A straight line is laid through the newest 50 samples: its slope is the rate, its end the smoothed progress. On
/// steady work it is exact, where a moving average shows 55 % at the end. Samples closer together than a tenth of a
/// second count as one, so that the window spans about five seconds even when somebody reports a thousand times a second.
///
/// ```
/// use callboard_flow::Estimator;
/// use std::time::Duration;
///
/// let mut estimator = Estimator::default();
/// for second in 0..=49u32 {
///     estimator.sample(Duration::from_secs(second.into()), f64::from(second) / 100.0);
/// }
/// let estimate = estimator.estimate();
/// assert!((estimate.smoothed - 0.49).abs() < 1e-9);
/// assert_eq!(estimate.eta.map(|eta| eta.as_secs_f64().round()), Some(51.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    window: VecDeque<Sample>,
    estimate: Estimate,
}

impl Estimator {
    /// An estimator that has seen nothing.
    ///
    /// ```
    /// # use callboard_flow::{Estimate, Estimator};
    /// assert_eq!(Estimator::new().estimate(), Estimate::default());
    /// ```
    pub fn new() -> Self {
        Estimator::default()
    }

    /// Takes in progress `value` at `at`, a monotonic time since any origin, and says what is known now.
    ///
    /// A value outside 0..=1 is moved to the nearer end, one below an earlier one is read as that one (X3), one that
    /// is no number is left out. A time before the last one is read as that one.
    ///
    /// ```
    /// use callboard_flow::Estimator;
    /// use std::time::Duration;
    ///
    /// let mut estimator = Estimator::new();
    /// for (second, value) in [(0, 0.0), (1, 0.7), (2, 0.8), (3, 1.0)] {
    ///     estimator.sample(Duration::from_secs(second), value);
    /// }
    /// assert_eq!((estimator.estimate().smoothed, estimator.estimate().eta), (1.0, None));
    /// ```
    pub fn sample(&mut self, at: Duration, value: f64) -> Estimate {
        if !value.is_nan() {
            self.keep(at, value.clamp(0.0, 1.0));
            self.estimate = self.calculate();
        }
        self.estimate
    }

    /// What was known after the last sample.
    ///
    /// ```
    /// # use callboard_flow::Estimator;
    /// assert_eq!(Estimator::new().estimate().rate, 0.0);
    /// ```
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }

    /// Forgets everything: a retry begins again at 0 (X3).
    ///
    /// ```
    /// # use callboard_flow::Estimator;
    /// # use std::time::Duration;
    /// let mut estimator = Estimator::new();
    /// estimator.sample(Duration::ZERO, 0.9);
    /// estimator.reset();
    /// assert_eq!(estimator.sample(Duration::ZERO, 0.1).smoothed, 0.1);
    /// ```
    pub fn reset(&mut self) {
        *self = Estimator::default();
    }

    fn keep(&mut self, at: Duration, value: f64) {
        let sample = match self.window.back() {
            Some(last) => Sample { at: at.max(last.at), value: value.max(last.value) },
            None => Sample { at, value },
        };
        let spacing = Duration::from_secs_f64(1.0 / caps::UPDATE_HZ.end());
        let is_close = |earlier: &Sample| sample.at - earlier.at < spacing;
        // The slot of the newest sample begins at the one before it, so that a stream of close ones still advances.
        let before = self.window.len().checked_sub(2).and_then(|index| self.window.get(index));
        let is_same_instant = self.window.back().is_some_and(|last| last.at == sample.at);
        if before.is_some_and(is_close) || is_same_instant {
            self.window.pop_back();
        }
        if self.window.len() == caps::PROGRESS_SAMPLES {
            self.window.pop_front();
        }
        self.window.push_back(sample);
    }

    fn calculate(&self) -> Estimate {
        let (Some(first), Some(last)) = (self.window.front(), self.window.back()) else {
            return Estimate::default();
        };
        if last.value >= 1.0 {
            return Estimate { smoothed: 1.0, rate: self.line().map_or(0.0, |line| line.slope), eta: None };
        }
        let Some(line) = self.line() else {
            return Estimate { smoothed: last.value, rate: 0.0, eta: None };
        };
        let end = line.at((last.at - first.at).as_secs_f64());
        let smoothed = end.min(last.value).max(self.estimate.smoothed);
        let eta = (line.slope > 0.0).then(|| {
            let seconds = (1.0 - smoothed) / line.slope;
            Duration::try_from_secs_f64(seconds).map_or(caps::ETA_MAX, |eta| eta.min(caps::ETA_MAX))
        });
        Estimate { smoothed, rate: line.slope, eta }
    }

    /// Least squares over the window, in seconds since its first sample. Around the means, so that nothing is lost to
    /// large numbers: the original took dates and got a rate of -0.000035 for 0.2 (W1.2).
    fn line(&self) -> Option<Line> {
        let first = self.window.front()?;
        if self.window.len() < caps::PROGRESS_SAMPLES_MIN {
            return None;
        }
        let count = self.window.len() as f64;
        let points = || self.window.iter().map(|sample| ((sample.at - first.at).as_secs_f64(), sample.value));
        let (times, values) = points().fold((0.0, 0.0), |sum, (at, value)| (sum.0 + at, sum.1 + value));
        let (mean_time, mean_value) = (times / count, values / count);
        let (shared, spread) = points().fold((0.0, 0.0), |sum, (at, value)| {
            let off = at - mean_time;
            (sum.0 + off * (value - mean_value), sum.1 + off * off)
        });
        (spread > 0.0).then(|| Line { slope: (shared / spread).max(0.0), mean_time, mean_value })
    }
}

struct Line {
    slope: f64,
    mean_time: f64,
    mean_value: f64,
}

impl Line {
    fn at(&self, time: f64) -> f64 {
        self.mean_value + self.slope * (time - self.mean_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Steady work at `rate` per second, a sample per second, that began at `origin`.
    fn steady(origin: Duration, rate: f64, seconds: u32) -> Estimate {
        let mut estimator = Estimator::new();
        for second in 0..=seconds {
            estimator.sample(origin + Duration::from_secs(second.into()), rate * f64::from(second));
        }
        estimator.estimate()
    }

    /// W1.2: on dates the original said a rate of -0.000035 instead of 0.2, and 1121 s instead of 51 s.
    #[test]
    fn rate_and_eta_are_exact_whatever_the_origin() {
        for origin in [Duration::ZERO, Duration::from_secs(1_790_000_000), Duration::from_secs(1 << 40)] {
            let slow = steady(origin, 0.01, 49);
            assert!((slow.rate - 0.01).abs() < 1e-12, "{slow:?}");
            assert!((slow.smoothed - 0.49).abs() < 1e-9, "the original showed 38 %");
            assert_eq!(slow.eta.map(|eta| eta.as_millis()), Some(51_000), "{slow:?}");
            assert!((steady(origin, 0.2, 3).rate - 0.2).abs() < 1e-12);
        }
    }

    /// W1.2: at 100 % the original showed 54.7 % with 9 s to go.
    #[test]
    fn the_end_is_the_end() {
        let estimate = steady(Duration::ZERO, 0.01, 100);
        assert_eq!((estimate.smoothed, estimate.eta), (1.0, None));
        let mut jump = Estimator::new();
        jump.sample(Duration::ZERO, 0.0);
        assert_eq!(jump.sample(Duration::from_millis(1), 1.0).smoothed, 1.0, "at once as well");
    }

    /// S1.16, X15.
    #[test]
    fn too_little_is_not_guessed_from() {
        let mut estimator = Estimator::new();
        let at = Duration::from_secs;
        assert_eq!(estimator.sample(at(1), 0.1), Estimate { smoothed: 0.1, rate: 0.0, eta: None });
        assert_eq!(estimator.sample(at(2), 0.2), Estimate { smoothed: 0.2, rate: 0.0, eta: None });
        assert!(estimator.sample(at(3), 0.3).eta.is_some(), "three samples are enough");
        let mut stuck = Estimator::new();
        for second in 0..9 {
            assert_eq!(stuck.sample(at(second), 0.5).eta, None, "no rate, no estimate");
        }
    }

    /// W1.2: the original fed the whole window again with each sample, so old samples counted many times.
    #[test]
    fn the_window_forgets() {
        let mut estimator = Estimator::new();
        let mut value = 0.0;
        for second in 0..200u64 {
            value += if second < 100 { 0.001 } else { 0.004 };
            estimator.sample(Duration::from_secs(second), value);
        }
        assert_eq!(estimator.window.len(), caps::PROGRESS_SAMPLES);
        assert!((estimator.estimate().rate - 0.004).abs() < 1e-12, "only the newest speed counts");
    }

    #[test]
    fn a_flood_of_samples_does_not_shorten_the_window() {
        let mut estimator = Estimator::new();
        for milli in 0..20_000u32 {
            let value = f64::from(milli) / 40_000.0;
            estimator.sample(Duration::from_millis(milli.into()), value);
        }
        let span = estimator.window.back().unwrap().at - estimator.window.front().unwrap().at;
        assert!(span >= Duration::from_millis(4700), "{span:?}");
        assert_eq!(estimator.estimate().eta.map(|eta| eta.as_secs_f64().round()), Some(20.0));
    }

    proptest! {
        /// Whatever is reported, and when: shown progress stays inside, never falls, is never ahead, and ends at 1.
        #[test]
        fn what_is_shown_is_sound(samples in proptest::collection::vec((0u64..5_000, proptest::num::f64::ANY), 0..150)) {
            let mut estimator = Estimator::new();
            let (mut shown, mut real) = (0.0f64, 0.0f64);
            for (at, value) in samples {
                let estimate = estimator.sample(Duration::from_millis(at), value);
                if !value.is_nan() { real = real.max(value.clamp(0.0, 1.0)); }
                prop_assert!(estimate.smoothed >= shown && estimate.smoothed <= real);
                prop_assert!(estimate.rate >= 0.0 && estimate.rate.is_finite());
                prop_assert!(estimate.eta.is_none_or(|eta| eta <= caps::ETA_MAX && real < 1.0));
                shown = estimate.smoothed;
            }
            prop_assert_eq!(estimator.sample(Duration::from_secs(9), 1.0).smoothed, 1.0);
        }
    }
}
