//! What the newest measurements say together, and when that is worth a warning (S1.23).

use crate::caps;
use std::collections::VecDeque;

/// What the measurements of a window say together.
///
/// ```
/// use callboard_flow::{Statistics, Summary};
///
/// let mut latency = Statistics::default();
/// (1..=100).for_each(|ms| latency.record(f64::from(ms)));
/// let Summary { p50, p95, p99, .. } = latency.summary().unwrap();
/// assert_eq!((p50, p95, p99), (50.0, 95.0, 99.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many there are, at least one.
    pub count: usize,
    /// All of them together.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub avg: f64,
    /// Half of them are no larger than this one.
    pub p50: f64,
    /// 95 % of them are no larger than this one.
    pub p95: f64,
    /// 99 % of them are no larger than this one.
    pub p99: f64,
    /// The mean of the newest tenth, at least of one.
    pub recent_avg: f64,
}

/// Measurements of one thing: a latency, a throughput, a level. Only the newest count, so that a bad hour is forgotten.
///
/// A percentile is one of the values, the smallest that is enough (the nearest rank), never one in between.
///
/// ```
/// use callboard_flow::{Level, Statistics, Threshold};
///
/// let mut render = Statistics::new(2);
/// for ms in [900.0, 10.0, 12.0] {
///     render.record(ms);
/// }
/// let summary = render.summary().unwrap();
/// assert_eq!((summary.max, render.total()), (12.0, 3));
/// assert_eq!(Threshold::RENDER_MS.judge(summary.p95), Level::Normal);
/// ```
#[derive(Clone, Debug)]
pub struct Statistics {
    values: VecDeque<f64>,
    window: usize,
    total: u64,
    ignored: u64,
}

impl Default for Statistics {
    /// Of the newest 1000.
    fn default() -> Self {
        Statistics::new(caps::STATISTICS_VALUES)
    }
}

impl Statistics {
    /// Of the newest `window` measurements; 0 is read as 1. Memory is taken as they come.
    ///
    /// ```
    /// # use callboard_flow::Statistics;
    /// assert_eq!(Statistics::new(10).summary(), None, "nothing was measured");
    /// ```
    pub fn new(window: usize) -> Self {
        Statistics { values: VecDeque::new(), window: window.max(1), total: 0, ignored: 0 }
    }

    /// Takes in a measurement. What is no finite number is left out and counted.
    ///
    /// ```
    /// # use callboard_flow::Statistics;
    /// let mut latency = Statistics::default();
    /// latency.record(f64::NAN);
    /// assert_eq!((latency.total(), latency.ignored()), (0, 1));
    /// ```
    pub fn record(&mut self, value: f64) {
        if !value.is_finite() {
            self.ignored += 1;
            return;
        }
        if self.values.len() == self.window {
            self.values.pop_front();
        }
        self.values.push_back(value);
        self.total += 1;
    }

    /// What those in the window say together; `None` for none. It sorts a copy: ask when it is shown, not per value.
    ///
    /// ```
    /// # use callboard_flow::Statistics;
    /// let mut latency = Statistics::default();
    /// latency.record(3.0);
    /// assert_eq!(latency.summary().map(|summary| summary.p99), Some(3.0));
    /// ```
    pub fn summary(&self) -> Option<Summary> {
        let count = self.values.len();
        let mut sorted: Vec<f64> = self.values.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let sum = sorted.iter().sum();
        // Per value, so that a sum beyond all numbers still has a mean; rounding must not carry it out of the range.
        let avg = mean(sorted.iter(), count).clamp(min, max);
        let newest = count.div_ceil(10);
        let recent_avg = mean(self.values.iter().rev().take(newest), newest).clamp(min, max);
        let [p50, p95, p99] = [50, 95, 99].map(|percent| sorted[(count * percent).div_ceil(100).max(1) - 1]);
        Some(Summary { count, sum, min, max, avg, p50, p95, p99, recent_avg })
    }

    /// How many measurements there were, forgotten ones included.
    ///
    /// ```
    /// # use callboard_flow::Statistics;
    /// assert_eq!(Statistics::default().total(), 0);
    /// ```
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many were left out because they were no finite numbers.
    ///
    /// ```
    /// # use callboard_flow::Statistics;
    /// assert_eq!(Statistics::default().ignored(), 0);
    /// ```
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

fn mean<'a>(values: impl Iterator<Item = &'a f64>, count: usize) -> f64 {
    let count = count as f64;
    values.map(|value| value / count).sum()
}

