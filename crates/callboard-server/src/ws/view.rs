//! What all subscribers of the same paths share: patches encoded once, folds encoded once, and one cached snapshot
//! (sync 1, 4, 5).

use super::{
    broadcast, encode,
    seat::Seat,
    seats::Seats,
    snapshot::{self, Parts},
};
use callboard::{Board, StateView, Window};
use callboard_protocol::{Coalescer, caps, config::ServerConfig, frame::SnapshotReason, from_node};
use callboard_ws::{Chain, Compressor, Linked, SharedText};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// Level 6: paid once per message, not once per client (sync 3).
const LEVEL: u32 = 6;
/// Shorter messages do not shrink.
const COMPRESS_FROM: usize = 200;
/// Who waits longer for a keyframe gets one of its own making (sync 3, rule 7).
const JOINER_WAITS: Duration = Duration::from_secs(5);

/// A patch that leads from one version to another, for any number of connections.
pub(super) struct PatchFrame {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) text: SharedText,
    /// The same in the chain, while several clients can be in it.
    pub(super) linked: Option<Linked>,
}

/// See the module.
pub(crate) struct View {
    pub(super) board: Board,
    pub(super) compressor: Compressor,
    pub(super) stop: CancellationToken,
    pub(super) seats: Seats,
    track: Mutex<Track>,
    chain: Mutex<Chained>,
    /// Folds for those who are further behind: a crowd that comes back after a drop is behind by the same window.
    folds: Mutex<VecDeque<Arc<PatchFrame>>>,
    subscribers: watch::Sender<usize>,
    snapshot: tokio::sync::Mutex<Option<Arc<Parts>>>,
}

/// The newest frames, end to end.
struct Track {
    frames: VecDeque<Arc<PatchFrame>>,
    /// The version up to which frames are encoded.
    head: u64,
}

/// The chain of a view (sync 3).
#[derive(Default)]
struct Chained {
    chain: Option<Chain>,
    /// Seats whose clients can be members.
    readers: usize,
    /// Since when somebody waits for a keyframe.
    joiner_since: Option<Instant>,
}

/// How a cursor goes on.
pub(super) enum Step {
    /// With these shared frames.
    Shared(Vec<Arc<PatchFrame>>),
    /// With one message that leads over many versions.
    Folded(Arc<PatchFrame>),
    /// With a snapshot.
    Snapshot,
    /// It is at the head.
    Nothing,
}

/// A seat in a view, left when it is dropped.
pub(super) struct Joined {
    pub(super) view: Arc<View>,
    pub(super) seat: Arc<Seat>,
    number: u64,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.view.seats.leave(self.number);
        self.view.subscribers.send_modify(|count| *count -= 1);
        self.view.chain().readers -= usize::from(self.seat.chained);
    }
}

