//! How often progress is reported.

use std::time::{Duration, Instant};

/// At most 20 reports a second: more than that no screen shows, and each costs the reader work.
const GAP: Duration = Duration::from_millis(50);

/// Tells when the next report is due; the first one is due at once.
#[derive(Default)]
pub(super) struct Pace {
    last: Option<Instant>,
}

impl Pace {
    /// Whether a report is due now; if so, the next one is due a gap later.
    pub(super) fn is_due(&mut self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= GAP);
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_sees_at_most_twenty_one_reports() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let due = (0..=1000).filter(|ms| pace.is_due_at(start + Duration::from_millis(*ms))).count();
        assert_eq!(due, 21);
    }
}
