//! The newest lines in memory. Readers are cursors: they ask for what comes after a seq.

use callboard_protocol::{
    Node,
    config::LogsConfig,
    log::{Level, LogEntry},
};
use std::collections::VecDeque;

/// Lines that a reader wants to see (S3.20).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogFilter {
    /// Only these channels; `None`: all.
    pub channels: Option<Vec<String>>,
    /// Nothing below this level.
    pub min_level: Option<Level>,
}

impl LogFilter {
    /// What the server lets anybody see: an empty list of channels is all of them (S3.14).
    pub(crate) fn of_server(config: &LogsConfig) -> LogFilter {
        let channels = Some(config.allowed_channels.clone()).filter(|channels| !channels.is_empty());
        LogFilter { channels, min_level: Some(config.min_level) }
    }

    /// Whether a line passes. A channel is also known by the part before its first colon, in any case: `request`
    /// lets `Request:42` pass (S3.20).
    pub fn passes(&self, entry: &LogEntry) -> bool {
        let own = &*entry.channel;
        let base = own.split(':').next().unwrap_or_default();
        let is_own = |name: &String| name == own || name.eq_ignore_ascii_case(base);
        let channel = |channels: &Vec<String>| channels.iter().any(is_own);
        self.channels.as_ref().is_none_or(channel) && self.min_level.is_none_or(|least| entry.level >= least)
    }
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    /// The lines that pass the filter, the oldest first.
    pub entries: Vec<LogEntry>,
    /// The position before the first line looked at.
    pub prev_seq: u64,
    /// The position after the last line looked at.
    pub to_seq: u64,
    /// The ring no longer held everything after the position asked for.
    pub truncated: bool,
    /// How many of the lines after that position are gone, whether or not they would have passed.
    pub lost: u64,
}

/// Lines in order of seq, bounded by count and bytes; the oldest go first.
#[derive(Debug)]
pub(crate) struct LogRing {
    entries: VecDeque<LogEntry>,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
    /// The seq of the last line that ever was; seqs start at 1.
    last_seq: u64,
}

impl LogRing {
    /// A ring of at most so many lines and bytes. It always holds the newest line.
    pub(crate) fn new(most_lines: usize, most_bytes: usize) -> Self {
        LogRing { entries: VecDeque::new(), bytes: 0, most_lines: most_lines.max(1), most_bytes, last_seq: 0 }
    }

    pub(crate) fn push(&mut self, entry: LogEntry) {
        self.last_seq = entry.seq;
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > self.most_lines || (self.bytes > self.most_bytes && self.entries.len() > 1)
        {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= weight(&oldest);
            }
        }
    }

    /// Leaves out the seqs before `next`.
    pub(crate) fn skip_to(&mut self, next: u64) {
        self.last_seq = self.last_seq.max(next.saturating_sub(1));
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        self.most_lines
    }

    /// The seq of the oldest line, or of the next one when there is none.
    pub(crate) fn head(&self) -> u64 {
        self.entries.front().map_or(self.last_seq + 1, |entry| entry.seq)
    }

    /// Up to `limit` lines after `seq` that pass. Looks no further than the last one it returns when there are more.
    pub(crate) fn since(&self, seq: u64, limit: usize, passes: impl Fn(&LogEntry) -> bool) -> LogPage {
        self.between((seq, u64::MAX), limit, passes)
    }

    /// As [`LogRing::since`], of the lines after the first and up to the second position.
    pub(crate) fn between(
        &self,
        (seq, until): (u64, u64),
        limit: usize,
        passes: impl Fn(&LogEntry) -> bool,
    ) -> LogPage {
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        let reached = self.entries.iter().skip(first).take_while(|entry| entry.seq <= until);
        let passing = reached.filter(|entry| passes(entry));
        let mut entries: Vec<_> = passing.take(limit + 1).cloned().collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().map(|entry| entry.seq);
        let to_seq = last.filter(|_| more).unwrap_or(self.last_seq.min(until));
        let gone = self.head().saturating_sub(1).min(until);
        let lost = gone.saturating_sub(seq);
        LogPage { entries, prev_seq: seq.max(gone).min(to_seq), to_seq, truncated: lost > 0, lost }
    }

    /// The newest `limit` lines that pass: filtered first, so that there are as many as possible (S3.20).
    pub(crate) fn latest(&self, limit: usize, passes: impl Fn(&LogEntry) -> bool) -> LogPage {
        let mut entries: Vec<_> =
            self.entries.iter().rev().filter(|entry| passes(entry)).take(limit).cloned().collect();
        entries.reverse();
        let prev_seq = entries.first().map_or(self.last_seq, |entry| entry.seq - 1);
        LogPage { entries, prev_seq, to_seq: self.last_seq, truncated: false, lost: 0 }
    }
}

