//! One-time launch codes: how a browser gets its first token without anything to type.

use super::random_hex;
use callboard_protocol::caps;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
// The clock of the runtime, so that a test can let time pass.
use tokio::time::Instant;

/// Codes that are open at once; the oldest is dropped.
const MOST: usize = 64;

/// Codes that have been given out and not been used.
#[derive(Default)]
pub(crate) struct LaunchCodes(Mutex<Vec<(String, Instant)>>);

impl LaunchCodes {
    /// A new code.
    pub(crate) fn issue(&self) -> std::io::Result<String> {
        let code = random_hex(16)?;
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() >= MOST {
            codes.remove(0);
        }
        codes.push((code.clone(), Instant::now()));
        Ok(code)
    }

    /// Uses a code up; whether it was good.
    pub(crate) fn redeem(&self, code: &str) -> bool {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, issued)| issued.elapsed() < Duration::from_millis(caps::LAUNCH_CODE_MS));
        let before = codes.len();
        codes.retain(|(known, _)| known != code);
        codes.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once() {
        let codes = LaunchCodes::default();
        let code = codes.issue().expect("random numbers");
        assert!(!codes.redeem("another"));
        assert!(codes.redeem(&code));
        assert!(!codes.redeem(&code));
    }

    /// X13: who finds an old address in a history or a log has nothing.
    #[tokio::test(start_paused = true)]
    async fn a_code_is_good_for_a_short_time() {
        let codes = LaunchCodes::default();
        let first = codes.issue().expect("random numbers");
        tokio::time::advance(Duration::from_millis(caps::LAUNCH_CODE_MS - 1)).await;
        let second = codes.issue().expect("random numbers");
        assert!(codes.redeem(&first), "a millisecond before its end");
        let third = codes.issue().expect("random numbers");
        tokio::time::advance(Duration::from_millis(caps::LAUNCH_CODE_MS)).await;
        assert!(!codes.redeem(&second) && !codes.redeem(&third), "at its end");
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let codes = LaunchCodes::default();
        let issued: Vec<String> = (0..=MOST).map(|_| codes.issue().expect("random numbers")).collect();
        assert!(!codes.redeem(&issued[0]) && codes.redeem(&issued[1]) && codes.redeem(&issued[MOST]));
    }
}
