//! Looking back: the state at a version, the changes between two, and what they come to (ARCHITECTURE 5).
//!
//! Everything here reads the journal and folds it again; what it may cost is bounded.

use crate::{
    Board, StateView,
    ring::{Window, weight},
};
use callboard_core::Recovered;
use callboard_journal::ReadError;
use callboard_protocol::{
    Change, Coalescer, Commit, Op, caps,
    error::{ErrorCode, Rejection},
};
use std::sync::Arc;

/// Commits that are read at once.
const PAGE: usize = 256;

/// A change and the version that it made.
#[derive(Clone, Debug, PartialEq)]
pub struct PastChange {
    /// The version.
    pub version: u64,
    /// The change.
    pub change: Change,
}

impl Board {
    /// The state as it was at a version.
    ///
    /// # Errors
    /// `invalid_args` for a version that is not made yet, `not_found` when the journal no longer leads to it,
    /// `too_large` when more than [`caps::TRAVEL_CHANGES`] changes would have to be folded.
    pub async fn state_at(&self, version: u64) -> Result<StateView, Rejection> {
        let now = self.state();
        check_made(version, now.version)?;
        if version == now.version {
            return Ok(now);
        }
        let mut folded = Recovered::default();
        let mut seq = 0;
        let snapshot = self.shared.journal.latest_snapshot().await.map_err(|error| unread(&error))?;
        if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.version <= version) {
            (folded.document, folded.version, seq) = (snapshot.state, snapshot.version, snapshot.seq);
        }
        check_span(version - folded.version)?;
        while folded.version < version {
            let commits = self.read(seq + 1).await?;
            for commit in commits {
                seq = commit.seq;
                let wanted = cut(&commit, version);
                folded.fold(&wanted).map_err(|error| {
                    Rejection::new(ErrorCode::Internal, format!("the journal does not fold: {error}"))
                })?;
                if folded.version >= version {
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(StateView { epoch: now.epoch, version, document: folded.document })
    }

    /// The changes after version `from`, up to version `to`, at most `limit`, the oldest first.
    ///
    /// # Errors
    /// As [`Board::state_at`].
    pub async fn changes(&self, from: u64, to: u64, limit: usize) -> Result<Vec<PastChange>, Rejection> {
        let head = *self.head().borrow();
        check_made(from, head)?;
        let to = to.min(head);
        if let Some(window) = self.since(from) {
            let near = window.changes().take_while(|(version, _)| *version <= to).take(limit);
            return Ok(near
                .map(|(version, change)| PastChange { version, change: change.clone() })
                .collect());
        }
        let mut found = Vec::new();
        let mut seq = self.commit_after(from).await?;
        while from + (found.len() as u64) < to && found.len() < limit {
            let commits = self.read(seq).await?;
            for commit in commits {
                seq = commit.seq + 1;
                let versions = (commit.base_version + 1..).zip(&commit.entries);
                let wanted = versions.filter(|(version, _)| (from + 1..=to).contains(version));
                found.extend(wanted.map(|(version, change)| PastChange { version, change: change.clone() }));
                if found.len() >= limit {
                    break;
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The changes after a version, as [`Board::since`]; what is no longer in memory is read from the journal, up to
    /// [`caps::RESUME_CHANGES`] changes and [`caps::RESUME_BYTES`]. `None` beyond that, and when the journal does
    /// not lead there: take [`Board::state`] then.
    pub async fn since_stored(&self, version: u64) -> Option<Window> {
        let near = self.since(version);
        let head = *self.head().borrow();
        if near.is_some() || version > head || head - version > caps::RESUME_CHANGES {
            return near;
        }
        let mut older: Vec<Arc<Commit>> = Vec::new();
        let (mut reached, mut bytes) = (version, 0);
        let mut seq = self.commit_after(version).await.ok()?;
        loop {
            for commit in self.read(seq).await.ok()? {
                bytes += commit.entries.iter().map(weight).sum::<usize>();
                if bytes > caps::RESUME_BYTES {
                    return None;
                }
                (reached, seq) = (commit.head_version(), commit.seq + 1);
                older.push(commit);
            }
            // A commit that is stored may not be shown yet.
            let shown = *self.head().borrow();
            if reached >= shown {
                return Some(Window::joined(version, older, shown));
            }
            // What is being read may be in memory still, and what is in memory moves on.
            if let Some(newer) = self.since(reached) {
                let to = newer.to;
                older.extend(newer.into_commits());
                return Some(Window::joined(version, older, to));
            }
        }
    }

    /// The operations that lead from one version to another, folded.
    ///
    /// # Errors
    /// As [`Board::state_at`]; `invalid_args` when `to` is before `from`.
    pub async fn diff(&self, from: u64, to: u64) -> Result<Vec<Op>, Rejection> {
        check_made(to, *self.head().borrow())?;
        if to < from {
            let message = format!("to: version {to} is before version {from}; the journal leads forwards");
            return Err(Rejection::new(ErrorCode::InvalidArgs, message));
        }
        check_span(to - from)?;
        let changes = self.changes(from, to, caps::TRAVEL_CHANGES as usize).await?;
        let mut coalescer = Coalescer::default();
        changes.iter().flat_map(|past| &past.change.ops).for_each(|op| coalescer.push(op));
        Ok(coalescer.into_ops())
    }

    /// The commit that holds the version after this one. Commits are in order, so it is found by halving.
    async fn commit_after(&self, version: u64) -> Result<u64, Rejection> {
        let tail = self.shared.journal.tail().await.map_err(|error| unread(&error))?;
        let mut low = match self.shared.journal.read(1, 1).await {
            Err(ReadError::Compacted { first }) => first,
            Err(error) => return Err(unread(&error)),
            Ok(_) => 1,
        };
        let mut high = tail.seq;
        while low < high {
            let middle = low + (high - low) / 2;
            let commits = self.shared.journal.read(middle, 1).await.map_err(|error| unread(&error))?;
            match commits.first() {
                Some(commit) if commit.head_version() <= version => low = middle + 1,
                _ => high = middle,
            }
        }
        match self.read(low).await?.first() {
            Some(commit) if commit.base_version > version => Err(gone(commit.base_version)),
            _ => Ok(low),
        }
    }

    async fn read(&self, seq: u64) -> Result<Vec<Arc<Commit>>, Rejection> {
        let commits = self.shared.journal.read(seq, PAGE).await.map_err(|error| unread(&error))?;
        if commits.is_empty() {
            return Err(Rejection::new(
                ErrorCode::Internal,
                "the journal ends before the version that it holds",
            ));
        }
        Ok(commits)
    }
}

/// The commit without the changes after a version.
fn cut(commit: &Arc<Commit>, version: u64) -> Arc<Commit> {
    if commit.head_version() <= version {
        return commit.clone();
    }
    let mut cut = Commit::clone(commit);
    cut.entries.truncate((version - commit.base_version) as usize);
    Arc::new(cut)
}

fn check_made(version: u64, head: u64) -> Result<(), Rejection> {
    if version <= head {
        return Ok(());
    }
    let message = format!("version {version} is not made yet; the newest is {head}");
    Err(Rejection::new(ErrorCode::InvalidArgs, message))
}

fn check_span(changes: u64) -> Result<(), Rejection> {
    if changes <= caps::TRAVEL_CHANGES {
        return Ok(());
    }
    let message = format!("{changes} changes would have to be folded; the limit is {}", caps::TRAVEL_CHANGES);
    Err(Rejection::new(ErrorCode::TooLarge, message))
}

fn gone(first: u64) -> Rejection {
    let message =
        format!("the journal no longer leads there; the oldest version that it leads from is {first}");
    Rejection::new(ErrorCode::NotFound, message)
}

fn unread(error: &ReadError) -> Rejection {
    match error {
        ReadError::Compacted { .. } => Rejection::new(
            ErrorCode::NotFound,
            "the journal no longer leads to that version; it keeps the commits since its oldest snapshot",
        ),
        error => Rejection::new(ErrorCode::Internal, format!("the journal cannot be read: {error}")),
    }
}