fn weight(entry: &LogEntry) -> usize {
    entry.message.len() + entry.fields.as_ref().map_or(0, Node::json_len) + 160
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use callboard_protocol::{Time, caps};

    pub(crate) fn entry(seq: u64, channel: &str, message: &str) -> LogEntry {
        LogEntry {
            seq,
            ts: Time(0),
            channel: channel.into(),
            emoji: "•".into(),
            level: Level::Info,
            message: message.into(),
            color: "green".into(),
            job_id: None,
            fields: None,
        }
    }

    fn seqs(page: &LogPage) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn a_cursor_reads_on_without_loss_or_repeats() {
        let mut ring = LogRing::new(caps::LOG_RING_LINES, caps::LOG_RING_BYTES);
        (1..=10).for_each(|seq| ring.push(entry(seq, if seq % 2 == 0 { "even" } else { "odd" }, "x")));
        let odd = |entry: &LogEntry| &*entry.channel == "odd";
        let first = ring.since(0, 2, odd);
        assert_eq!((seqs(&first), first.to_seq, first.truncated), (vec![1, 3], 3, false));
        let second = ring.since(first.to_seq, 9, odd);
        assert_eq!((seqs(&second), second.prev_seq, second.to_seq), (vec![5, 7, 9], 3, 10));
        assert_eq!(seqs(&ring.latest(2, odd)), [7, 9]);
        let part = ring.between((3, 6), 9, odd);
        assert_eq!((seqs(&part), part.prev_seq, part.to_seq), (vec![5], 3, 6), "no further than that");
    }

    #[test]
    fn it_is_bounded_by_what_it_was_given_and_keeps_the_newest() {
        // S3.18, W3.6: push drops the oldest, whatever the capacity.
        for (lines, bytes, kept) in
            [(3, 1 << 20, 3), (1, 1 << 20, 1), (0, 1 << 20, 1), (100, 1, 1), (100, 400, 2)]
        {
            let mut ring = LogRing::new(lines, bytes);
            (1..=50).for_each(|seq| ring.push(entry(seq, "a", "x")));
            let page = ring.latest(100, |_| true);
            assert_eq!(
                (page.entries.len(), page.to_seq, ring.head()),
                (kept, 50, 51 - kept as u64),
                "{lines} {bytes}"
            );
        }
    }

    #[test]
    fn channels_are_known_by_their_family() {
        // S3.20: lower case, and the text before the colon.
        let filter = LogFilter { channels: Some(vec!["request".into()]), min_level: Some(Level::Info) };
        assert!(filter.passes(&entry(1, "Request:42", "x")) && filter.passes(&entry(1, "request", "x")));
        assert!(!filter.passes(&entry(1, "requests", "x")));
        let quiet = LogFilter { min_level: Some(Level::Warn), ..filter };
        assert!(!quiet.passes(&entry(1, "request", "x")));
    }

    #[test]
    fn what_is_gone_is_said() {
        let mut ring = LogRing::new(caps::LOG_RING_LINES, caps::LOG_RING_BYTES);
        let long = "x".repeat(caps::LOG_LINE_BYTES);
        (1..=3000).for_each(|seq| ring.push(entry(seq, "a", &long)));
        assert!(ring.bytes <= caps::LOG_RING_BYTES && ring.head() > 1);
        let page = ring.since(7, 1, |_| true);
        assert!(page.truncated);
        // S3.12: readers know what is missing by the position before the first line that was looked at.
        assert_eq!(
            (page.prev_seq, page.lost, seqs(&page)),
            (ring.head() - 1, ring.head() - 8, vec![ring.head()])
        );
        let none = ring.between((7, 9), 1, |_| true);
        assert_eq!((none.prev_seq, none.to_seq, none.lost, none.entries.len()), (9, 9, 2, 0));
        assert!(!ring.since(ring.head() - 1, 1, |_| true).truncated);
    }

    #[test]
    fn a_position_from_the_future_does_not_panic() {
        let ring = LogRing::new(caps::LOG_RING_LINES, caps::LOG_RING_BYTES);
        let page = ring.since(u64::MAX, 5, |_| true);
        assert_eq!((page.entries.len(), page.to_seq), (0, 0));
    }
}
