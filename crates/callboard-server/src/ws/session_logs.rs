//! The log of a session: a cursor into the board's ring and a filter.

use super::session::Session;
use callboard::{LogFilter, LogPage};
use callboard_protocol::{
    caps,
    frame::{LogRequest, ServerFrame},
};
use std::time::Duration;
use tokio::time::Instant;

/// Batches that are written at once, with one system call. A client that is behind by more goes on when it has read.
const BATCHES: usize = 16;

impl Session {
    pub(super) fn begin_logs(&mut self, wish: LogRequest) {
        if wish.enabled == Some(false) {
            self.log_filter = None;
            return;
        }
        let config = self.app.hub.server_config().logs;
        let filter =
            LogFilter { channels: wish.channels, min_level: wish.min_level.or(Some(config.min_level)) };
        let resume = wish.resume.filter(|have| have.epoch == *self.app.board.epoch());
        let limit = wish.snapshot.unwrap_or(config.snapshot).min(caps::LOG_QUERY_LINES as u32) as usize;
        let replay = resume.is_some().then_some(true);
        let page = match resume {
            Some(have) => self.app.board.logs().since(have.seq, caps::LOG_QUERY_LINES, &filter),
            None => self.app.board.logs().latest(limit, &filter),
        };
        self.log_filter = Some(filter);
        self.send_history(page, replay);
    }

    pub(super) fn replay_logs(&mut self, since_seq: u64, limit: Option<u32>) {
        let filter = self.log_filter.clone().unwrap_or_default();
        let limit =
            limit.map_or(caps::LOG_QUERY_LINES, |limit| (limit as usize).clamp(1, caps::LOG_QUERY_LINES));
        let page = self.app.board.logs().since(since_seq, limit, &filter);
        self.send_history(page, Some(true));
    }

    fn send_history(&mut self, page: LogPage, replay: Option<bool>) {
        self.log_seq = page.to_seq;
        self.log_looked_at = page.to_seq;
        if page.to_seq < *self.log_head.borrow() {
            // The rest follows by itself: whoever waits for it may wait long for the next line.
            self.log_head.mark_changed();
        }
        let history = ServerFrame::LogsHistory {
            epoch: self.app.board.epoch().clone(),
            entries: page.entries,
            prev_seq: page.prev_seq,
            to_seq: page.to_seq,
            capacity: caps::LOG_RING_LINES as u32,
            truncated: page.truncated,
            replay,
        };
        self.send(&history);
    }

    pub(super) fn advance_logs(&mut self) {
        self.log_head.borrow_and_update();
        self.logs_wait_until = Instant::now() + Duration::from_millis(caps::LOG_BATCH_MS);
        let Some(filter) = &self.log_filter else { return };
        let config = self.config.borrow().clone();
        let mut texts = Vec::new();
        for _ in 0..BATCHES {
            let place = (self.log_seq, self.log_looked_at);
            let batch = self.app.hub.lines.batch(self.app.board.logs(), (filter, &config), place);
            self.log_looked_at = batch.to_seq;
            // What nobody wants to see moves no position: the next batch goes on from what the client has.
            if let Some(text) = &batch.text {
                self.log_seq = batch.to_seq;
                texts.push(text.clone());
            }
            if batch.to_seq >= *self.log_head.borrow() {
                break;
            }
        }
        if self.log_looked_at < *self.log_head.borrow() {
            self.log_head.mark_changed();
            self.logs_wait_until = Instant::now();
        }
        let pending = self.outlet.send_shared(&texts);
        if pending > 0 {
            self.note_control(pending);
        }
    }
}
