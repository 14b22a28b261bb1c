//! How many messages one connection may send: a bucket that fills up again with time (close code 4005).

use callboard_protocol::caps;
use std::time::Duration;
use tokio::time::Instant;

/// See the module.
pub(super) struct Allowance {
    left: u32,
    filled: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Allowance { left: caps::MESSAGES_BURST, filled: now }
    }

    /// Takes one message; whether it was allowed.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.left == 0 {
            self.fill(now);
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }

    /// The clock is only looked at here, so a message usually costs a subtraction.
    fn fill(&mut self, now: Instant) {
        const EACH: Duration = Duration::from_nanos(1_000_000_000 / caps::MESSAGES_PER_SECOND as u64);
        let earned = (now - self.filled).as_nanos() / EACH.as_nanos();
        if earned > 0 {
            self.left = u32::try_from(earned).unwrap_or(u32::MAX).min(caps::MESSAGES_BURST);
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many messages at once are allowed.
    fn allowed(allowance: &mut Allowance, count: u32, now: Instant) -> u32 {
        (0..count).map(|_| u32::from(allowance.take(now))).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_a_rate() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        assert_eq!(allowed(&mut allowance, 2 * caps::MESSAGES_BURST, start), caps::MESSAGES_BURST);
        let mut now = start;
        for second in 1..5 {
            now = start + Duration::from_secs(second);
            let sent = caps::MESSAGES_PER_SECOND;
            assert_eq!(allowed(&mut allowance, sent, now), sent, "the rate is always allowed");
        }
        assert!(!allowance.take(now), "and not more");
        let later = now + Duration::from_secs(3600);
        let burst = allowed(&mut allowance, 2 * caps::MESSAGES_BURST, later);
        assert_eq!(burst, caps::MESSAGES_BURST, "a silence is worth one burst");
    }
}
