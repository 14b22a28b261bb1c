//! Continuity of the log (protocol 4): `prevSeq` must be what arrived last, otherwise the hole is asked for.

use crate::{caps, logs::LogEvent};
use callboard_protocol::{Epoch, frame::LogPosition, log::LogEntry};

/// A batch of lines with the stretch of the log that was looked at for it.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) entries: Vec<LogEntry>,
    pub(super) prev_seq: u64,
    pub(super) to_seq: u64,
    /// The server says that it no longer had the first lines of this stretch.
    pub(super) lossy: bool,
}

impl Batch {
    /// The position before the first line that is there.
    fn first_gap_end(&self) -> u64 {
        match self.entries.first() {
            Some(first) if self.lossy => first.seq.saturating_sub(1).max(self.prev_seq),
            None if self.lossy => self.to_seq,
            _ => self.prev_seq,
        }
    }
}

/// What to do about a message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// What listeners are told.
    pub(super) events: Vec<LogEvent>,
    /// Ask for the lines after this one.
    pub(super) replay_since: Option<u64>,
}

/// Where in the log a client is. At most one replay is outstanding.
#[derive(Debug, Default)]
pub(super) struct LogCursor {
    position: Option<LogPosition>,
    replaying: bool,
}

impl LogCursor {
    pub(super) fn position(&self) -> Option<&LogPosition> {
        self.position.as_ref()
    }

    pub(super) fn connection_lost(&mut self) {
        self.replaying = false;
    }

    /// Lines from the ring: after connecting, or the answer to a replay. A hole in front of them stays one.
    pub(super) fn history(&mut self, epoch: Epoch, batch: Batch) -> Reading {
        self.replaying = false;
        let mut events = Vec::new();
        let known = self.position.take_if(|mine| mine.epoch == epoch && mine.seq <= batch.to_seq);
        match known {
            Some(mine) => {
                self.position = Some(mine);
                self.go_on(batch, &mut events);
            }
            None => {
                // Another history, or one that was cut short: what was shown is not part of it (S3.31).
                if self.position.take().is_some() {
                    events.push(LogEvent::Reset { after: batch.prev_seq });
                }
                self.position = Some(LogPosition { epoch, seq: batch.to_seq });
                push_lines(batch.entries, &mut events);
            }
        }
        Reading { events, replay_since: None }
    }

    /// New lines. After a hole they are dropped: the replay that is asked for brings them too. Where the server says that it
    /// has nothing to fill the hole with, they are taken.
    pub(super) fn append(&mut self, batch: Batch) -> Reading {
        let mut reading = Reading::default();
        let Some(mine) = &self.position else { return reading };
        if batch.lossy || batch.prev_seq <= mine.seq {
            self.go_on(batch, &mut reading.events);
        } else {
            reading.replay_since = self.ask();
        }
        reading
    }

    /// The server says how far it has served the log.
    pub(super) fn served(&mut self, epoch: &Epoch, seq: u64) -> Option<u64> {
        let behind = self.position.as_ref().is_some_and(|mine| mine.epoch == *epoch && mine.seq < seq);
        if behind { self.ask() } else { None }
    }

    fn ask(&mut self) -> Option<u64> {
        let since = self.position.as_ref().map(|mine| mine.seq);
        if std::mem::replace(&mut self.replaying, true) { None } else { since }
    }

    /// Goes on from the own position, which lies before, in or at the start of the batch.
    fn go_on(&mut self, batch: Batch, events: &mut Vec<LogEvent>) {
        let Some(mine) = self.position.as_mut() else { return };
        let until = batch.first_gap_end();
        if until > mine.seq {
            events.push(LogEvent::Gap { after: mine.seq, until });
        }
        let last = mine.seq;
        mine.seq = mine.seq.max(batch.to_seq);
        push_lines(batch.entries.into_iter().filter(|entry| entry.seq > last).collect(), events);
    }
}

fn push_lines(entries: Vec<LogEntry>, events: &mut Vec<LogEvent>) {
    if !entries.is_empty() {
        events.push(LogEvent::Lines(entries.into()));
    }
}

