//! A connection's place in a view: a cursor into its versions, and nothing else (sync 1.4).

use super::{
    outlet::Outlet,
    snapshot::Parts,
    view::{PatchFrame, Step, View},
};
use callboard_ws::SharedText;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The cursor of a client that has no state, or is about to get another one.
const NOWHERE: u64 = u64::MAX;

/// See the module. The cursor moves only under the lock of the outlet's lane: by the broadcaster, which writes the
/// frame that starts where the cursor is, or by the session, which does everything else.
pub(super) struct Seat {
    pub(super) outlet: Arc<Outlet>,
    cursor: AtomicU64,
    /// Whether this is the seat whose view's chain the client may be in.
    pub(super) chained: bool,
    /// Whether its client compares checksums.
    pub(super) checked: bool,
}

/// How far a session's look at its cursor came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CaughtUp {
    /// The client is at the head, or it has to read first.
    Yes,
    /// Nothing leads from where it is to the head; it needs a snapshot that is at least as new as this version.
    NeedsSnapshot(u64),
}

impl Seat {
    pub(super) fn new(outlet: Arc<Outlet>, checked: bool) -> Arc<Self> {
        let chained = outlet.keeps_window() && !std::mem::replace(&mut outlet.lane().chain_taken, true);
        Arc::new(Seat { outlet, cursor: AtomicU64::new(NOWHERE), chained, checked })
    }

    /// The version that the client has been served up to; 0 before its first state.
    pub(super) fn version(&self) -> u64 {
        match self.cursor.load(Ordering::Relaxed) {
            NOWHERE => 0,
            version => version,
        }
    }

    /// The client has this version, and whatever leads on from it may be sent.
    pub(super) fn place(&self, version: u64) {
        let _lane = self.outlet.lane();
        self.cursor.store(version, Ordering::Relaxed);
    }

    /// Nothing is sent until a snapshot is. Says up to where the client was served.
    pub(super) fn lift(&self) -> u64 {
        let _lane = self.outlet.lane();
        let version = self.version();
        self.cursor.store(NOWHERE, Ordering::Relaxed);
        version
    }

    /// Sends a snapshot; what leads on from it may follow. One that failed to be made leaves the client nowhere.
    pub(super) fn begin_at(&self, parts: &Parts) {
        let mut lane = self.outlet.lane();
        if !parts.messages.is_empty() {
            self.outlet.send_snapshot(&mut lane, &parts.messages);
            self.cursor.store(parts.version, Ordering::Relaxed);
        }
    }

    /// Sends a patch to a client that is where it starts, wherever the cursor is.
    pub(super) fn go_on(&self, patch: &PatchFrame) {
        let mut lane = self.outlet.lane();
        self.outlet.send(&mut lane, patch, self.chained);
        self.cursor.store(patch.to, Ordering::Relaxed);
    }

    /// Sends this if the client is at this version and nothing is on its way to it; whether it was sent.
    pub(super) fn mark(&self, version: u64, text: &SharedText) -> bool {
        let mut lane = self.outlet.lane();
        let is_there = self.cursor.load(Ordering::Relaxed) == version && lane.is_idle();
        if is_there {
            self.outlet.send_snapshot(&mut lane, std::slice::from_ref(text));
        }
        is_there
    }

    /// Sends this behind what is on its way.
    pub(super) fn tell(&self, text: &SharedText) {
        self.outlet.send_snapshot(&mut self.outlet.lane(), std::slice::from_ref(text));
    }

    /// Takes the shared frame if it is the next one for this client and nothing else is on its way to it. The
    /// session of a client that needs something else is woken. Returns whether the client waits for a keyframe.
    pub(super) fn offer(&self, frame: &PatchFrame) -> bool {
        let Some(mut lane) = self.outlet.try_lane() else {
            // Its session is at work, perhaps on a fold that takes a while: it looks again when it is done.
            self.outlet.wake();
            return false;
        };
        match self.cursor.load(Ordering::Relaxed) {
            NOWHERE => {}
            cursor if cursor == frame.from && lane.is_idle() => {
                let waits = self.outlet.send(&mut lane, frame, self.chained);
                self.cursor.store(frame.to, Ordering::Relaxed);
                return waits;
            }
            // A session with something pending looks at its cursors when that is out.
            cursor if cursor < frame.to && lane.is_idle() => self.outlet.wake(),
            _ => {}
        }
        false
    }

    /// Sends what leads from the cursor to the head, unless something is still on its way.
    pub(super) fn catch_up(&self, view: &View) -> CaughtUp {
        let mut lane = self.outlet.lane();
        let cursor = self.cursor.load(Ordering::Relaxed);
        if cursor == NOWHERE || !lane.is_idle() {
            return CaughtUp::Yes;
        }
        match view.step(cursor) {
            Step::Nothing => {}
            Step::Shared(frames) => {
                self.outlet.send_patches(&mut lane, &frames, self.chained);
                let last = frames.last().map_or(cursor, |frame| frame.to);
                self.cursor.store(last, Ordering::Relaxed);
            }
            Step::Folded(frame) => {
                self.outlet.send(&mut lane, &frame, self.chained);
                self.cursor.store(frame.to, Ordering::Relaxed);
            }
            Step::Snapshot => return CaughtUp::NeedsSnapshot(cursor),
        }
        CaughtUp::Yes
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.chained {
            self.outlet.lane().chain_taken = false;
        }
    }
}
