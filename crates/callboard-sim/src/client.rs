//! A simulated client: a mirror that follows by patches, loses some, loses its connection, and comes back by epoch and
//! version.

use crate::{dice::Dice, invariant::Invariant, ledger::Ledger, stage::Stage};
use callboard::{Board, Window};
use callboard_protocol::{Coalescer, Epoch, Node, Op, apply};

/// A patch on its way.
struct Patch {
    from: u64,
    to: u64,
    ops: Vec<Op>,
}

/// See the module.
pub(crate) struct Client {
    name: String,
    /// Where its mirror is; nothing before the first snapshot.
    place: Option<(Epoch, u64)>,
    document: Node,
    is_connected: bool,
    pub(crate) resumes: u64,
    pub(crate) snapshots: u64,
}

impl Client {
    pub(crate) fn new(index: usize) -> Self {
        Client {
            name: format!("client {index}"),
            place: None,
            document: Node::Null,
            is_connected: false,
            resumes: 0,
            snapshots: 0,
        }
    }

    /// The connection is gone; the mirror stays as it is.
    pub(crate) fn disconnect(&mut self) {
        self.is_connected = false;
    }

    /// Catches up in a few patches, of which some may be lost on the way.
    pub(crate) async fn follow(
        &mut self,
        board: &Board,
        dice: &mut Dice,
        (ledger, stage): (&Ledger, &Stage),
    ) {
        if !self.is_connected {
            self.connect(board, (ledger, stage)).await;
        }
        let Some((_, version)) = self.place.clone() else { return };
        let Some(window) = board.since(version) else { return self.resync(board) };
        let folded = dice.percent(50);
        for patch in patches(window, ledger, dice) {
            if dice.percent(10) {
                // It is lost; the next one does not fit.
                continue;
            }
            let at = self.place.as_ref().map_or(0, |(_, version)| *version);
            if patch.from != at {
                self.resync(board);
                break;
            }
            self.take(patch, folded, stage);
        }
        self.check(ledger);
    }

    /// All the way to the head; then mirror and server are equal.
    pub(crate) async fn catch_up(&mut self, board: &Board, (ledger, stage): (&Ledger, &Stage)) {
        self.connect(board, (ledger, stage)).await;
        self.check(ledger);
        let at = self.place.as_ref().map(|(_, version)| *version);
        if at != Some(board.state().version) {
            let what = format!("{} is at {at:?}, the board at {}", self.name, board.state().version);
            stage.breach(Invariant::OneFold, what);
        }
    }

    /// Comes back by epoch and version; a snapshot when that leads nowhere.
    async fn connect(&mut self, board: &Board, (ledger, stage): (&Ledger, &Stage)) {
        self.is_connected = true;
        let Some((epoch, version)) = self.place.clone() else { return self.resync(board) };
        if epoch != *board.epoch() {
            stage.breach(Invariant::OneFold, format!("the epoch {epoch} was lost with the process"));
            return;
        }
        let head = board.state().version;
        if version > head {
            let what = format!("{} has seen version {version}; the board is at {head}", self.name);
            return stage.breach(Invariant::DurableBeforeVisible, what);
        }
        match board.since_stored(version).await {
            Some(window) => {
                self.resumes += 1;
                let patch = Patch { from: version, to: window.to, ops: window.ops().cloned().collect() };
                self.take(patch, true, stage);
            }
            None => stage.breach(Invariant::OneFold, format!("no way leads on from version {version}")),
        }
        self.check(ledger);
    }

    fn resync(&mut self, board: &Board) {
        let state = board.state();
        self.snapshots += 1;
        (self.document, self.place) = (state.document, Some((state.epoch, state.version)));
    }

    fn take(&mut self, patch: Patch, folded: bool, stage: &Stage) {
        let ops = if folded {
            let mut coalescer = Coalescer::default();
            patch.ops.iter().for_each(|op| coalescer.push(op));
            coalescer.into_ops()
        } else {
            patch.ops
        };
        if let Err(error) = apply(&mut self.document, &ops) {
            stage.breach(Invariant::OneFold, format!("{} at version {}: {error}", self.name, patch.to));
        }
        if let Some((_, version)) = &mut self.place {
            *version = patch.to;
        }
    }

    fn check(&self, ledger: &Ledger) {
        if let Some((_, version)) = &self.place {
            ledger.check_view(&self.name, *version, &self.document);
        }
    }
}

/// A run of changes in pieces that end where commits end.
fn patches(window: Window, ledger: &Ledger, dice: &mut Dice) -> Vec<Patch> {
    let (from, to) = (window.from, window.to);
    let ends = ledger.versions().into_iter().filter(|end| (from + 1..to).contains(end));
    let mut cuts: Vec<u64> = ends.filter(|_| dice.percent(30)).collect();
    cuts.push(to);
    let mut at = from;
    let mut patches = Vec::new();
    for end in cuts.into_iter().filter(|end| *end > from) {
        let ops = window.changes().filter(|(version, _)| (at + 1..=end).contains(version));
        let ops = ops.flat_map(|(_, change)| change.ops.iter().cloned()).collect();
        patches.push(Patch { from: at, to: end, ops });
        at = end;
    }
    patches
}