impl View {
    /// The view of everything, and its broadcaster.
    pub(crate) fn start(board: Board, stop: CancellationToken) -> Arc<View> {
        let head = board.state().version;
        let track = Track { frames: VecDeque::new(), head };
        let view = Arc::new(View {
            board,
            compressor: Compressor::new(LEVEL, COMPRESS_FROM),
            stop: stop.clone(),
            seats: Seats::default(),
            track: Mutex::new(track),
            chain: Mutex::default(),
            folds: Mutex::default(),
            subscribers: watch::Sender::new(0),
            snapshot: tokio::sync::Mutex::default(),
        });
        let broadcaster = view.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = broadcast::run(&broadcaster) => {}
                () = stop.cancelled() => {}
            }
        });
        view
    }

    /// Takes a seat that is nowhere yet.
    pub(super) fn join(self: &Arc<Self>, seat: Arc<Seat>) -> Joined {
        self.subscribers.send_modify(|count| *count += 1);
        self.chain().readers += usize::from(seat.chained);
        Joined { view: self.clone(), seat: seat.clone(), number: self.seats.take(seat) }
    }

    /// How many subscribe.
    pub(super) fn subscribers(&self) -> watch::Receiver<usize> {
        self.subscribers.subscribe()
    }

    /// The version up to which frames are encoded.
    pub(super) fn head(&self) -> u64 {
        self.track().head
    }

    /// What brings a cursor at `version` to the head.
    pub(super) fn step(&self, version: u64) -> Step {
        let track = self.track();
        if version == track.head {
            return Step::Nothing;
        }
        let first = track.frames.partition_point(|frame| frame.from < version);
        let behind = track.frames.len() - first;
        if behind <= caps::FOLD_LAG && track.frames.get(first).is_some_and(|frame| frame.from == version) {
            return Step::Shared(track.frames.iter().skip(first).cloned().collect());
        }
        let head = track.head;
        drop(track);
        match self.board.since(version).filter(|window| version < window.to) {
            Some(window) => {
                // Up to the head of the view, so that the cursor meets the next shared frame.
                let window = if version < head { window.up_to(head) } else { window };
                Step::Folded(self.fold(&window))
            }
            None if version > head => Step::Nothing,
            None => Step::Snapshot,
        }
    }

    /// The snapshot for newcomers: the cached one while the ring still leads from it to the head, and while it is
    /// no older than what the client has had already.
    pub(super) async fn snapshot(&self, reason: SnapshotReason, at_least: u64) -> Arc<Parts> {
        let mut cached = self.snapshot.lock().await;
        let head = *self.board.head().borrow();
        let usable = |parts: &&Arc<Parts>| {
            parts.reason == reason
                && parts.version >= at_least
                && parts.is_fresh(head)
                && self.board.since(parts.version).is_some()
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

    /// Encodes what was committed after the head of the view; called by the broadcaster alone. `None` when it is no
    /// longer known: cursors need a snapshot then.
    pub(super) fn encode_next(&self) -> Option<Arc<PatchFrame>> {
        let Some(window) = self.board.since(self.head()) else {
            let mut track = self.track();
            track.frames.clear();
            track.head = self.board.state().version;
            return None;
        };
        let mut frame = self.encode(&window);
        frame.linked = self.chain().next(frame.text.text());
        let frame = Arc::new(frame);
        let mut track = self.track();
        track.frames.push_back(frame.clone());
        if track.frames.len() > caps::VIEW_FRAMES {
            track.frames.pop_front();
        }
        track.head = frame.to;
        Some(frame)
    }

    /// Somebody was served beside the chain.
    pub(super) fn note_joiner(&self) {
        self.chain().joiner_since.get_or_insert_with(Instant::now);
    }

    fn fold(&self, window: &Window) -> Arc<PatchFrame> {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |fold: &&Arc<PatchFrame>| (fold.from, fold.to) == (window.from, window.to);
        if let Some(fold) = folds.iter().find(same) {
            return fold.clone();
        }
        let fold = Arc::new(self.encode(window));
        folds.push_back(fold.clone());
        if folds.len() > caps::VIEW_FOLDS {
            folds.pop_front();
        }
        fold
    }

    /// A window as one message.
    fn encode(&self, window: &Window) -> PatchFrame {
        let mut coalescer = Coalescer::default();
        window.ops().for_each(|op| coalescer.push(op));
        let text = encode::patch(self.board.epoch(), window.from, window.to, &coalescer.into_ops());
        PatchFrame { from: window.from, to: window.to, text: SharedText::new(&text), linked: None }
    }

    fn track(&self) -> MutexGuard<'_, Track> {
        self.track.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chain(&self) -> MutexGuard<'_, Chained> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chained {
    /// The next message in the chain. One reader alone is not worth a compressor that remembers (rule 8).
    fn next(&mut self, text: &str) -> Option<Linked> {
        if self.readers < 2 {
            (self.chain, self.joiner_since) = (None, None);
            return None;
        }
        let chain = self.chain.get_or_insert_with(|| Chain::new(LEVEL, caps::CHAIN_KEYFRAME));
        let waited = self.joiner_since.is_some_and(|since| since.elapsed() > JOINER_WAITS);
        let linked = chain.next(text, waited);
        if linked.is_keyframe() {
            self.joiner_since = None;
        }
        Some(linked)
    }
}
