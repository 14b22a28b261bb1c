//! What was left out: everything is counted, the first of it is logged one by one.

use std::path::Path;

use crate::DemoError;
use crate::report::Reporter;

/// So many skipped entries get a line of their own; a log full of them helps nobody.
const LINES_MAX: u64 = 100;

#[derive(Default)]
pub(super) struct Skipped {
    count: u64,
    /// Links, sockets, pipes and devices: not files, so not skipped, but worth a word.
    others: u64,
}

impl Skipped {
    /// Counts and logs an entry that should have been read.
    pub(super) fn add(&mut self, path: &Path, why: &str, report: &mut Reporter<'_>) -> Result<(), DemoError> {
        self.count += 1;
        if self.count > LINES_MAX {
            return Ok(());
        }
        report.log("warn", &format!("skipped {path:?}: {why}"))
    }

    /// Counts an entry that is neither a file nor a folder.
    pub(super) fn add_other(&mut self) {
        self.others += 1;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Says in the log what had no line of its own.
    pub(super) fn conclude(&self, report: &mut Reporter<'_>) -> Result<(), DemoError> {
        if self.count > LINES_MAX {
            let rest = self.count - LINES_MAX;
            report.log("warn", &format!("skipped {rest} more entries that have no line here"))?;
        }
        if self.others > 0 {
            let others = self.others;
            report.log("info", &format!("left out {others} symbolic links and special files"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_skipped_entries_get_a_bounded_log_and_an_exact_count() {
        let mut lines = Vec::new();
        let mut report = Reporter::new(&mut lines);
        let mut skipped = Skipped::default();
        for _ in 0..LINES_MAX + 7 {
            skipped.add(Path::new("a"), "gone", &mut report).expect("memory takes it");
        }
        skipped.conclude(&mut report).expect("memory takes it");
        assert_eq!(skipped.count(), LINES_MAX + 7);
        let lines = String::from_utf8(lines).expect("text");
        assert_eq!(lines.lines().count() as u64, LINES_MAX + 1);
        assert!(lines.contains("skipped 7 more entries"), "{lines}");
    }
}
