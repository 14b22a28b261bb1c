//! State of your own: writes into open domains, and slices of the state to follow (S3.2, S3.6).

use crate::{Board, ring::Window};
use callboard_protocol::{
    Actor, Node, Op, Pointer,
    command::{Accepted, Command},
    domain::{ReplaceArgs, Write},
    error::{ErrorCode, Rejection},
    to_node,
};
use serde::Serialize;
use tokio::sync::watch;

/// Writes that happen together or not at all.
///
/// ```no_run
/// # async fn demo(board: callboard::Board) -> Result<(), callboard::Rejection> {
/// let writes = callboard::Writes::default()
///     .set("/app.bench/temperature", &21.5)?
///     .merge("/app.bench/fan", &serde_json::json!({ "on": true }))?
///     .delete("/app.bench/alarm");
/// board.write(writes).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is written before Board::write"]
pub struct Writes(Vec<Write>);

impl Writes {
    /// Makes the value at a path be this; only what differs is written.
    ///
    /// # Errors
    /// `invalid_args` when the value cannot be JSON.
    pub fn set(mut self, path: &str, value: &(impl Serialize + ?Sized)) -> Result<Self, Rejection> {
        self.0.push(Write::Set { path: path.into(), value: node(value)? });
        Ok(self)
    }

    /// Merges members into the object at a path (RFC 7396): `null` takes one away.
    ///
    /// # Errors
    /// `invalid_args` when the value cannot be JSON.
    pub fn merge(mut self, path: &str, value: &(impl Serialize + ?Sized)) -> Result<Self, Rejection> {
        self.0.push(Write::Merge { path: path.into(), value: node(value)? });
        Ok(self)
    }

    /// Takes the value at a path away.
    pub fn delete(mut self, path: &str) -> Self {
        self.0.push(Write::Delete { path: path.into() });
        self
    }
}

fn node(value: &(impl Serialize + ?Sized)) -> Result<Node, Rejection> {
    to_node(value).map_err(|error| Rejection::new(ErrorCode::InvalidArgs, format!("value: {error}")))
}

/// A change of a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceChange {
    /// The version before.
    pub from: u64,
    /// The version after; equal to `from` for the first one.
    pub to: u64,
    /// The operations that touched the slice, with paths from the root of the state. Empty for the first one, and when
    /// the follower was so far behind that they are no longer in memory.
    pub ops: Vec<Op>,
    /// The slice now; `None` when there is nothing at its path.
    pub value: Option<Node>,
}

/// Follows what is at one path of the state. Changes that come while nobody asks are folded into one.
pub struct Slice {
    board: Board,
    path: Pointer,
    head: watch::Receiver<u64>,
    version: u64,
    is_first: bool,
}

impl Slice {
    /// The next change, the first one at once; `None` when the board has stopped.
    pub async fn next(&mut self) -> Option<SliceChange> {
        loop {
            if let Some(change) = self.look() {
                return Some(change);
            }
            self.head.changed().await.ok()?;
        }
    }

    fn look(&mut self) -> Option<SliceChange> {
        let state = self.board.state();
        let window = self.board.since(self.version).map(|window| window.up_to(state.version));
        let from = std::mem::replace(&mut self.version, state.version);
        let value = state.document.at(&self.path.to_string()).cloned();
        if std::mem::take(&mut self.is_first) {
            return Some(SliceChange { from: state.version, to: state.version, ops: Vec::new(), value });
        }
        let ops = match &window {
            Some(window) => self.ops_of(window),
            None => Vec::new(),
        };
        let is_touched = window.is_none() || !ops.is_empty();
        is_touched.then_some(SliceChange { from, to: state.version, ops, value })
    }

    /// At, above or below the path, and not merely with a name that begins alike (S3.6's prefix test matched `/jobs`
    /// for `/job`).
    fn ops_of(&self, window: &Window) -> Vec<Op> {
        let touches = |op: &&Op| self.path.contains(op.path()) || op.path().contains(&self.path);
        window.ops().filter(touches).cloned().collect()
    }
}

impl Board {
    /// Writes into open domains: those named `app.<name>`, and `config`. All of it is one change, or nothing is.
    ///
    /// # Errors
    /// A typed rejection that names the path.
    pub async fn write(&self, writes: Writes) -> Result<Accepted, Rejection> {
        self.send(Command::Write(writes.0), Actor::new("app"), None).await
    }

    /// Makes the value at a path of an open domain be this.
    ///
    /// # Errors
    /// See [`Board::write`].
    pub async fn set(&self, path: &str, value: &(impl Serialize + ?Sized)) -> Result<Accepted, Rejection> {
        self.write(Writes::default().set(path, value)?).await
    }

    /// Merges members into the object at a path of an open domain.
    ///
    /// # Errors
    /// See [`Board::write`].
    pub async fn merge(&self, path: &str, value: &(impl Serialize + ?Sized)) -> Result<Accepted, Rejection> {
        self.write(Writes::default().merge(path, value)?).await
    }

    /// Makes the open domains named `app.<name>` be these; one that is not among them goes.
    ///
    /// # Errors
    /// See [`Board::write`].
    pub async fn replace_state(&self, state: &(impl Serialize + ?Sized)) -> Result<Accepted, Rejection> {
        let args = ReplaceArgs { state: node(state)? };
        self.send(Command::ReplaceState(args), Actor::new("app"), None).await
    }

    /// Follows what is at a path of the state; the first change shows it as it is.
    pub fn slice(&self, path: Pointer) -> Slice {
        let head = self.head();
        let version = *head.borrow();
        Slice { board: self.clone(), path, head, version, is_first: true }
    }

    /// Required devices and streams that are not there; the board is ready when there are none.
    pub fn not_ready(&self) -> Vec<String> {
        callboard_core::missing(&self.state().document, &self.shared.required)
    }
}
