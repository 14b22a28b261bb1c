//! A connection's place in a log view: up to where it has the log, and nothing else.

use super::{
    log_view::{LogView, Place, Round},
    outlet::{Lane, Outlet},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Where a client is looked at that is about to get history.
const NOWHERE: u64 = u64::MAX;

/// See the module. As with a [`Seat`](super::seat::Seat), the place moves only under the lock of the outlet's lane: by the
/// broadcaster, which writes the round that starts where the place is, or by the session, which does everything else.
pub(super) struct LogSeat {
    outlet: Arc<Outlet>,
    told: AtomicU64,
    looked_at: AtomicU64,
}

impl LogSeat {
    /// It gets nothing before [`LogSeat::place`].
    pub(super) fn new(outlet: Arc<Outlet>) -> Arc<Self> {
        Arc::new(LogSeat { outlet, told: AtomicU64::new(0), looked_at: AtomicU64::new(NOWHERE) })
    }

    /// Up to where the client has the log.
    pub(super) fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// The client has the log up to here, and what follows may be sent.
    pub(super) fn place(&self, seq: u64) {
        let _lane = self.outlet.lane();
        self.put(Place { told: seq, looked_at: seq });
    }

    /// Nothing is sent until [`LogSeat::place`].
    pub(super) fn lift(&self) {
        let _lane = self.outlet.lane();
        self.looked_at.store(NOWHERE, Ordering::Relaxed);
    }

    /// Takes a round if it is the next one for this client and nothing else is on its way to it. The session of a
    /// client that needs something else is woken.
    pub(super) fn offer(&self, round: &Round) {
        let Some(mut lane) = self.outlet.try_lane() else {
            // Its session is at work: it looks again when it is done.
            return self.outlet.wake();
        };
        let Some(place) = self.waiting(&lane) else { return };
        if place == round.from {
            self.give(&mut lane, round);
        } else if place.looked_at < round.to.looked_at {
            // Nothing that it would like to see is no reason to wake anybody.
            let nothing = round.texts.is_empty() && place.looked_at >= round.from.looked_at;
            match nothing {
                true => self.put(Place { looked_at: round.to.looked_at, ..place }),
                false => self.outlet.wake(),
            }
        }
    }

    /// Sends the next round of what leads to the head of the view, unless something is still on its way; whether there
    /// is more.
    pub(super) fn catch_up(&self, view: &LogView) -> bool {
        let mut lane = self.outlet.lane();
        let Some(place) = self.waiting(&lane) else { return false };
        let head = view.head().looked_at;
        if place.looked_at >= head {
            return false;
        }
        let round = view.round(place, head);
        self.give(&mut lane, &round);
        lane.is_idle() && round.to.looked_at < head
    }

    /// Where the client is, if it is anywhere and nothing is on its way to it. A session with something pending looks at
    /// its places when that is out.
    fn waiting(&self, lane: &Lane) -> Option<Place> {
        let place = Place { told: self.told(), looked_at: self.looked_at.load(Ordering::Relaxed) };
        (place.looked_at != NOWHERE && lane.is_idle()).then_some(place)
    }

    fn give(&self, lane: &mut Lane, round: &Round) {
        self.outlet.send_lines(lane, &round.texts);
        self.put(round.to);
    }

    fn put(&self, place: Place) {
        self.told.store(place.told, Ordering::Relaxed);
        self.looked_at.store(place.looked_at, Ordering::Relaxed);
    }
}
