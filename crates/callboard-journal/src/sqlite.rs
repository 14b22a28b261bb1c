//! The journal in an SQLite file: one thread writes, one reads, an OS lock keeps other processes out.
//!
//! `DIR/journal.sqlite` (with `-wal` and `-shm` beside it while open) holds commits, snapshots and the history of
//! jobs; `DIR/lock` holds the id of the process that has it open. Freed pages are used again, the file does not
//! shrink.

mod archive;
mod history;
mod lock;
mod open;
mod reader;
mod rows;
mod schema;
mod worker;
mod writer;

use crate::{
    caps,
    error::{AppendError, OpenError, ReadError},
    port::{Append, Appended, Journal, Snapshot, Tail},
    query::{JobPage, JobQuery, Prune},
    stored::StoredSnapshot,
};
use async_trait::async_trait;
use callboard_protocol::{Commit, JobId, Node, job::Attempt};
use lock::DirLock;
use reader::Reader;
use std::{path::Path, sync::Arc};
use tokio::sync::oneshot;
use worker::{CallError, Worker};
use writer::Writer;

/// How a journal is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The largest size of the database file in bytes; no limit when absent. An append that would exceed it is
    /// rejected like one on a full disk. The log beside the file takes up to 64 MiB more.
    pub max_bytes: Option<u64>,
}

/// A durable journal in a directory.
///
/// Dropping it blocks until what was asked before is on disk; await [`Journal::close`] first where that hurts.
///
/// ```
/// use callboard_journal::{Journal, SqliteJournal};
///
/// # async fn example(dir: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
/// let journal = SqliteJournal::open(dir)?;
/// println!("the tail is at {}", journal.tail().await?.seq);
/// journal.close().await;
/// # Ok(())
/// # }
/// ```
pub struct SqliteJournal {
    // In this order: the writer's connection is the last to close and tidies up.
    reader: Worker<Reader>,
    writer: Worker<Writer>,
}

impl SqliteJournal {
    /// Opens the journal in a directory, which is created (mode 0700) when it is not there. Blocks: migrations of
    /// an older file run here, after a copy to `journal.sqlite.bak-N`.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path) -> Result<SqliteJournal, OpenError> {
        SqliteJournal::open_with(dir, Options::default())
    }

    /// [`SqliteJournal::open`] with options.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_with(dir: &Path, options: Options) -> Result<SqliteJournal, OpenError> {
        open::create_dir(dir)?;
        let lock = DirLock::take(dir)?;
        let path = open::create_database(dir)?;
        let connection = open::open_checked(&path, &options)?;
        let reader = Reader::open(path.clone()).map_err(|error| open::failure(&path, error))?;
        let writer = Writer::new(connection, path.clone(), options, lock);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let writer = Worker::start("journal-writer", caps::REQUESTS, writer).map_err(&io)?;
        let reader = Worker::start("journal-reader", caps::REQUESTS, reader).map_err(&io)?;
        Ok(SqliteJournal { reader, writer })
    }

    async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<R, ReadError> + Send + 'static,
    ) -> Result<R, ReadError> {
        self.reader.call(question).await.map_err(unread)?
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, batch: Append) -> Result<Appended, AppendError> {
        self.writer.call(move |writer| writer.append(&batch)).await.map_err(unwritten)?
    }

    async fn tail(&self) -> Result<Tail, ReadError> {
        self.ask(Reader::tail).await
    }

    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.ask(move |reader| reader.read(from_seq, max)).await
    }

    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError> {
        while self.writer.call(move |writer| writer.truncate_step(first_seq)).await.map_err(unread)?? {}
        Ok(())
    }

    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        let stored = pack(snapshot).await?;
        self.writer.call(move |writer| writer.put_snapshot(&stored)).await.map_err(unwritten)?
    }

    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        self.ask(Reader::latest_snapshot).await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError> {
        let id = id.clone();
        self.ask(move |reader| reader.job(&id)).await
    }

    async fn jobs(&self, query: JobQuery) -> Result<JobPage, ReadError> {
        self.ask(move |reader| reader.jobs(&query)).await
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        let id = id.clone();
        self.ask(move |reader| reader.attempts(&id)).await
    }

    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError> {
        self.writer.call(move |writer| writer.prune(&wanted)).await.map_err(unread)?
    }

    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// A snapshot of a large state takes a second to pack: on a thread of its own, in the way of nobody.
async fn pack(snapshot: Snapshot) -> Result<StoredSnapshot, AppendError> {
    let (reply, packed) = oneshot::channel();
    std::thread::Builder::new()
        .name("journal-snapshot".into())
        .spawn(move || drop(reply.send(StoredSnapshot::pack(&snapshot))))
        .map_err(|error| AppendError::Rejected(error.to_string()))?;
    let packed = packed.await.map_err(|_| AppendError::Rejected("packing the snapshot panicked".into()))?;
    Ok(packed?)
}

fn unwritten(error: CallError) -> AppendError {
    match error {
        CallError::Closed => AppendError::Rejected(ReadError::Closed.to_string()),
        CallError::Lost => AppendError::Unknown("the writer's thread panicked".into()),
    }
}

fn unread(error: CallError) -> ReadError {
    match error {
        CallError::Closed => ReadError::Closed,
        CallError::Lost => ReadError::Unavailable("the journal's thread panicked".into()),
    }
}
