//! What all subscribers of the same paths share: patches encoded once, folds encoded once, and cached snapshots
//! (sync 1, 4, 5).

use super::{
    chained::Chained,
    counters::Counters,
    encode,
    seat::Seat,
    seats::Seats,
    snapshot::{self, Parts, Wanted},
    stored::StoredFolds,
};
use callboard::{Board, Window};
use callboard_protocol::{Coalescer, NeedsDocument, Op, Selection, caps};
use callboard_ws::{Linked, SharedText};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The name of the subscription that messages need not name.
pub(super) const MAIN: &str = "main";
/// Versions that do not touch a view and after which its clients are told so all the same: their position must not
/// get so old that nothing leads on from it.
const UNTOUCHED: u64 = caps::RING_CHANGES as u64 / 4;
/// Snapshots kept: one for each reason that comes in crowds, whole and in parts.
const SNAPSHOTS: usize = 4;

/// A patch that leads from one version to another, for any number of connections.
pub(super) struct PatchFrame {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) text: SharedText,
    /// The same in the chain, while several clients can be in it.
    pub(super) linked: Option<Linked>,
}

/// What makes two subscriptions one view. The name is part of the messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ViewKey {
    pub(super) sub: String,
    pub(super) paths: Vec<String>,
    pub(super) max_rate_ms: u32,
}

impl ViewKey {
    /// Whether this is what most clients ask for.
    pub(super) fn is_usual(&self) -> bool {
        self.sub == MAIN && self.paths == [""] && self.max_rate_ms == 0
    }
}

/// What a view has from the hub.
pub(super) struct Shared {
    pub(super) board: Board,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: CancellationToken,
}

/// See the module.
pub(super) struct View {
    pub(super) key: ViewKey,
    pub(super) board: Board,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: CancellationToken,
    pub(super) seats: Seats<Seat>,
    pub(super) selection: Selection,
    pub(super) stored_folds: StoredFolds,
    track: Mutex<Track>,
    chain: Mutex<Chained>,
    /// Folds for those who are further behind: a crowd that comes back after a drop is behind by the same window.
    folds: Mutex<VecDeque<Arc<PatchFrame>>>,
    subscribers: watch::Sender<usize>,
    snapshots: tokio::sync::Mutex<VecDeque<Arc<Parts>>>,
    /// The size of the newest snapshot, 0 before the first.
    snapshot_bytes: AtomicUsize,
}

/// The newest frames, end to end.
struct Track {
    frames: VecDeque<Arc<PatchFrame>>,
    bytes: usize,
    /// The version up to which frames are encoded.
    head: u64,
    /// The version up to which there is nothing more to encode.
    seen: u64,
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

/// What the broadcaster has to do.
pub(super) enum Next {
    /// To deliver this.
    Frame(Arc<PatchFrame>),
    /// Nothing of it concerns this view.
    Nothing,
    /// What happened is no longer known: cursors need a snapshot.
    Lost,
}

impl View {
    pub(super) fn new(shared: Shared, key: ViewKey, selection: Selection) -> Self {
        let Shared { board, counters, stop } = shared;
        let head = board.state().version;
        View {
            key,
            board,
            counters,
            stop,
            seats: Seats::default(),
            selection,
            stored_folds: StoredFolds::default(),
            track: Mutex::new(Track { frames: VecDeque::new(), bytes: 0, head, seen: head }),
            chain: Mutex::default(),
            folds: Mutex::default(),
            subscribers: watch::Sender::new(0),
            snapshots: tokio::sync::Mutex::default(),
            snapshot_bytes: AtomicUsize::new(0),
        }
    }

    /// Takes a seat and says its number.
    pub(super) fn enter(&self, seat: Arc<Seat>) -> u64 {
        self.chain().readers += usize::from(seat.chained);
        let number = self.seats.take(seat);
        self.subscribers.send_modify(|count| *count += 1);
        number
    }

    /// Gives a seat back and says how many are still taken.
    pub(super) fn leave(&self, number: u64, seat: &Seat) -> usize {
        self.seats.leave(number);
        self.chain().readers -= usize::from(seat.chained);
        self.subscribers.send_modify(|count| *count -= 1);
        *self.subscribers.borrow()
    }