/// How many lines a replay asks for.
pub(super) const REPLAY_LIMIT: u32 = caps::REPLAY_LINES;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::tests::entry;

    fn batch(prev_seq: u64, seqs: &[u64], to_seq: u64) -> Batch {
        Batch { entries: seqs.iter().map(|seq| entry(*seq)).collect(), prev_seq, to_seq, lossy: false }
    }

    fn lines(seqs: &[u64]) -> LogEvent {
        LogEvent::Lines(seqs.iter().map(|seq| entry(*seq)).collect())
    }

    fn told(events: Vec<LogEvent>) -> Reading {
        Reading { events, replay_since: None }
    }

    fn at(seq: u64) -> LogCursor {
        LogCursor { position: Some(LogPosition { epoch: "e".into(), seq }), replaying: false }
    }

    #[test]
    fn history_then_live_has_no_race() {
        // W3.5: a line that comes in both is shown once; a filter's holes are none.
        let mut cursor = LogCursor::default();
        assert_eq!(cursor.append(batch(3, &[4], 4)), told(vec![]));
        assert_eq!(cursor.history("e".into(), batch(0, &[2, 5], 6)), told(vec![lines(&[2, 5])]));
        assert_eq!(cursor.append(batch(4, &[5, 7], 8)), told(vec![lines(&[7])]));
        assert_eq!(cursor.append(batch(8, &[12], 20)), told(vec![lines(&[12])]));
        assert_eq!(cursor.append(batch(8, &[12], 20)), told(vec![]));
        assert_eq!(cursor.position().map(|mine| mine.seq), Some(20));
    }

    #[test]
    fn a_hole_is_asked_for_once() {
        let mut cursor = at(10);
        assert_eq!(cursor.append(batch(12, &[13], 13)).replay_since, Some(10));
        assert_eq!(cursor.append(batch(13, &[14], 14)), told(vec![]));
        let reading = cursor.history("e".into(), batch(10, &[11, 12, 13, 14], 14));
        assert_eq!(reading, told(vec![lines(&[11, 12, 13, 14])]));
        assert_eq!(cursor.append(batch(20, &[21], 21)).replay_since, Some(14));
    }

    #[test]
    fn what_the_ring_lost_is_named() {
        let mut cursor = at(10);
        assert_eq!(cursor.append(batch(90, &[91], 91)).replay_since, Some(10));
        let reading = cursor.history("e".into(), batch(50, &[51, 91], 91));
        assert_eq!(reading, told(vec![LogEvent::Gap { after: 10, until: 50 }, lines(&[51, 91])]));
    }

    #[test]
    fn what_the_server_no_longer_had_is_named() {
        let lossy = |batch| Batch { lossy: true, ..batch };
        let gap = |after, until| LogEvent::Gap { after, until };
        let mut cursor = at(10);
        let reading = cursor.append(lossy(batch(10, &[51, 52], 52)));
        assert_eq!(reading, told(vec![gap(10, 50), lines(&[51, 52])]));
        assert_eq!(cursor.append(lossy(batch(60, &[61], 61))), told(vec![gap(52, 60), lines(&[61])]));
        let reading = cursor.history("e".into(), lossy(batch(61, &[90], 91)));
        assert_eq!(reading, told(vec![gap(61, 89), lines(&[90])]));
        assert_eq!(cursor.append(lossy(batch(91, &[], 99))), told(vec![gap(91, 99)]));
        assert_eq!(
            LogCursor::default().history("e".into(), lossy(batch(5, &[9], 9))),
            told(vec![lines(&[9])])
        );
    }

    #[test]
    fn another_history_begins_anew() {
        let reset = |after| LogEvent::Reset { after };
        let mut cursor = at(10);
        assert_eq!(cursor.history("f".into(), batch(0, &[], 0)), told(vec![reset(0)]));
        let mut cursor = at(10);
        let reading = cursor.history("e".into(), batch(2, &[3], 3));
        assert_eq!(reading, told(vec![reset(2), lines(&[3])]));
        assert_eq!(cursor.position().map(|mine| mine.seq), Some(3));
    }

    #[test]
    fn a_heartbeat_finds_lines_that_never_came() {
        let mut cursor = at(10);
        assert_eq!(cursor.served(&"e".into(), 10), None);
        assert_eq!(cursor.served(&"e".into(), 12), Some(10));
        assert_eq!(cursor.served(&"e".into(), 12), None);
        cursor.connection_lost();
        assert_eq!(cursor.served(&"e".into(), 12), Some(10));
    }
}
