//! Time, CPU time, and what to make of several measurements.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// How often each thing is measured; the median counts.
pub(crate) const ROUNDS: usize = 3;

/// The CPU time of this process so far, all threads together.
pub(crate) fn cpu_time() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), spent.tv_nsec as u32)
}

/// Elapsed time and CPU time of this process since it was made.
pub(crate) struct Watch {
    started: Instant,
    cpu: Duration,
}

/// What some work took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// How often the work was done.
    pub(crate) count: u64,
    pub(crate) elapsed: Duration,
    pub(crate) cpu: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Watch { started: Instant::now(), cpu: cpu_time() }
    }

    pub(crate) fn stop(&self, count: u64) -> Took {
        Took { count, elapsed: self.started.elapsed(), cpu: cpu_time().saturating_sub(self.cpu) }
    }
}

impl Took {
    pub(crate) fn per_second(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of CPU for each time.
    pub(crate) fn cpu_us(&self) -> f64 {
        micros(self.cpu) / self.count as f64
    }
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The value in the middle; not a number when there is none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 0.5)
}

/// The smallest value that at least this share of the values does not exceed.
pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(percentile((1..=100).map(f64::from), 0.99), 99.0);
        assert_eq!(percentile([7.0], 0.99), 7.0);
        assert!(median([]).is_nan());
    }
}