    /// How many subscribe.
    pub(super) fn subscribers(&self) -> watch::Receiver<usize> {
        self.subscribers.subscribe()
    }

    /// The version up to which there is nothing to encode.
    pub(super) fn seen(&self) -> u64 {
        self.track().seen
    }

    /// What brings a cursor at `version` to the head.
    pub(super) fn step(&self, version: u64) -> Step {
        let track = self.track();
        let head = track.head;
        if version == head {
            return Step::Nothing;
        }
        let first = track.frames.partition_point(|frame| frame.from < version);
        let behind = track.frames.len() - first;
        if behind <= caps::FOLD_LAG && track.frames.get(first).is_some_and(|frame| frame.from == version) {
            return Step::Shared(track.frames.iter().skip(first).cloned().collect());
        }
        drop(track);
        let Some(window) = self.board.since(version).filter(|window| version < window.to) else {
            return if version > head { Step::Nothing } else { Step::Snapshot };
        };
        // Up to the head of the view, so that the cursor meets the next shared frame.
        let window = if version < head { window.up_to(head) } else { window };
        match self.fold(&window) {
            Ok(Some(frame)) if self.is_worse_than_snapshot(&frame) => Step::Snapshot,
            Ok(Some(frame)) => Step::Folded(frame),
            Ok(None) => Step::Nothing,
            Err(NeedsDocument) => Step::Snapshot,
        }
    }

    /// The patch that leads from a version that is no longer in memory to what is, out of the journal; `None` when
    /// the journal does not lead there for little, or a snapshot is shorter.
    pub(super) async fn fold_stored(self: &Arc<Self>, version: u64) -> Option<Arc<PatchFrame>> {
        let window = self.board.since_stored(version).await?;
        let head = self.track().head;
        // Up to the head of the view, so that the cursor meets the next shared frame; unless nobody has looked for
        // so long that nothing leads on from there.
        let is_near = version < head && self.board.since(head).is_some();
        let window = if is_near { window.up_to(head) } else { window };
        let view = self.clone();
        let folded = tokio::task::spawn_blocking(move || view.fold(&window)).await;
        folded.ok()?.ok()?.filter(|patch| !self.is_worse_than_snapshot(patch))
    }

    /// The snapshot for newcomers: the cached one while the ring still leads from it to the head, and while it is
    /// no older than what the client has had already.
    pub(super) async fn snapshot(&self, wanted: Wanted) -> Arc<Parts> {
        // Whoever comes second waits for the first: a crowd makes one.
        let mut cached = self.snapshots.lock().await;
        let head = *self.board.head().borrow();
        let usable =
            |parts: &&Arc<Parts>| parts.serves(&wanted, head) && self.board.since(parts.version).is_some();
        if let Some(parts) = cached.iter().find(usable) {
            return parts.clone();
        }
        let (board, selection, sub) =
            (self.board.clone(), self.selection.clone(), self.sub().map(str::to_owned));
        let make = move || {
            let mut state = board.state();
            state.document = selection.project(&state.document);
            snapshot::encode(&state, sub.as_deref(), wanted)
        };
        let encoded = tokio::task::spawn_blocking(make).await;
        let parts = Arc::new(encoded.unwrap_or_else(|_| Parts::nothing(wanted)));
        self.counters.snapshots.add();
        self.snapshot_bytes.store(parts.bytes(), Ordering::Relaxed);
        cached.retain(|old| !old.replaced_by(&parts));
        cached.push_back(parts.clone());
        if cached.len() > SNAPSHOTS {
            cached.pop_front();
        }
        parts
    }

    /// Encodes what was committed since the last call, up to a version; called by the broadcaster alone.
    pub(super) fn encode_next(&self, version: u64) -> Next {
        let (head, seen) = {
            let track = self.track();
            (track.head, track.seen)
        };
        let window = self.board.since(seen).map(|window| window.up_to(version));
        let encoded = window.map(|window| (window.to, self.encode(head, &window)));
        match encoded {
            Some((_, Ok(Some(frame)))) => Next::Frame(self.publish(frame)),
            Some((to, Ok(None))) if to - head > UNTOUCHED => {
                Next::Frame(self.publish(self.frame((head, to), &[])))
            }
            Some((to, Ok(None))) => {
                self.track().seen = to;
                Next::Nothing
            }
            None | Some((_, Err(NeedsDocument))) => {
                let version = self.board.state().version;
                *self.track() = Track { frames: VecDeque::new(), bytes: 0, head: version, seen: version };
                Next::Lost
            }
        }
    }

