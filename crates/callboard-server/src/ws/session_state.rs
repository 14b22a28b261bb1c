//! The state of a session: its subscriptions, each a seat in a view.

use super::{
    hub::Joined,
    seat::{CaughtUp, Seat},
    session::{Goodbye, Session},
    snapshot::Wanted,
    stored,
    view::{MAIN, PatchFrame, ViewKey},
};
use callboard_protocol::{
    Node, Selection, caps,
    command::Accepted,
    error::{ErrorCode, Rejection},
    frame::{SnapshotReason, StatePosition, SubRequest, SubStart, close},
    to_node,
};
use std::{collections::BTreeMap, sync::Arc};

/// Bytes of first snapshots that are queued for a client at once; further ones wait until it has read.
const FIRST_BYTES: usize = 1024 * 1024;

/// When to come back to a server that has too many snapshots under way: ms, least and most.
const OVERLOAD_MS: (u32, u32) = (1000, 5000);

/// One subscription of a connection.
pub(super) struct Sub {
    joined: Joined,
    /// What is to be done before anything else is sent.
    wish: Option<Wish>,
}

enum Wish {
    /// A snapshot, for this reason.
    Snapshot(SnapshotReason),
    /// To go on from what the client has, or a snapshot.
    Resync(Option<StatePosition>),
    /// This patch, which leads from what the client has to what is in memory.
    Stored(Arc<PatchFrame>),
}

impl Sub {
    fn name(&self) -> &str {
        &self.joined.view.key.sub
    }
}

impl Session {
    /// Takes the subscriptions of `hello`: how each begins, and what is wrong with those that are not served.
    pub(super) async fn add_subs(
        &mut self,
        wanted: Vec<SubRequest>,
    ) -> (BTreeMap<String, SubStart>, Vec<(String, Rejection)>) {
        let (mut starts, mut refused) = (BTreeMap::new(), Vec::new());
        // The one over the limit says what the limit is; the others are not worth an answer.
        for request in wanted.into_iter().take(caps::SUBSCRIPTIONS + 1) {
            let name: String = request.sub.chars().take(caps::ID_BYTES).collect();
            match self.add_sub(request, SnapshotReason::Connect).await {
                Ok(start) => drop(starts.insert(name, start)),
                Err(rejection) => refused.push((name, rejection)),
            }
        }
        (starts, refused)
    }

    /// `subscribe`: the snapshot or the patch follows the answer.
    pub(super) async fn subscribe(&mut self, id: String, request: SubRequest) -> Result<(), Goodbye> {
        let started = self.add_sub(request, SnapshotReason::View).await;
        let answer = started
            .map(|start| self.accepted(to_node(&BTreeMap::from([("start", start)])).unwrap_or_default()));
        self.send_answer(id, answer);
        self.advance().await
    }

    /// `unsubscribe`: nothing follows the answer.
    pub(super) fn unsubscribe(&mut self, id: String, name: &str) {
        let result = match self.subs.iter().position(|sub| sub.name() == name) {
            Some(index) => {
                drop(self.subs.remove(index));
                Ok(self.accepted(Node::Null))
            }
            None => Err(unknown_sub(name)),
        };
        self.send_answer(id, result);
    }

    fn accepted(&self, result: Node) -> Accepted {
        Accepted { version: *self.app.board.head().borrow(), result, dup: false }
    }

    /// Adds a subscription and says how it begins; what it begins with is still to be sent.
    async fn add_sub(&mut self, request: SubRequest, new: SnapshotReason) -> Result<SubStart, Rejection> {
        let SubRequest { sub, paths, max_rate_ms, resume } = request;
        let invalid = |message: String| Err(Rejection::new(ErrorCode::InvalidArgs, message));
        if sub.is_empty() || sub.len() > caps::ID_BYTES {
            return invalid(format!("sub must be 1 to {} bytes", caps::ID_BYTES));
        }
        if self.subs.len() >= caps::SUBSCRIPTIONS {
            let message = format!("a connection has at most {} subscriptions", caps::SUBSCRIPTIONS);
            return Err(Rejection::new(ErrorCode::Overloaded, message));
        }
        if self.subs.iter().any(|other| other.name() == sub) {
            return invalid(format!(
                "this connection has a subscription {sub:?} already; unsubscribe it first"
            ));
        }
        let max_rate_ms = max_rate_ms.unwrap_or(0);
        if max_rate_ms > caps::SUB_RATE_MS {
            return invalid(format!("maxRateMs must be at most {}", caps::SUB_RATE_MS));
        }
        let selection = match Selection::parse(&paths) {
            Ok(selection) => selection,
            Err(error) => return invalid(error.to_string()),
        };
        let key = ViewKey { sub, paths: selection.paths().to_vec(), max_rate_ms };
        let seat = Seat::new(self.outlet.clone(), self.checks);
        let joined = self.app.hub.join(key, selection, seat)?;
        let (start, wish) = match &resume {
            Some(have) if self.can_resume(have) => (SubStart::Resumed, Wish::Resync(resume)),
            have => match stored::resume(&self.app.hub, &joined.view, have.as_ref()).await {
                Some(patch) => (SubStart::Resumed, Wish::Stored(patch)),
                None => (SubStart::Snapshot, Wish::Snapshot(self.reason_for(have.as_ref(), new))),
            },
        };
        // The seat is nowhere until the answer is queued, so that nothing can come before it.
        self.subs.push(Sub { joined, wish: Some(wish) });
        Ok(start)
    }

