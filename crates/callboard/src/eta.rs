//! How long an attempt still takes, from how far it came (X15): relative times, none below three samples.

use std::time::Duration;

/// Samples of one attempt's progress.
#[derive(Debug, Default)]
pub(crate) struct Eta {
    first: Option<(Duration, f64)>,
    samples: u32,
    rate: f64,
}

impl Eta {
    /// Takes in progress `value` (0..1) at `at` since the attempt's start; the milliseconds that are left, if known.
    pub(crate) fn sample(&mut self, at: Duration, value: f64) -> Option<u64> {
        let (began, from) = *self.first.get_or_insert((at, value));
        self.samples += 1;
        let elapsed = at.saturating_sub(began).as_secs_f64();
        if elapsed <= 0.0 || value <= from {
            return None;
        }
        let overall = (value - from) / elapsed;
        // The first estimate counts whole, later ones are smoothed so that one slow step does not make it jump.
        self.rate = if self.rate == 0.0 { overall } else { 0.7 * self.rate + 0.3 * overall };
        let known = self.samples >= 3 && value < 1.0;
        known.then(|| ((1.0 - value) / self.rate * 1000.0).min(1e12) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_work_gives_the_exact_rest() {
        // W1.2: on absolute times the original said 1121 s here, or nothing.
        let mut eta = Eta::default();
        let mut last = None;
        for second in 0..=50u64 {
            last = eta.sample(Duration::from_secs(second), second as f64 / 100.0);
        }
        assert_eq!(last, Some(50_000));
    }

    #[test]
    fn too_little_is_not_guessed_from() {
        let mut eta = Eta::default();
        assert_eq!(eta.sample(Duration::from_secs(1), 0.1), None);
        assert_eq!(eta.sample(Duration::from_secs(2), 0.2), None);
        assert!(eta.sample(Duration::from_secs(3), 0.2).is_some(), "three samples are enough");
        assert_eq!(eta.sample(Duration::from_secs(9), 1.0), None, "done");
    }
}