    /// Somebody was served beside the chain.
    pub(super) fn note_joiner(&self) {
        self.chain().note_joiner();
    }

    fn publish(&self, mut frame: PatchFrame) -> Arc<PatchFrame> {
        frame.linked = self.chain().next(frame.text.text());
        if frame.linked.as_ref().is_some_and(Linked::is_keyframe) {
            self.counters.keyframes.add();
        }
        let frame = Arc::new(frame);
        let mut track = self.track();
        (track.head, track.seen) = (frame.to, frame.to);
        track.bytes += frame.text.size_bytes();
        track.frames.push_back(frame.clone());
        while track.frames.len() > caps::VIEW_FRAMES || track.bytes > caps::VIEW_BYTES {
            let Some(oldest) = track.frames.pop_front() else { break };
            // A frame may have got its compressed form since; what was counted for it is the plain one.
            track.bytes = track.bytes.saturating_sub(oldest.text.plain().size_bytes());
        }
        frame
    }

    /// One message for a window, made once for all who are behind by it. `None` when it leads nowhere: nothing in it
    /// concerns this view, and the cursor is not behind a frame.
    fn fold(&self, window: &Window) -> Result<Option<Arc<PatchFrame>>, NeedsDocument> {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |fold: &&Arc<PatchFrame>| (fold.from, fold.to) == (window.from, window.to);
        if let Some(fold) = folds.iter().find(same) {
            return Ok(Some(fold.clone()));
        }
        let fold = match self.encode(window.from, window)? {
            Some(fold) => Arc::new(fold),
            None if window.from < self.track().head => Arc::new(self.frame((window.from, window.to), &[])),
            None => return Ok(None),
        };
        self.counters.folds.add();
        folds.push_back(fold.clone());
        let bytes = |folds: &VecDeque<Arc<PatchFrame>>| {
            folds.iter().map(|fold| fold.text.plain().size_bytes()).sum::<usize>()
        };
        while folds.len() > caps::VIEW_FOLDS || (folds.len() > 1 && bytes(&folds) > caps::VIEW_BYTES) {
            folds.pop_front();
        }
        Ok(Some(fold))
    }

    /// Whether a patch is so long that the whole state is shorter.
    fn is_worse_than_snapshot(&self, patch: &PatchFrame) -> bool {
        let (patch, whole) = (patch.text.plain().size_bytes(), self.snapshot_bytes.load(Ordering::Relaxed));
        patch > caps::SNAPSHOT_PART_BYTES && whole > 0 && patch > whole
    }

    /// A window as one message that starts at version `from`, between which and the window nothing concerned this
    /// view; `None` when nothing in it does.
    fn encode(&self, from: u64, window: &Window) -> Result<Option<PatchFrame>, NeedsDocument> {
        let mut coalescer = Coalescer::default();
        if self.selection.is_everything() {
            window.ops().for_each(|op| coalescer.push(op));
            return Ok(Some(self.frame((from, window.to), &coalescer.into_ops())));
        }
        let later = self.board.state().document;
        let mut touched = false;
        for op in window.ops() {
            if let Some(op) = self.selection.filter(op, &later)? {
                coalescer.push(&op);
                touched = true;
            }
        }
        Ok(touched.then(|| self.frame((from, window.to), &coalescer.into_ops())))
    }

    fn frame(&self, versions: (u64, u64), ops: &[Op]) -> PatchFrame {
        let text = SharedText::new(&encode::patch(self.sub(), self.board.epoch(), versions, ops));
        PatchFrame { from: versions.0, to: versions.1, text, linked: None }
    }

    /// The name in messages.
    pub(super) fn sub(&self) -> Option<&str> {
        Some(self.key.sub.as_str()).filter(|sub| *sub != MAIN)
    }

    fn track(&self) -> MutexGuard<'_, Track> {
        self.track.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chain(&self) -> MutexGuard<'_, Chained> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
