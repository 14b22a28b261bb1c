//! The connection that reads, on its own thread: a long listing never holds up a commit.

use super::{
    history, open,
    rows::{self, Failure},
};
use crate::{
    caps,
    codec::{decode, hash},
    error::ReadError,
    port::{Snapshot, Tail},
    query::{JobPage, JobQuery},
    stored::StoredSnapshot,
};
use callboard_protocol::{Commit, Epoch, JobId, Node, Time, job::Attempt};
use rusqlite::{Connection, Transaction};
use std::{path::PathBuf, sync::Arc};

/// Owned by the reader thread.
pub(super) struct Reader {
    connection: Option<Connection>,
    path: PathBuf,
}

impl Reader {
    pub(super) fn open(path: PathBuf) -> rusqlite::Result<Self> {
        Ok(Reader { connection: Some(open::open_reader(&path)?), path })
    }

    pub(super) fn tail(&mut self) -> Result<Tail, ReadError> {
        self.view(|view| Ok(rows::tail(view)?))
    }

    pub(super) fn read(&mut self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.view(|view| commits(view, from_seq.max(1), max.min(caps::PAGE_COMMITS)))
    }

    pub(super) fn latest_snapshot(&mut self) -> Result<Option<Snapshot>, ReadError> {
        self.view(latest_snapshot)
    }

    pub(super) fn job(&mut self, id: &JobId) -> Result<Option<Node>, ReadError> {
        self.view(|view| history::job(view, id))
    }

    pub(super) fn jobs(&mut self, query: &JobQuery) -> Result<JobPage, ReadError> {
        self.view(|view| history::page(view, query))
    }

    pub(super) fn attempts(&mut self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        self.view(|view| history::attempts(view, id))
    }

    /// Runs `read` on one consistent view of the database.
    fn view<R>(&mut self, read: impl FnOnce(&Transaction<'_>) -> Result<R, Failure>) -> Result<R, ReadError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            closed => closed.insert(open::open_reader(&self.path).map_err(Failure::Sqlite)?),
        };
        let answer = connection.transaction().map_err(Failure::Sqlite).and_then(|view| read(&view));
        if answer.as_ref().is_err_and(Failure::is_suspicious) {
            self.connection = None;
        }
        Ok(answer?)
    }
}

fn commits(view: &Connection, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, Failure> {
    let tail = rows::tail(view)?;
    let first = rows::first_seq(view)?.unwrap_or(tail.seq + 1);
    if from_seq < first {
        return Err(Failure::Read(ReadError::Compacted { first }));
    }
    if from_seq > tail.seq {
        return Ok(Vec::new());
    }
    let mut chain = Chain { next: from_seq, prev: rows::hash_of(view, from_seq - 1)? };
    let mut statement =
        view.prepare_cached("SELECT seq, hash, body FROM commits WHERE seq >= ? ORDER BY seq LIMIT ?")?;
    let mut found = statement.query((from_seq, max))?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes < caps::PAGE_BYTES
        && let Some(row) = found.next()?
    {
        let body = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        bytes += body.len();
        page.push(chain.follow(row.get(0)?, row.get(1)?, body)?);
    }
    if page.is_empty() && max > 0 {
        return Err(damaged(format!("commit {from_seq} is missing before the tail at {}", tail.seq)));
    }
    Ok(page)
}

/// Checks that commits follow each other and their bytes are those that were stored.
struct Chain {
    next: u64,
    prev: Option<String>,
}

impl Chain {
    fn follow(&mut self, seq: u64, stored_hash: String, body: &[u8]) -> Result<Arc<Commit>, Failure> {
        if seq != self.next {
            return Err(damaged(format!("commit {} is missing", self.next)));
        }
        if hash(body) != stored_hash {
            return Err(damaged(format!("the bytes of commit {seq} do not have its hash")));
        }
        let commit = decode(body)?;
        if commit.seq != seq || self.prev.as_ref().is_some_and(|prev| *prev != commit.prev) {
            return Err(damaged(format!("commit {seq} does not follow the one before")));
        }
        self.next += 1;
        self.prev = Some(stored_hash);
        Ok(Arc::new(commit))
    }
}

fn latest_snapshot(view: &Transaction<'_>) -> Result<Option<Snapshot>, Failure> {
    let sql = "SELECT seq, version, epoch, hash, at, checksum, body FROM snapshots ORDER BY seq DESC";
    let mut statement = view.prepare_cached(sql)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let epoch: String = row.get(2)?;
        let stored = StoredSnapshot {
            seq: row.get(0)?,
            version: row.get(1)?,
            epoch: Epoch::from(epoch),
            hash: row.get(3)?,
            at: Time(row.get(4)?),
            checksum: row.get(5)?,
            body: row.get(6)?,
        };
        if let Some(snapshot) = stored.unpack_or_warn() {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

fn damaged(what: String) -> Failure {
    Failure::Read(ReadError::Damaged(what))
}
