//! What all subscribers of the same paths share: patches encoded once, and one cached snapshot (sync 1, 4, 5).
//!
//! The broadcaster folds what was committed within a debounce window into one message. It works only while
//! somebody is subscribed.

use super::{
    encode,
    snapshot::{self, Parts},
};
use callboard::{Board, StateView, Window};
use callboard_protocol::{Coalescer, caps, config::ServerConfig, frame::SnapshotReason, from_node};
use callboard_ws::{Compressor, SharedText};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Level 6: paid once per message, not once per client (sync 3).
const LEVEL: u32 = 6;
/// Shorter messages do not shrink.
const COMPRESS_FROM: usize = 200;

/// A patch that leads from one version to another, for any number of connections.
pub(super) struct PatchFrame {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) text: SharedText,
}

/// See the module.
pub(crate) struct View {
    pub(super) board: Board,
    pub(super) compressor: Compressor,
    pub(super) stop: CancellationToken,
    frames: Mutex<VecDeque<Arc<PatchFrame>>>,
    /// The version up to which frames are encoded.
    head: watch::Sender<u64>,
    subscribers: watch::Sender<usize>,
    snapshot: tokio::sync::Mutex<Option<Arc<Parts>>>,
}

/// How a cursor goes on.
pub(super) enum Step {
    /// With these shared frames.
    Shared(Vec<Arc<PatchFrame>>),
    /// With one message made for it.
    Folded(String, u64),
    /// With a snapshot.
    Snapshot,
    /// It is at the head.
    Nothing,
}

/// Counts a subscriber while it lives.
pub(super) struct Subscribed(Arc<View>);

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.0.subscribers.send_modify(|count| *count -= 1);
    }
}

impl View {
    /// The view of everything, and its broadcaster.
    pub(crate) fn start(board: Board, stop: CancellationToken) -> Arc<View> {
        let view = Arc::new(View {
            head: watch::Sender::new(board.state().version),
            board,
            compressor: Compressor::new(LEVEL, COMPRESS_FROM),
            stop: stop.clone(),
            frames: Mutex::default(),
            subscribers: watch::Sender::new(0),
            snapshot: tokio::sync::Mutex::default(),
        });
        let broadcaster = view.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = broadcaster.broadcast() => {}
                () = stop.cancelled() => {}
            }
        });
        view
    }

    pub(super) fn subscribe(self: &Arc<Self>) -> (Subscribed, watch::Receiver<u64>) {
        self.subscribers.send_modify(|count| *count += 1);
        (Subscribed(self.clone()), self.head.subscribe())
    }

    /// What brings a cursor at `version` to the head.
    pub(super) fn step(&self, version: u64) -> Step {
        let head = *self.head.borrow();
        if version == head {
            return Step::Nothing;
        }
        let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let first = frames.partition_point(|frame| frame.from < version);
        let behind = frames.len() - first;
        if behind <= caps::FOLD_LAG && frames.get(first).is_some_and(|frame| frame.from == version) {
            return Step::Shared(frames.iter().skip(first).cloned().collect());
        }
        drop(frames);
        match self.board.since(version).filter(|window| version < window.to) {
            Some(window) => {
                // Up to the head of the view, so that the cursor meets the next shared frame.
                let window = if version < head { window.up_to(head) } else { window };
                Step::Folded(fold(self, &window), window.to)
            }
            None if version > head => Step::Nothing,
            None => Step::Snapshot,
        }
    }

    /// The snapshot for newcomers: the cached one while the ring still leads from it to the head.
    pub(super) async fn snapshot(&self, reason: SnapshotReason) -> Arc<Parts> {
        let mut cached = self.snapshot.lock().await;
        let head = *self.board.head().borrow();
        let usable = |parts: &&Arc<Parts>| {
            parts.reason == reason && parts.is_fresh(head) && self.board.since(parts.version).is_some()
        };
        if let Some(parts) = cached.as_ref().filter(usable) {
            return parts.clone();
        }
        let state: StateView = self.board.state();
        let encoded = tokio::task::spawn_blocking(move || snapshot::encode(&state, reason)).await;
        let parts = Arc::new(encoded.unwrap_or_else(|_| Parts::nothing(reason)));
        *cached = Some(parts.clone());
        parts
    }

    pub(super) fn server_config(&self) -> ServerConfig {
        let state = self.board.state();
        state.document.at("/serverConfig").and_then(|config| from_node(config).ok()).unwrap_or_default()
    }

    async fn broadcast(&self) {
        let mut committed = self.board.head();
        let mut subscribers = self.subscribers.subscribe();
        loop {
            if subscribers.wait_for(|count| *count > 0).await.is_err() {
                return;
            }
            let from = *self.head.borrow();
            if committed.wait_for(|version| *version > from).await.is_err() {
                return;
            }
            let debounce = self.server_config().state.debounce_ms;
            tokio::time::sleep(Duration::from_millis(debounce.into())).await;
            self.encode_since(from);
        }
    }

    fn encode_since(&self, from: u64) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        match self.board.since(from) {
            Some(window) => {
                let text = SharedText::new(&fold(self, &window));
                frames.push_back(Arc::new(PatchFrame { from, to: window.to, text }));
                if frames.len() > caps::VIEW_FRAMES {
                    frames.pop_front();
                }
                self.head.send_replace(window.to);
            }
            None => {
                // Nobody was subscribed for long, or far too much happened: cursors take a snapshot.
                frames.clear();
                self.head.send_replace(self.board.state().version);
            }
        }
    }
}

/// A window as one message.
fn fold(view: &View, window: &Window) -> String {
    let mut coalescer = Coalescer::default();
    window.ops().for_each(|op| coalescer.push(op));
    encode::patch(view.board.epoch(), window.from, window.to, &coalescer.into_ops())
}