    /// Why a client that cannot resume gets a snapshot.
    fn reason_for(&self, have: Option<&StatePosition>, new: SnapshotReason) -> SnapshotReason {
        match have {
            None => new,
            Some(have) if have.epoch != *self.app.board.epoch() => SnapshotReason::Epoch,
            Some(_) => SnapshotReason::Lagged,
        }
    }

    fn can_resume(&self, have: &StatePosition) -> bool {
        have.epoch == *self.app.board.epoch() && self.app.board.since(have.version).is_some()
    }

    /// The version that the client's main subscription has been served up to; of another one if it has none such.
    pub(super) fn served_version(&self) -> u64 {
        let main = self.subs.iter().find(|sub| sub.name() == MAIN).or(self.subs.first());
        main.map_or_else(|| *self.app.board.head().borrow(), |sub| sub.joined.seat.version())
    }

    /// The newest request counts; it is served when the last answer is out, so asking costs no memory.
    pub(super) async fn ask_resync(
        &mut self,
        name: Option<String>,
        have: Option<StatePosition>,
    ) -> Result<(), Goodbye> {
        let name = name.as_deref().unwrap_or(MAIN);
        let Some(sub) = self.subs.iter_mut().find(|sub| sub.name() == name) else {
            self.send_error(None, unknown_sub(name));
            return Ok(());
        };
        sub.wish = Some(Wish::Resync(have));
        let idle = self.outlet.lane().is_idle();
        if idle { self.advance().await } else { Ok(()) }
    }

    /// Brings the client's state and log to the head, as far as it reads.
    pub(super) async fn advance(&mut self) -> Result<(), Goodbye> {
        if self.outlet.drain_now() {
            self.note_flushed();
            self.sending = None;
        }
        // On the heap, as what is seldom done: a session would keep its room for ever.
        if self.subs.iter().any(|sub| sub.wish.is_some()) {
            Box::pin(self.send_snapshots(0)).await?;
        }
        for index in 0..self.subs.len() {
            let Joined { view, seat, .. } = &self.subs[index].joined;
            if let CaughtUp::NeedsSnapshot(at_least) = seat.catch_up(view) {
                Box::pin(self.send_snapshot(index, SnapshotReason::Lagged, at_least)).await?;
            }
        }
        self.advance_logs();
        Ok(())
    }

    /// The first snapshots of a connection, behind its welcome.
    pub(super) async fn send_first_snapshots(&mut self) -> Result<(), Goodbye> {
        self.send_snapshots(FIRST_BYTES).await
    }

    /// Sends the snapshots that are wished for while no more than so many bytes wait.
    async fn send_snapshots(&mut self, most_pending: usize) -> Result<(), Goodbye> {
        for index in 0..self.subs.len() {
            if self.outlet.lane().pending_bytes() > most_pending {
                return Ok(());
            }
            let Some(wish) = self.subs[index].wish.take() else { continue };
            let Joined { view, seat, .. } = &self.subs[index].joined;
            match wish {
                Wish::Resync(Some(have)) if self.can_resume(&have) => seat.place(have.version),
                Wish::Resync(have) => {
                    let at_least = seat.lift();
                    match stored::resume(&self.app.hub, view, have.as_ref()).await {
                        Some(patch) => self.subs[index].joined.seat.go_on(&patch),
                        None => self.send_snapshot(index, SnapshotReason::Resync, at_least).await?,
                    }
                }
                Wish::Stored(patch) => seat.go_on(&patch),
                Wish::Snapshot(reason) => self.send_snapshot(index, reason, 0).await?,
            }
        }
        Ok(())
    }

    async fn send_snapshot(
        &mut self,
        index: usize,
        reason: SnapshotReason,
        at_least: u64,
    ) -> Result<(), Goodbye> {
        if self.sending.is_none() {
            self.sending = self.app.hub.admission.admit().await;
        }
        if self.sending.is_none() {
            self.app.hub.counters.overloaded.add();
            return Err(self.send_away(
                "overload",
                OVERLOAD_MS,
                (close::OVERLOAD, "too many snapshots are on their way"),
            ));
        }
        let Joined { view, seat, .. } = &self.subs[index].joined;
        let deflate = self.outlet.deflates();
        let parts = view.snapshot(Wanted { reason, at_least, parts: self.parts, deflate }).await;
        seat.begin_at(&parts);
        if self.outlet.lane().is_idle() {
            self.sending = None;
        }
        Ok(())
    }
}

fn unknown_sub(name: &str) -> Rejection {
    let name: String = name.chars().take(80).collect();
    Rejection::new(ErrorCode::NotFound, format!("this connection has no subscription {name:?}"))
}
