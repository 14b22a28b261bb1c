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
    /// What is looked for is shown among all lines.
    shows_all: bool,
    /// The line that was found last.
    found: Option<u64>,
    /// Rows that the last picture had for it.
    pub(crate) room: usize,
}

/// What came of looking for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is one further on.
    Further,
    /// There is one when it is begun anew at the other end.
    Around,
    Nothing,
}

impl LogPane {
    /// The lines of the whole board.
    pub(crate) fn of_board() -> LogPane {
        LogPane { of_board: true, ..LogPane::default() }
    }

    /// Shows another job; its lines are to be fetched.
    pub(crate) fn turn_to(&mut self, job: Option<JobId>) {
        *self = LogPane {
            job,
            find: std::mem::take(&mut self.find),
            shows_all: self.shows_all,
            room: self.room,
            ..LogPane::default()
        };
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
        (self.news, self.found) = (0, None);
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

    /// Shows all lines, and not only those that have in them what is looked for.
    pub(crate) fn show_all(&mut self) {
        self.shows_all = true;
    }

    /// Whether it does.
    pub(crate) fn is_whole(&self) -> bool {
        self.shows_all || self.find.is_empty()
    }

    /// Looks for nothing any more, or for something else.
    pub(crate) fn find_anew(&mut self, find: String) {
        (self.find, self.shows_all, self.found) = (find, false, None);
    }

    /// Goes to the next line of this kind, or the one before: from the one that was found last, or else from the last one
    /// that is shown. It freezes there.
    pub(crate) fn seek(&mut self, back: bool, wraps: bool, is_wanted: impl Fn(&LogEntry) -> bool) -> Found {
        let fitting: Vec<(u64, bool)> =
            self.fitting().iter().map(|line| (line.seq, is_wanted(line))).collect();
        let seqs: Vec<u64> = fitting.iter().map(|(seq, _)| *seq).collect();
        // Before which it is looked for backwards, and from which on forwards.
        let (before, after) = match self.found {
            Some(found) => {
                (seqs.partition_point(|seq| *seq < found), seqs.partition_point(|seq| *seq <= found))
            }
            None => (self.end(&seqs), self.end(&seqs)),
        };
        let wanted = |range: std::ops::Range<usize>| {
            let mut places = range.filter(|at| fitting[*at].1);
            if back { places.next_back() } else { places.next() }
        };
        let (ahead, behind) = match back {
            true => (0..before, before..seqs.len()),
            false => (after..seqs.len(), 0..after),
        };
        let (at, found) = match wanted(ahead) {
            Some(at) => (at, Found::Further),
            None => match wanted(behind) {
                Some(at) => (at, Found::Around),
                None => return Found::Nothing,
            },
        };
        self.found = Some(seqs[at]);
        // In the middle, as far as one knows how many rows there are.
        let below = if wraps { 0 } else { self.room / 2 };
        if self.frozen_at.is_none() {
            self.news = 0;
        }
        self.frozen_at =
            seqs.get((at + 1 + below).max(self.room).min(seqs.len()) - 1).or(seqs.last()).copied();
        found
    }

    /// Whether this is the line that was found last.
    pub(crate) fn is_found(&self, line: &LogEntry) -> bool {
        self.found == Some(line.seq)
    }

    /// The line that was found last, or the last one that is shown.
    pub(crate) fn at(&self) -> Option<&LogEntry> {
        let found = self.lines.iter().find(|line| self.is_found(line));
        found.or_else(|| self.shown(1).pop())
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
        let find = if self.shows_all { String::new() } else { self.find.to_lowercase() };
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
