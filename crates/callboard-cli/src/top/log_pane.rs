//! The lines of one job, or of the board: following their end, or frozen where somebody reads.

use callboard_protocol::{JobId, log::LogEntry};
use std::collections::VecDeque;

/// Lines that are kept; the oldest go first.
const KEPT: usize = 2000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LogPane {
    pub(crate) job: Option<JobId>,
    /// It takes the lines of the board and of every job.
    of_board: bool,
    /// What lines must have in them to be shown; in any case of letters.
    pub(crate) find: String,
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
    /// The lines of the whole board.
    pub(crate) fn of_board() -> LogPane {
        LogPane { of_board: true, ..LogPane::default() }
    }

    /// Shows another job; its lines are to be fetched.
    pub(crate) fn turn_to(&mut self, job: Option<JobId>) {
        *self = LogPane { job, find: std::mem::take(&mut self.find), ..LogPane::default() };
    }

    pub(crate) fn is_of_board(&self) -> bool {
        self.of_board
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines that were fetched or came by themselves; those that are known already are left out.
    pub(crate) fn add(&mut self, lines: impl IntoIterator<Item = LogEntry>) {
        let (of_board, job) = (self.of_board, self.job.clone());
        for line in lines.into_iter().filter(|line| of_board || line.job_id == job) {
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
        let fitting: Vec<u64> = self.fitting().iter().map(|line| line.seq).collect();
        let to = self.end(&fitting).saturating_add_signed(by).max(1);
        if to >= fitting.len() {
            self.follow(true);
        } else if let Some(seq) = fitting.get(to - 1) {
            self.frozen_at = Some(*seq);
        }
    }

    /// As many lines as there is room for, up to the last one that is shown.
    pub(crate) fn shown(&self, rows: usize) -> Vec<&LogEntry> {
        let mut fitting = self.fitting();
        let seqs: Vec<u64> = fitting.iter().map(|line| line.seq).collect();
        let end = self.end(&seqs);
        fitting.truncate(end);
        fitting.split_off(end.saturating_sub(rows))
    }

    /// Columns of the longest line that fits, nearly.
    pub(crate) fn widest(&self) -> usize {
        self.fitting().iter().map(|line| line.message.chars().count()).max().unwrap_or(0)
    }

    /// The lines that have in them what is looked for.
    fn fitting(&self) -> Vec<&LogEntry> {
        let find = self.find.to_lowercase();
        let fits = |line: &&LogEntry| find.is_empty() || line.message.to_lowercase().contains(&find);
        self.lines.iter().filter(fits).collect()
    }

    /// The number of lines up to the last one that is shown.
    fn end(&self, fitting: &[u64]) -> usize {
        match self.frozen_at {
            // What was frozen may have gone; then the oldest lines are shown.
            Some(at) => fitting.partition_point(|seq| *seq <= at).max(fitting.len().min(1)),
            None => fitting.len(),
        }
    }
}
