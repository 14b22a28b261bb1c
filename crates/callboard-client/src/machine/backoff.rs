//! How long to wait before the next try (S3.23, X2).

use crate::caps;
use callboard_protocol::config::WsConfig;
use std::time::Duration;

/// Counts failures and turns them into delays. Unlimited tries (W3.1).
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The delay after a try that never became a connection.
    pub(super) fn after_failure(&mut self, config: &WsConfig, random: f64) -> Duration {
        let exponent = self.failures;
        self.failures = self.failures.saturating_add(1);
        delay(config, exponent, random)
    }

    /// The delay after the end of a connection that lived for `lived`.
    ///
    /// The first one is spread over [0, min], so that the clients of a server that restarts do not come back in
    /// step; a connection that keeps dropping at once is slowed down like one that cannot be made.
    pub(super) fn after_drop(&mut self, config: &WsConfig, lived: Duration, random: f64) -> Duration {
        if lived >= caps::HEALTHY {
            self.failures = 0;
        }
        if self.failures > 0 {
            return self.after_failure(config, random);
        }
        self.failures = 1;
        Duration::from_millis(config.reconnect_min_ms.into()).mul_f64(random)
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The rule of [`callboard_flow::Backoff`]; where a config's largest delay is below its first one, the first one counts.
fn delay(config: &WsConfig, exponent: u32, random: f64) -> Duration {
    let [min, max] =
        [config.reconnect_min_ms, config.reconnect_max_ms].map(u64::from).map(Duration::from_millis);
    let backoff = callboard_flow::Backoff {
        initial: min,
        factor: config.reconnect_factor,
        min,
        max: max.max(min),
        jitter: config.reconnect_jitter,
        max_attempts: None,
    };
    Duration::from_millis(backoff.delay_ms(exponent.saturating_add(1), random))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(durations: &[Duration]) -> Vec<u128> {
        durations.iter().map(Duration::as_millis).collect()
    }

    /// S3.23 with the defaults of S3.15, without jitter (0.5 is the middle).
    #[test]
    fn delays_grow_to_the_maximum_and_stay() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..7).map(|_| backoff.after_failure(&WsConfig::default(), 0.5)).collect();
        assert_eq!(ms(&delays), [1000, 1800, 3240, 5832, 10_498, 15_000, 15_000]);
        for _ in 0..10_000 {
            assert_eq!(backoff.after_failure(&WsConfig::default(), 0.5).as_millis(), 15_000);
        }
    }

    #[test]
    fn jitter_stays_within_the_bounds() {
        let config = WsConfig::default();
        let at = |exponent, random| delay(&config, exponent, random).as_millis();
        assert_eq!((at(0, 0.0), at(0, 1.0)), (1000, 1200));
        assert_eq!((at(1, 0.0), at(1, 1.0)), (1440, 2160));
        assert_eq!((at(9, 0.0), at(9, 1.0)), (12_000, 15_000));
    }

    #[test]
    fn the_first_retry_after_a_drop_is_spread_from_zero() {
        let config = WsConfig::default();
        let short = Duration::from_secs(1);
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after_drop(&config, short, 0.25).as_millis(), 250);
        assert_eq!(backoff.after_drop(&config, short, 0.5).as_millis(), 1800);
        assert_eq!(backoff.after_failure(&config, 0.5).as_millis(), 3240);
        assert_eq!(backoff.after_drop(&config, caps::HEALTHY, 0.0).as_millis(), 0);
    }

    #[test]
    fn nonsense_is_read_as_sense() {
        let config = WsConfig {
            reconnect_min_ms: 500,
            reconnect_max_ms: 100,
            reconnect_factor: f64::NAN,
            reconnect_jitter: -3.0,
            ..WsConfig::default()
        };
        assert_eq!(delay(&config, 5, 0.9).as_millis(), 500);
        let wild = WsConfig { reconnect_factor: f64::INFINITY, reconnect_jitter: 9.0, ..config };
        assert_eq!(delay(&wild, 5, 0.9).as_millis(), 500);
        let zero = WsConfig { reconnect_min_ms: 0, reconnect_max_ms: 0, ..wild };
        assert_eq!(delay(&zero, 5, 0.9).as_millis(), 0);
    }
}
