//! What all readers of the log with the same filter share: a place, and the lines that follow it, encoded once.

use super::{encode, log_seat::LogSeat, seats::Seats};
use callboard::{Board, LogFilter};
use callboard_protocol::{caps, config::ServerConfig, frame::ServerFrame};
use callboard_ws::SharedText;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Messages of one round, which are written with one system call.
const MESSAGES: usize = 16;
/// Rounds that are kept for those who are behind by the same.
const KEPT: usize = 16;

/// A place in the log for somebody with a filter: up to where he was told, and up to where it was looked at for him.
/// What does not pass is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) told: u64,
    pub(super) looked_at: u64,
}

/// What leads from one place to another; no message when nothing passed on the way and nothing was lost.
pub(super) struct Round {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) texts: Vec<SharedText>,
    /// What the server lets anybody see is part of it.
    config: Arc<ServerConfig>,
}

impl Round {
    /// Whether it came to the end of the log, as it was then.
    pub(super) fn is_short(&self) -> bool {
        self.texts.len() < MESSAGES
    }
}

/// See the module.
pub(super) struct LogView {
    pub(super) filter: LogFilter,
    pub(super) board: Board,
    pub(super) seats: Seats<LogSeat>,
    pub(super) stop: CancellationToken,
    head: Mutex<Place>,
    kept: Mutex<VecDeque<Arc<Round>>>,
}

impl LogView {
    /// A view that begins at the end of the log.
    pub(super) fn new(board: Board, filter: LogFilter, stop: CancellationToken) -> Self {
        let end = *board.logs().head().borrow();
        let head = Mutex::new(Place { told: end, looked_at: end });
        LogView { filter, board, seats: Seats::default(), stop, head, kept: Mutex::default() }
    }

    /// Where those are who read along.
    pub(super) fn head(&self) -> Place {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next round for those who read along; called by the broadcaster alone. From now on it is what others catch
    /// up with.
    pub(super) fn advance(&self) -> Arc<Round> {
        let round = self.round(self.head(), u64::MAX);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = round.to;
        round
    }

    /// A round from a place, no further than `until`; made once for all who are there.
    pub(super) fn round(&self, from: Place, until: u64) -> Arc<Round> {
        let config = self.board.server_config().borrow().clone();
        // Held while a round is made: the others want the same one.
        let mut kept = self.kept();
        let is_same = |round: &&Arc<Round>| {
            round.from == from && round.to.looked_at <= until && Arc::ptr_eq(&round.config, &config)
        };
        if let Some(round) = kept.iter().rev().find(is_same) {
            return round.clone();
        }
        let round = Arc::new(self.make(from, until, config));
        // One that leads nowhere would hide the lines that come next.
        if round.to.looked_at > from.looked_at {
            if kept.len() >= KEPT {
                kept.pop_front();
            }
            kept.push_back(round.clone());
        }
        round
    }

    fn make(&self, from: Place, until: u64, config: Arc<ServerConfig>) -> Round {
        let mut pages = Vec::new();
        let mut to = from;
        for _ in 0..MESSAGES {
            let page = self.board.logs().between((to.looked_at, until), caps::LOG_BATCH_LINES, &self.filter);
            to.looked_at = page.to_seq;
            let is_last = page.entries.len() < caps::LOG_BATCH_LINES;
            if !page.entries.is_empty() || page.lost > 0 {
                pages.push(page);
            }
            if is_last {
                break;
            }
        }
        // All who are told something are told up to the same line, wherever they were before.
        if let Some(last) = pages.last_mut() {
            last.to_seq = to.looked_at;
        }
        let texts = pages.into_iter().map(|page| {
            let told = std::mem::replace(&mut to.told, page.to_seq);
            let dropped = (page.lost > 0).then_some(page.lost);
            // Where lines are gone the message begins behind them, so that readers see the hole.
            let prev_seq = if dropped.is_some() { told.max(page.prev_seq) } else { told };
            let (entries, to_seq) = (page.entries, page.to_seq);
            SharedText::new(&encode::text(&ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped }))
        });
        let texts = texts.collect();
        Round { from, to, texts, config }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Round>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard::BoardOptions;
    use callboard_protocol::log::Level;

    async fn view(filter: LogFilter) -> LogView {
        let board = Board::open(BoardOptions::default()).await.expect("opens");
        LogView::new(board, filter, CancellationToken::new())
    }

    fn write(view: &LogView, channel: &str, lines: usize) {
        (0..lines).for_each(|_| view.board.logs().write(channel, Level::Info, "x", None));
    }

    fn at(told: u64, looked_at: u64) -> Place {
        Place { told, looked_at }
    }

    #[tokio::test]
    async fn who_is_at_the_same_place_gets_the_same_bytes_and_nobody_a_line_twice() {
        let view = view(LogFilter::default()).await;
        let start = view.head();
        write(&view, "a", 250);
        let first = view.advance();
        assert_eq!((first.from, first.texts.len(), first.to.looked_at), (start, 3, start.looked_at + 250));
        assert!(Arc::ptr_eq(&first, &view.round(start, first.to.looked_at)), "made once");
        let late = view.round(at(start.told + 200, start.looked_at + 200), view.head().looked_at);
        assert_eq!((late.to, late.texts.len()), (first.to, 1), "who is behind comes to the same place");
        write(&view, "a", 1);
        let behind = view.round(start, first.to.looked_at);
        assert_eq!(behind.to, first.to, "and no further, so that the next round is theirs too");
        assert_eq!(view.advance().from, first.to);
        assert!(view.advance().texts.is_empty());
    }

    #[tokio::test]
    async fn what_nobody_wants_to_see_moves_no_position() {
        let view = view(LogFilter { channels: Some(vec!["odd".into()]), min_level: None }).await;
        let start = view.head().told;
        write(&view, "even", 1);
        let round = view.advance();
        assert_eq!((round.to, round.texts.len()), (at(start, start + 1), 0));
        write(&view, "odd", 1);
        write(&view, "even", 1);
        let round = view.advance();
        let text = round.texts.first().expect("a line").text();
        let positions = format!(r#""prevSeq":{start},"toSeq":{}"#, start + 3);
        assert!(text.contains(&positions), "continuous for the client: {text}");
        assert_eq!(round.to, at(start + 3, start + 3));
    }

    #[tokio::test]
    async fn a_round_is_bounded_and_what_is_gone_is_said() {
        let view = view(LogFilter::default()).await;
        let start = view.head();
        write(&view, "a", caps::LOG_RING_LINES + 500);
        let round = view.advance();
        assert_eq!(round.texts.len(), MESSAGES);
        assert!(round.texts[0].text().contains(r#""dropped":500"#));
        assert_eq!(round.to.looked_at, start.looked_at + 500 + (MESSAGES * caps::LOG_BATCH_LINES) as u64);
        for _ in 0..2 * KEPT {
            write(&view, "a", 1);
            view.advance();
        }
        assert!(view.kept().len() <= KEPT);
    }
}
