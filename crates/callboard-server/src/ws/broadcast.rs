//! The broadcaster of a view: sends the first change after a silence at once, lets those of a window after it come
//! together, encodes them once, and walks the seats (protocol 9, sync 1.2). It works only while somebody is subscribed.

use super::{
    check::{self, Checks},
    hub::server_config,
    view::{Next, PatchFrame, View},
};
use std::time::Duration;
use tokio::time::Instant;

/// Seats served before others get their turn on this thread: about half a millisecond.
pub(super) const WALK: usize = 128;

pub(super) async fn run(view: &View) {
    let mut committed = view.board.head();
    let mut subscribers = view.subscribers();
    let mut not_before = Instant::now();
    let mut checks = Checks::new();
    loop {
        if subscribers.wait_for(|count| *count > 0).await.is_err() {
            return;
        }
        let seen = view.seen();
        if committed.wait_for(|version| *version > seen).await.is_err() {
            return;
        }
        tokio::time::sleep_until(not_before).await;
        // The state as it is is what is checked: what follows waits for the next round.
        let checked = checks.are_due(&view.seats).then(|| view.board.state());
        match view.encode_next(checked.as_ref().map_or(u64::MAX, |state| state.version)) {
            Next::Frame(frame) => {
                let debounce = server_config(&view.board).state.debounce_ms;
                let window = u64::from(debounce).max(view.key.max_rate_ms.into());
                not_before = Instant::now() + Duration::from_millis(window);
                deliver(view, &frame).await;
                if let Some(state) = checked {
                    check::begin(view, state);
                }
            }
            Next::Nothing => {}
            // Nobody was subscribed for long, or far too much happened: each session sends a snapshot.
            Next::Lost => view.seats.list().iter().for_each(|seat| seat.outlet.wake()),
        }
    }
}

/// Offers a frame to every seat.
async fn deliver(view: &View, frame: &PatchFrame) {
    let mut waiting = false;
    for seats in view.seats.list().chunks(WALK) {
        for seat in seats {
            waiting |= seat.offer(frame);
        }
        if seats.len() == WALK {
            tokio::task::yield_now().await;
        }
    }
    if waiting {
        view.note_joiner();
    }
}
