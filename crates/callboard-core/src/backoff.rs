//! The delay before the next try (X2).

use callboard_protocol::job::RetryPolicy;

/// Milliseconds before try `failures + 1`, where `failures` ≥ 1 tries have failed and `chance` is in 0..1:
/// clamp(initial · factor^(failures-1) · (1 ± jitter), initial·(1-jitter) floor 0, max). The exponent saturates and the
/// jitter stays inside the cap, unlike S1's (W2.9).
pub fn delay_ms(policy: &RetryPolicy, failures: u32, chance: f64) -> u64 {
    let exponent = f64::from(failures.saturating_sub(1));
    let base = (policy.initial_ms as f64 * policy.factor.max(0.0).powf(exponent)).min(policy.max_ms as f64);
    let spread = 1.0 + policy.jitter.clamp(0.0, 1.0) * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    let least = (policy.initial_ms.min(policy.max_ms)) as f64;
    (base * spread).clamp(least, policy.max_ms.max(policy.initial_ms.min(policy.max_ms)) as f64) as u64
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
