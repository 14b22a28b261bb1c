//! The broadcaster of a view: waits for changes, lets a window of them come together, encodes them once, and walks
//! the seats (protocol 9, sync 1.2). It works only while somebody is subscribed.

use super::view::{PatchFrame, View};
use std::time::Duration;

/// Seats served before others get their turn on this thread: about a third of a millisecond.
const WALK: usize = 64;

pub(super) async fn run(view: &View) {
    let mut committed = view.board.head();
    let mut subscribers = view.subscribers();
    loop {
        if subscribers.wait_for(|count| *count > 0).await.is_err() {
            return;
        }
        let from = view.head();
        if committed.wait_for(|version| *version > from).await.is_err() {
            return;
        }
        let debounce = view.server_config().state.debounce_ms;
        tokio::time::sleep(Duration::from_millis(debounce.into())).await;
        match view.encode_next() {
            Some(frame) => deliver(view, &frame).await,
            // Nobody was subscribed for long, or far too much happened: each session sends a snapshot.
            None => view.seats.list().iter().for_each(|seat| seat.outlet.wake()),
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
