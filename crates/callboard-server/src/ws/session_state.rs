//! The state of a session: its subscriptions, each a seat in a view.

use super::{
    seat::{CaughtUp, Seat},
    session::Session,
    view::Joined,
};
use callboard_protocol::{
    error::{ErrorCode, Rejection},
    frame::{SnapshotReason, StatePosition, SubStart},
};

/// One subscription of a connection.
pub(super) struct Sub {
    pub(super) name: String,
    pub(super) joined: Joined,
    /// What is to be done before anything else is sent.
    wish: Option<Wish>,
}

enum Wish {
    /// A snapshot, for this reason.
    Snapshot(SnapshotReason),
    /// A resync that was asked for, with what the client has.
    Resync(Option<StatePosition>),
}

impl Session {
    /// Adds a subscription and says how it begins; what it begins with is still to be sent.
    pub(super) fn add_sub(&mut self, name: &str, resume: Option<StatePosition>) -> SubStart {
        let seat = Seat::new(self.outlet.clone());
        let (start, wish) = match &resume {
            None => (SubStart::Snapshot, Some(Wish::Snapshot(SnapshotReason::Connect))),
            Some(have) if have.epoch != *self.app.board.epoch() => {
                (SubStart::Snapshot, Some(Wish::Snapshot(SnapshotReason::Epoch)))
            }
            Some(have) if self.can_resume(have) => {
                seat.place(have.version);
                (SubStart::Resumed, None)
            }
            Some(_) => (SubStart::Snapshot, Some(Wish::Snapshot(SnapshotReason::Lagged))),
        };
        self.subs.push(Sub { name: name.into(), joined: self.view.join(seat), wish });
        start
    }

    /// Says which subscriptions are not served.
    pub(super) fn refuse_subs(&mut self, names: Vec<String>) {
        for name in names {
            let message = "this server serves the whole state only: paths must be [\"\"]";
            self.send_error(Some(name), Rejection::new(ErrorCode::Unsupported, message));
        }
    }

    fn can_resume(&self, have: &StatePosition) -> bool {
        have.epoch == *self.app.board.epoch() && self.app.board.since(have.version).is_some()
    }

    /// The version that the client has been served up to.
    pub(super) fn served_version(&self) -> u64 {
        self.subs.first().map_or(0, |sub| sub.joined.seat.version())
    }

    /// The newest request counts; it is served when the last answer is out, so asking costs no memory.
    pub(super) async fn ask_resync(&mut self, sub: Option<String>, have: Option<StatePosition>) {
        let name = sub.as_deref().unwrap_or("main");
        let Some(sub) = self.subs.iter_mut().find(|sub| sub.name == name) else { return };
        sub.wish = Some(Wish::Resync(have));
        if self.outlet.lane().is_idle() {
            self.advance_state().await;
        }
    }

    /// Brings the client's state to the head, as far as it reads.
    pub(super) async fn advance_state(&mut self) {
        self.send_snapshots().await;
        for index in 0..self.subs.len() {
            let Joined { view, seat, .. } = &self.subs[index].joined;
            if let CaughtUp::NeedsSnapshot(at_least) = seat.catch_up(view) {
                self.send_snapshot(index, SnapshotReason::Lagged, at_least).await;
            }
        }
    }

    /// Sends the snapshots that are wished for, one at a time: the next one when the last is out.
    pub(super) async fn send_snapshots(&mut self) {
        for index in 0..self.subs.len() {
            if !self.outlet.lane().is_idle() && !self.subs[index].is_new() {
                return;
            }
            let Some(wish) = self.subs[index].wish.take() else { continue };
            let seat = &self.subs[index].joined.seat;
            match wish {
                Wish::Resync(Some(have)) if self.can_resume(&have) => seat.place(have.version),
                Wish::Resync(_) => {
                    let at_least = seat.lift();
                    self.send_snapshot(index, SnapshotReason::Resync, at_least).await;
                }
                Wish::Snapshot(reason) => self.send_snapshot(index, reason, 0).await,
            }
        }
    }

    async fn send_snapshot(&mut self, index: usize, reason: SnapshotReason, at_least: u64) {
        let Joined { view, seat, .. } = &self.subs[index].joined;
        let parts = view.snapshot(reason, at_least).await;
        seat.begin_at(&parts);
    }
}

impl Sub {
    /// Its first snapshot goes out with the welcome.
    fn is_new(&self) -> bool {
        matches!(self.wish, Some(Wish::Snapshot(_)))
    }
}
