//! The lines of one job: following its end, or frozen where somebody reads.

use callboard_protocol::{JobId, log::LogEntry};
use std::collections::VecDeque;

/// Lines that are kept; the oldest go first.
const KEPT: usize = 2000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LogPane {
    pub(crate) job: Option<JobId>,
    lines: VecDeque<LogEntry>,
    /// The last line that is shown; without one the pane follows the end.
    frozen_at: Option<u64>,
    /// Lines that came since it was frozen.
    pub(crate) news: usize,
    /// Columns that are scrolled off to the left; kept when lines come.
    pub(crate) column: usize,
    /// Why there are no lines.
    pub(crate) problem: Option<String>,
}

impl LogPane {
    /// Shows another job; its lines are to be fetched.
    pub(crate) fn turn_to(&mut self, job: Option<JobId>) {
        *self = LogPane { job, ..LogPane::default() };
    }

    /// Lines that were fetched or came by themselves; those that are known already are left out.
    pub(crate) fn add(&mut self, lines: impl IntoIterator<Item = LogEntry>) {
        for line in lines.into_iter().filter(|line| line.job_id == self.job) {
            let at = self.lines.partition_point(|known| known.seq < line.seq);
            if self.lines.get(at).is_some_and(|known| known.seq == line.seq) {
                continue;
            }
            self.news += usize::from(self.frozen_at.is_some());
            self.lines.insert(at, line);
        }
        let excess = self.lines.len().saturating_sub(KEPT);
        self.lines.drain(..excess);
    }

    pub(crate) fn is_following(&self) -> bool {
        self.frozen_at.is_none()
    }

    /// Follows the end, or stays where it is.
    pub(crate) fn follow(&mut self, follow: bool) {
        self.frozen_at = if follow { None } else { self.lines.back().map(|line| line.seq) };
        self.news = 0;
    }

    /// Moves by lines; at the end it follows again.
    pub(crate) fn scroll(&mut self, by: isize) {
        let end = self.end();
        let to = end.saturating_add_signed(by).max(1);
        if to >= self.lines.len() {
            self.follow(true);
        } else if let Some(line) = self.lines.get(to - 1) {
            self.frozen_at = Some(line.seq);
        }
    }

    /// As many lines as there is room for, up to the last one that is shown.
    pub(crate) fn shown(&self, rows: usize) -> impl Iterator<Item = &LogEntry> {
        let end = self.end();
        self.lines.range(end.saturating_sub(rows)..end)
    }

    /// The number of lines up to the last one that is shown.
    fn end(&self) -> usize {
        match self.frozen_at {
            // What was frozen may have gone; then the oldest lines are shown.
            Some(seq) => self.lines.partition_point(|line| line.seq <= seq).max(self.lines.len().min(1)),
            None => self.lines.len(),
        }
    }
}
