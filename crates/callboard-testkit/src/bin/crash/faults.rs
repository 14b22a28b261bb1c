//! What was found to be wrong.

use std::collections::BTreeMap;

/// Faults that are printed; the rest is only counted.
const SHOWN: u64 = 40;

/// Classes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// What was acknowledged is not there.
    Missing,
    /// A command is there in part, twice, or otherwise than it was acknowledged.
    HalfApplied,
    /// A job ended more than once, or otherwise than it had to.
    EndedTwice,
    /// A job did not end.
    NotEnded,
    /// State, fold of the journal and mirrors are not the same, or a version went back.
    MirrorDiffers,
    /// A process of a job outlived it.
    Orphan,
    /// The machinery failed: a server that does not start, an answer that does not come.
    Other,
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    counts: BTreeMap<Fault, u64>,
    total: u64,
}

impl Faults {
    /// Counts a fault and prints it.
    pub(crate) fn add(&mut self, fault: Fault, what: impl std::fmt::Display) {
        *self.counts.entry(fault).or_default() += 1;
        self.total += 1;
        if self.total <= SHOWN {
            eprintln!("crash: {fault:?}: {what}");
        }
    }

    pub(crate) fn count(&self, fault: Fault) -> u64 {
        self.counts.get(&fault).copied().unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }
}