/// How good or bad a figure is.
///
/// ```
/// # use callboard_flow::Level;
/// assert!(Level::Normal < Level::Warning && Level::Warning < Level::Critical);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it should be.
    #[default]
    Normal,
    /// Worth a look.
    Warning,
    /// Somebody has to do something.
    Critical,
}

/// From where on a figure is worth a warning, and critical. Larger is worse.
///
/// ```
/// use callboard_flow::{Level, Threshold};
///
/// let levels = [99.0, 100.0, 499.0, 500.0].map(|ms| Threshold::WS_LATENCY_MS.judge(ms));
/// assert_eq!(levels, [Level::Normal, Level::Warning, Level::Warning, Level::Critical]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// A figure from here on is worth a warning.
    pub warn: f64,
    /// A figure from here on is critical.
    pub critical: f64,
}

impl Threshold {
    /// Milliseconds from a message on a WebSocket to its answer (S1.23).
    pub const WS_LATENCY_MS: Threshold = Threshold { warn: 100.0, critical: 500.0 };
    /// Milliseconds of an HTTP request (S1.23).
    pub const HTTP_LATENCY_MS: Threshold = Threshold { warn: 1000.0, critical: 5000.0 };
    /// Milliseconds to paint a frame (S1.23).
    pub const RENDER_MS: Threshold = Threshold { warn: 16.0, critical: 100.0 };

    /// How good or bad `value` is. What is no number is critical: a figure that cannot be read is no good sign.
    ///
    /// ```
    /// # use callboard_flow::{Level, Threshold};
    /// assert_eq!(Threshold::HTTP_LATENCY_MS.judge(f64::NAN), Level::Critical);
    /// ```
    pub fn judge(&self, value: f64) -> Level {
        if value.is_nan() || value >= self.critical {
            Level::Critical
        } else if value >= self.warn {
            Level::Warning
        } else {
            Level::Normal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Statistics {
        let mut statistics = Statistics::default();
        values.into_iter().for_each(|value| statistics.record(value));
        statistics
    }

    /// S1.23, on numbers that can be checked by hand.
    #[test]
    fn a_summary_says_what_it_names() {
        let summary = of((1..=20).map(f64::from)).summary().unwrap();
        let expected = Summary {
            count: 20,
            sum: 210.0,
            min: 1.0,
            max: 20.0,
            avg: 10.5,
            p50: 10.0,
            p95: 19.0,
            p99: 20.0,
            recent_avg: 19.5,
        };
        let Summary { avg, .. } = summary;
        assert!((avg - expected.avg).abs() < 1e-9);
        assert_eq!(Summary { avg: expected.avg, ..summary }, expected);
    }

    #[test]
    fn only_the_newest_thousand_count() {
        let statistics = of((0..3000).map(f64::from));
        let Summary { count, min, max, recent_avg, .. } = statistics.summary().unwrap();
        assert_eq!((count, min, max, statistics.total()), (1000, 2000.0, 2999.0, 3000));
        assert!((recent_avg - 2949.5).abs() < 1e-6);
    }

    proptest! {
        /// Each percentile is one of the values, and enough of them are no larger.
        #[test]
        fn percentiles_hold(values in proptest::collection::vec(proptest::num::f64::NORMAL, 1..200)) {
            let summary = of(values.iter().copied()).summary().unwrap();
            for (percent, value) in [(50, summary.p50), (95, summary.p95), (99, summary.p99)] {
                prop_assert!(values.contains(&value));
                let no_larger = values.iter().filter(|other| **other <= value).count();
                prop_assert!(no_larger * 100 >= values.len() * percent);
                let smaller = values.iter().filter(|other| **other < value).count();
                prop_assert!(smaller * 100 < values.len() * percent, "and it is the smallest that is enough");
            }
            prop_assert!(summary.min <= summary.avg && summary.avg <= summary.max);
            prop_assert!(summary.min <= summary.recent_avg && summary.recent_avg <= summary.max);
        }
    }
}
