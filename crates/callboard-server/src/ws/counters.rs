//! What happened to connections, in numbers that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

/// See the module. Each is one of the ways in which something bounded was full.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Folded patches made for those who were behind.
    pub(crate) folds: Counter,
    /// Patches made out of the journal, for those who were further behind than what is in memory.
    pub(crate) stored_folds: Counter,
    /// Snapshots made.
    pub(crate) snapshots: Counter,
    /// Checks of the mirrors of a view.
    pub(crate) checks: Counter,
    /// Keyframes of chains.
    pub(crate) keyframes: Counter,
    /// Connections that did not read.
    pub(crate) stalled: Counter,
    /// Connections for which too many answers waited to be read.
    pub(crate) unread: Counter,
    /// Connections that were sent away because too many snapshots were on their way.
    pub(crate) overloaded: Counter,
    /// Connections that sent too much.
    pub(crate) rate_limited: Counter,
    /// Connections that came again.
    pub(crate) replaced: Counter,
    /// Subscriptions that were refused because there were too many views.
    pub(crate) views_refused: Counter,
}

impl Counters {
    /// All of them with their names.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("folds", self.folds.get()),
            ("storedFolds", self.stored_folds.get()),
            ("snapshots", self.snapshots.get()),
            ("checks", self.checks.get()),
            ("keyframes", self.keyframes.get()),
            ("stalled", self.stalled.get()),
            ("unread", self.unread.get()),
            ("overloaded", self.overloaded.get()),
            ("rateLimited", self.rate_limited.get()),
            ("replaced", self.replaced.get()),
            ("viewsRefused", self.views_refused.get()),
        ]
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
