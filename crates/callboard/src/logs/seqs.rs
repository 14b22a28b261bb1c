//! Seqs are never reused (S3.18), also not those of lines that a killed process had shown but not written.
//!
//! A small file holds the seq from which the next start goes on. While the process runs it is ahead of every
//! seq in use; an orderly end sets it to the next one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The file is written once per so many lines: tens of microseconds each time. After a kill, readers are told that up to
/// so many lines are gone that may never have been.
const AHEAD: u64 = 1_000;

/// See the module.
pub(crate) struct SeqReserve {
    /// The first seq that no line can have had.
    pub(crate) first: u64,
    path: PathBuf,
    /// Seqs below this one may be used.
    bound: AtomicU64,
}

impl SeqReserve {
    /// Goes on after `last_seq`, the newest line on disk, and after everything that was reserved.
    pub(crate) fn open(folder: &Path, last_seq: u64) -> Self {
        let path = folder.join("next-seq");
        let reserved = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let first = reserved.max(last_seq + 1);
        let reserve = SeqReserve { first, path, bound: AtomicU64::new(first) };
        reserve.reserve(first);
        reserve
    }

    /// Makes sure that `seq` is below the bound on disk. Called under the log's lock.
    pub(crate) fn reserve(&self, seq: u64) {
        if seq >= self.bound.load(Ordering::Relaxed) {
            self.write(seq + AHEAD);
        }
    }

    pub(crate) fn give_back(&self, next: u64) {
        self.write(next);
    }

    fn write(&self, bound: u64) {
        self.bound.store(bound, Ordering::Relaxed);
        let temporary = self.path.with_extension("new");
        let written =
            fs::write(&temporary, bound.to_string()).and_then(|()| fs::rename(&temporary, &self.path));
        if let Err(error) = written {
            tracing::warn!(%error, path = %self.path.display(), "the next log position was not stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_process_costs_seqs_but_reuses_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let orderly = SeqReserve::open(folder.path(), 0);
        assert_eq!(orderly.first, 1);
        orderly.give_back(43);
        let killed = SeqReserve::open(folder.path(), 42);
        assert_eq!(killed.first, 43);
        killed.reserve(44);
        assert!(SeqReserve::open(folder.path(), 42).first > 44);
    }
}
