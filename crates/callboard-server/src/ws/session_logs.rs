//! The log of a session: history when it asks for it, and a seat in the view of its filter.

use super::session::Session;
use callboard::{LogFilter, LogPage};
use callboard_protocol::{
    caps,
    frame::{LogRequest, ServerFrame},
};

impl Session {
    pub(super) fn begin_logs(&mut self, wish: LogRequest) {
        self.log_seq = self.served_log();
        self.logs = None;
        if wish.enabled == Some(false) {
            return;
        }
        let config = self.app.hub.server_config().logs;
        let filter =
            LogFilter { channels: wish.channels, min_level: wish.min_level.or(Some(config.min_level)) };
        let resume = wish.resume.filter(|have| have.epoch == *self.app.board.epoch());
        let limit = wish.snapshot.unwrap_or(config.snapshot).min(caps::LOG_QUERY_LINES as u32) as usize;
        let replay = resume.is_some().then_some(true);
        // A seat first: no line can come between the history and what follows it.
        self.logs = Some(self.app.hub.read_logs(filter.clone(), self.outlet.clone()));
        let page = match resume {
            Some(have) => self.app.board.logs().since(have.seq, caps::LOG_QUERY_LINES, &filter),
            None => self.app.board.logs().latest(limit, &filter),
        };
        self.send_history(page, replay);
    }

    pub(super) fn replay_logs(&mut self, since_seq: u64, limit: Option<u32>) {
        let filter = self.logs.as_ref().map(|logs| logs.view.filter.clone()).unwrap_or_default();
        let limit =
            limit.map_or(caps::LOG_QUERY_LINES, |limit| (limit as usize).clamp(1, caps::LOG_QUERY_LINES));
        if let Some(logs) = &self.logs {
            logs.seat.lift();
        }
        let page = self.app.board.logs().since(since_seq, limit, &filter);
        self.send_history(page, Some(true));
    }

    /// Sends a page; what follows it comes when it is out.
    fn send_history(&mut self, page: LogPage, replay: Option<bool>) {
        let to_seq = page.to_seq;
        let history = ServerFrame::LogsHistory {
            epoch: self.app.board.epoch().clone(),
            entries: page.entries,
            prev_seq: page.prev_seq,
            to_seq,
            capacity: caps::LOG_RING_LINES as u32,
            truncated: page.truncated,
            replay,
        };
        self.send(&history);
        self.log_seq = to_seq;
        if let Some(logs) = &self.logs {
            logs.seat.place(to_seq);
        }
    }

    /// Up to where the client has the log.
    pub(super) fn served_log(&self) -> u64 {
        self.logs.as_ref().map_or(self.log_seq, |logs| logs.seat.told())
    }

    /// Brings the client's log to where those are who read along, as far as it reads.
    pub(super) fn advance_logs(&mut self) {
        let Some(logs) = &self.logs else { return };
        if logs.seat.catch_up(&logs.view) {
            // Others come first, and what the client has to say.
            self.outlet.wake();
        }
    }
}
