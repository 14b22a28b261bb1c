//! The delay before the next try (X2).

use callboard_flow::Backoff;
use callboard_protocol::job::RetryPolicy;
use std::time::Duration;

/// Milliseconds before try `failures + 1`, where `failures` ≥ 1 tries have failed and `chance` is in 0..1: the rule of
/// [`Backoff::delay`] between the first delay and the largest. How often a job is tried is the job's own field.
pub fn delay_ms(policy: &RetryPolicy, failures: u32, chance: f64) -> u64 {
    let RetryPolicy { initial_ms, factor, max_ms, jitter } = *policy;
    let [initial, max] = [initial_ms, max_ms].map(Duration::from_millis);
    Backoff { initial, factor, min: initial, max, jitter, max_attempts: None }.delay_ms(failures, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_stays_inside() {
        let policy = RetryPolicy { initial_ms: 1000, factor: 2.0, max_ms: 30_000, jitter: 0.0 };
        let delays: Vec<u64> = (1..8).map(|failures| delay_ms(&policy, failures, 0.5)).collect();
        assert_eq!(delays, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(delay_ms(&policy, u32::MAX, 0.5), 30_000);
    }

    #[test]
    fn jitter_never_leaves_the_band() {
        let policy = RetryPolicy { initial_ms: 1000, factor: 2.0, max_ms: 30_000, jitter: 0.25 };
        for failures in 1..20 {
            for chance in [0.0, 0.3, 1.0] {
                assert!((1000..=30_000).contains(&delay_ms(&policy, failures, chance)));
            }
        }
        assert_eq!(delay_ms(&policy, 2, 0.0), 1500);
        assert_eq!(delay_ms(&policy, 2, 1.0), 2500);
    }

    #[test]
    fn nonsense_does_not_panic() {
        let policy = RetryPolicy { initial_ms: 5, factor: f64::NAN, max_ms: 1, jitter: f64::NAN };
        let delay = delay_ms(&policy, 3, f64::NAN);
        assert!(delay <= 5, "{delay}");
    }
}
