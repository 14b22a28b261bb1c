//! Now and then, whether the mirrors of a view are what they should be (protocol 3, `state.check`). Clients that ask for
//! it get a mark behind the patch that leads to a version, so that they keep what they have there, and the checksum
//! of that version once it is calculated. Nobody waits for it, and it is calculated once, however many compare it.

use super::{encode, seat::Seat, seats::Seats, view::View};
use callboard::StateView;
use callboard_protocol::{caps, checksum, frame::ServerFrame};
use callboard_ws::SharedText;
use std::time::Duration;
use tokio::time::Instant;

/// When the mirrors of a view were checked last.
pub(super) struct Checks(Instant);

impl Checks {
    pub(super) fn new() -> Self {
        Checks(Instant::now())
    }

    /// Whether it is time again and somebody wants it.
    pub(super) fn are_due(&mut self, seats: &Seats<Seat>) -> bool {
        if self.0.elapsed() < Duration::from_millis(caps::CHECK_MS) {
            return false;
        }
        self.0 = Instant::now();
        seats.list().iter().any(|seat| seat.checked)
    }
}

/// Marks the version of a state for those who are there, and tells them its checksum later.
pub(super) fn begin(view: &View, state: StateView) {
    let (sub, selection, version) = (view.sub().map(str::to_owned), view.selection.clone(), state.version);
    let epoch = state.epoch.clone();
    let text = move |sum| {
        let (sub, epoch) = (sub.clone(), epoch.clone());
        SharedText::new(&encode::text(&ServerFrame::StateCheck { sub, epoch, version, sum }))
    };
    let mark = text(None);
    let seats = view.seats.list();
    let marked: Vec<_> =
        seats.iter().filter(|seat| seat.checked && seat.mark(version, &mark)).cloned().collect();
    if marked.is_empty() {
        return;
    }
    view.counters.checks.add();
    let sum = tokio::task::spawn_blocking(move || checksum(&selection.project(&state.document)));
    tokio::spawn(async move {
        // One that cannot be calculated is not told; the mark costs a client nothing.
        if let Ok(sum) = sum.await {
            let text = text(Some(sum));
            marked.iter().for_each(|seat| seat.tell(&text));
        }
    });
}
