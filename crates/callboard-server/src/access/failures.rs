//! Wrong tokens per address and minute.

use callboard_protocol::caps;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Addresses that are remembered at once; when full, all are forgotten.
const MOST: usize = 4096;

/// Counts failures in windows of a minute.
#[derive(Default)]
pub(crate) struct Failures(Mutex<HashMap<IpAddr, (u32, Instant)>>);

impl Failures {
    /// Whether an address has failed too often of late.
    pub(crate) fn is_blocked(&self, address: IpAddr) -> bool {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures
            .get(&address)
            .is_some_and(|(count, since)| *count >= caps::AUTH_FAILURES && is_recent(*since))
    }

    /// Counts one more.
    pub(crate) fn count(&self, address: IpAddr) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST {
            failures.clear();
        }
        let entry = failures.entry(address).or_insert((0, Instant::now()));
        if !is_recent(entry.1) {
            *entry = (0, Instant::now());
        }
        entry.0 += 1;
    }
}

fn is_recent(since: Instant) -> bool {
    since.elapsed() < Duration::from_secs(60)
}
