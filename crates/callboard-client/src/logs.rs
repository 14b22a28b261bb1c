//! Log lines for listeners: the newest ones are kept for late listeners, slow ones hear of a gap.

use crate::caps;
use callboard_protocol::log::LogEntry;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// What happens in a log as it is received.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEvent {
    /// Lines in the order of their `seq`; never none.
    Lines(Arc<[LogEntry]>),
    /// Lines with `after < seq <= until` were lost for good, at least those that were wanted.
    Gap {
        /// The last position before the hole.
        after: u64,
        /// The last position in the hole.
        until: u64,
    },
    /// The log is another one, or was cut short by a crash: what was shown after this position is not part of it,
    /// and what follows has positions above it that may have been seen before.
    Reset {
        /// The position from which the log goes on.
        after: u64,
    },
}

/// The client's own ring and its listeners.
#[derive(Debug)]
pub(crate) struct LogBoard {
    ring: Mutex<Ring>,
    events: broadcast::Sender<LogEvent>,
}

#[derive(Debug)]
struct Ring {
    lines: VecDeque<LogEntry>,
    capacity: usize,
    ended: bool,
}

impl LogBoard {
    pub(crate) fn new(capacity: usize) -> Self {
        let ring = Ring { lines: VecDeque::new(), capacity, ended: false };
        LogBoard { ring: Mutex::new(ring), events: broadcast::Sender::new(caps::LOG_EVENTS) }
    }

    /// Adopts the server's suggestion; 0 is none (S3.17). The oldest lines go first.
    pub(crate) fn set_capacity(&self, lines: u32) {
        if lines > 0 {
            let mut ring = self.lock();
            ring.capacity = (lines as usize).min(caps::LOG_LINES);
            ring.trim();
        }
    }

    pub(crate) fn publish(&self, event: LogEvent) {
        let mut ring = self.lock();
        match &event {
            LogEvent::Lines(lines) => {
                ring.lines.extend(lines.iter().cloned());
                ring.trim();
            }
            LogEvent::Reset { after } => ring.lines.retain(|line| line.seq <= *after),
            LogEvent::Gap { .. } => {}
        }
        // Nobody may be listening; the ring has it.
        let _ = self.events.send(event);
    }

    /// The client's task is over: streams end after what they have not heard yet.
    pub(crate) fn end(&self) {
        let mut ring = self.lock();
        ring.ended = true;
        let _ = self.events.send(LogEvent::Lines(Arc::default()));
    }

    /// A stream that begins with the lines of the ring.
    pub(crate) fn listen(&self) -> LogStream {
        let ring = self.lock();
        let kept: Arc<[LogEntry]> = ring.lines.iter().cloned().collect();
        let events = self.events.subscribe();
        LogStream {
            first: (!kept.is_empty()).then_some(kept),
            events,
            last: 0,
            missed: false,
            ended: ring.ended,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn trim(&mut self) {
        let excess = self.lines.len().saturating_sub(self.capacity);
        self.lines.drain(..excess);
    }
}

/// Log lines as they arrive, beginning with those that the client has kept.
#[derive(Debug)]
pub struct LogStream {
    first: Option<Arc<[LogEntry]>>,
    events: broadcast::Receiver<LogEvent>,
    last: u64,
    missed: bool,
    ended: bool,
}

impl LogStream {
    /// The next event; `None` once the client is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<LogEvent> {
        if let Some(lines) = self.first.take() {
            return Some(self.seen(LogEvent::Lines(lines)));
        }
        while !self.ended {
            match self.events.recv().await {
                Ok(LogEvent::Lines(lines)) if lines.is_empty() => self.ended = true,
                Ok(LogEvent::Lines(lines)) => return Some(self.lines(lines)),
                Ok(event) => return Some(self.seen(event)),
                Err(broadcast::error::RecvError::Lagged(_)) => self.missed = true,
                Err(broadcast::error::RecvError::Closed) => self.ended = true,
            }
        }
        None
    }

    /// Lines, or first the gap that this listener's slowness made before them.
    fn lines(&mut self, lines: Arc<[LogEntry]>) -> LogEvent {
        let until = lines[0].seq.saturating_sub(1);
        if std::mem::take(&mut self.missed) && until > self.last {
            self.first = Some(lines);
            return LogEvent::Gap { after: self.last, until };
        }
        self.seen(LogEvent::Lines(lines))
    }

    fn seen(&mut self, event: LogEvent) -> LogEvent {
        match &event {
            LogEvent::Lines(lines) => self.last = lines.last().map_or(self.last, |entry| entry.seq),
            LogEvent::Gap { until, .. } => self.last = *until,
            LogEvent::Reset { after } => self.last = *after,
        }
        event
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use callboard_protocol::{Time, log::Level};

    pub(crate) fn entry(seq: u64) -> LogEntry {
        LogEntry {
            seq,
            ts: Time(0),
            channel: "stdout".into(),
            emoji: "▸".into(),
            level: Level::Info,
            message: format!("line {seq}").into(),
            color: "white".into(),
            job_id: None,
            fields: None,
        }
    }

    fn lines(seqs: &[u64]) -> LogEvent {
        LogEvent::Lines(seqs.iter().map(|seq| entry(*seq)).collect())
    }

    #[tokio::test]
    async fn a_late_listener_begins_with_what_was_kept() {
        let board = LogBoard::new(2);
        board.publish(lines(&[1, 2, 3]));
        let mut stream = board.listen();
        board.publish(lines(&[4]));
        assert_eq!(stream.next().await, Some(lines(&[2, 3])));
        assert_eq!(stream.next().await, Some(lines(&[4])));
        board.publish(LogEvent::Reset { after: 0 });
        board.publish(lines(&[1]));
        assert_eq!(stream.next().await, Some(LogEvent::Reset { after: 0 }));
        board.end();
        assert_eq!(stream.next().await, Some(lines(&[1])));
        assert_eq!(stream.next().await, None);
        let mut late = board.listen();
        assert_eq!(late.next().await, Some(lines(&[1])));
        assert_eq!(late.next().await, None);
    }

    #[tokio::test]
    async fn a_slow_listener_hears_of_the_gap() {
        let board = LogBoard::new(10);
        let mut stream = board.listen();
        let total = caps::LOG_EVENTS as u64 + 10;
        for seq in 1..=total {
            board.publish(lines(&[seq]));
        }
        assert_eq!(stream.next().await, Some(LogEvent::Gap { after: 0, until: 10 }));
        assert_eq!(stream.next().await, Some(lines(&[11])));
    }

    #[test]
    fn the_servers_capacity_is_adopted_within_reason() {
        let board = LogBoard::new(5);
        board.publish(lines(&[1, 2, 3, 4, 5, 6]));
        board.set_capacity(0);
        assert_eq!(board.lock().lines.len(), 5);
        board.set_capacity(2);
        assert_eq!(board.lock().lines.len(), 2);
        board.set_capacity(u32::MAX);
        assert_eq!(board.lock().capacity, caps::LOG_LINES);
    }
}
