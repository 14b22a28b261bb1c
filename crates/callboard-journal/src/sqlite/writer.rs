//! The connection that writes: one transaction per append, and what an error of it means.

use super::{
    Options, archive,
    lock::DirLock,
    open,
    rows::{self, Failure},
};
use crate::{
    caps,
    codec::{Packer, hash},
    error::{AppendError, ReadError},
    port::{Append, Appended, Archive, Tail},
    query::Prune,
    stored::StoredSnapshot,
};
use callboard_protocol::{Commit, JobId};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::path::PathBuf;

/// Owned by the writer thread; holds the directory's lock until the connection is closed.
pub(super) struct Writer {
    connection: Option<Connection>,
    path: PathBuf,
    options: Options,
    packer: Packer,
    _lock: DirLock,
}

impl Writer {
    pub(super) fn new(connection: Connection, path: PathBuf, options: Options, lock: DirLock) -> Self {
        Writer { connection: Some(connection), path, options, packer: Packer::default(), _lock: lock }
    }

    /// Stores a commit and its history rows.
    pub(super) fn append(&mut self, batch: &Append) -> Result<Appended, AppendError> {
        let body = self.packer.pack(&*batch.commit, caps::BODY_BYTES)?;
        let hash = hash(&body);
        let stored = self.transact(|transaction, packer| {
            rows::tail(transaction)?.check(&batch.commit).map_err(Failure::Refused)?;
            insert(transaction, &batch.commit, &hash, &body)?;
            archive::apply(transaction, packer, &batch.archive)
        });
        match stored {
            Ok(()) => Ok(Appended { hash }),
            Err(Failure::Commit(error)) => self.settle(&batch.commit, hash, &error),
            Err(failure) => Err(certain(failure)),
        }
    }

    /// COMMIT failed. Reopens, reads the tail and decides what became of it.
    fn settle(
        &mut self,
        commit: &Commit,
        hash: String,
        error: &rusqlite::Error,
    ) -> Result<Appended, AppendError> {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            // The frame that makes a transaction count is the last one written: it is not there.
            return Err(AppendError::Rejected(error.to_string()));
        }
        self.connection = None;
        let found = self.open_settled().and_then(|connection| rows::tail(connection));
        verdict(found.map_err(|error| error.to_string()), commit, hash, &error.to_string())
    }

    /// Stores a snapshot and forgets the oldest.
    pub(super) fn put_snapshot(&mut self, snapshot: &StoredSnapshot) -> Result<(), AppendError> {
        let stored = self.transact(|transaction, _| {
            let tail = rows::tail(transaction)?;
            let first = rows::first_seq(transaction)?.unwrap_or(tail.seq + 1);
            let known = rows::hash_of(transaction, snapshot.seq.min(tail.seq))?;
            snapshot.check(&tail, first, known.as_deref()).map_err(Failure::Refused)?;
            insert_snapshot(transaction, snapshot).map_err(Failure::Sqlite)
        });
        stored.map_err(|failure| match failure {
            Failure::Commit(error) => AppendError::Unknown(error.to_string()),
            failure => certain(failure),
        })
    }

    /// Deletes a step of the commits below `first_seq`; whether there is more to delete.
    pub(super) fn truncate_step(&mut self, first_seq: u64) -> Result<bool, ReadError> {
        let step = self.transact(|transaction, _| {
            let covered = "SELECT coalesce(min(seq) + 1, 0) FROM snapshots";
            let covered: u64 = transaction.prepare_cached(covered)?.query_row([], |row| row.get(0))?;
            let target = first_seq.min(covered);
            let Some(first) = rows::first_seq(transaction)?.filter(|first| *first < target) else {
                return Ok(false);
            };
            let end = target.min(first + caps::TRUNCATE_STEP);
            transaction.prepare_cached("DELETE FROM commits WHERE seq < ?")?.execute([end])?;
            Ok(end < target)
        });
        Ok(step?)
    }

    /// Removes a step of archived jobs.
    pub(super) fn prune(&mut self, wanted: &Prune) -> Result<Vec<JobId>, ReadError> {
        let step = self.transact(|transaction, packer| {
            let ids = archive::that_fit(transaction, wanted)?;
            let rows: Vec<Archive> = ids.iter().cloned().map(Archive::DeleteJob).collect();
            archive::apply(transaction, packer, &rows)?;
            Ok(ids)
        });
        Ok(step?)
    }

    fn transact<R>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut Packer) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if self.connection.is_none() {
            self.open_settled()?;
        }
        let connection = self.connection.as_mut().expect("opened just now");
        let done = in_transaction(connection, &mut self.packer, work);
        if done.as_ref().is_err_and(Failure::is_suspicious) {
            self.connection = None;
        }
        done
    }

    /// Opens again after an error. The checkpoint writes and syncs anew what an earlier sync may have lost, and
    /// empties the log, so that no remains of a failed commit come to life in a later recovery.
    fn open_settled(&mut self) -> rusqlite::Result<&mut Connection> {
        let connection = open::open_writer(&self.path, &self.options)?;
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?;
        if busy != 0 {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(
                busy,
                Some("the log could not be checkpointed".into()),
            ));
        }
        Ok(self.connection.insert(connection))
    }
}

fn in_transaction<R>(
    connection: &mut Connection,
    packer: &mut Packer,
    work: impl FnOnce(&Transaction<'_>, &mut Packer) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction, packer)?;
    transaction.commit().map_err(Failure::Commit)?;
    Ok(result)
}

fn insert(transaction: &Transaction<'_>, commit: &Commit, hash: &str, body: &[u8]) -> Result<(), Failure> {
    let (seq, base, head) = (commit.seq, commit.base_version, commit.head_version());
    let moved = transaction
        .prepare_cached(
            "UPDATE head SET seq = ?, version = ?, epoch = ?, node = ?, hash = ? WHERE seq = ? AND hash = ?",
        )?
        .execute((seq, head, commit.epoch.as_str(), &commit.node, hash, seq - 1, &commit.prev))?;
    assert_eq!(moved, 1, "the head moves from the tail that was checked in the same transaction");
    transaction.prepare_cached("INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)")?.execute((
        seq,
        base,
        head,
        commit.at.0,
        hash,
        body,
    ))?;
    Ok(())
}

fn insert_snapshot(transaction: &Transaction<'_>, snapshot: &StoredSnapshot) -> rusqlite::Result<()> {
    let StoredSnapshot { seq, version, epoch, hash, at, checksum, body } = snapshot;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)")?
        .execute((seq, version, epoch.as_str(), hash, at.0, checksum, body))?;
    let oldest =
        "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)";
    transaction.prepare_cached(oldest)?.execute([caps::SNAPSHOTS])?;
    Ok(())
}

/// The error of a transaction that was rolled back before COMMIT.
fn certain(failure: Failure) -> AppendError {
    match failure {
        Failure::Refused(error) => error,
        Failure::Sqlite(error) | Failure::Commit(error) => AppendError::Rejected(error.to_string()),
        Failure::Read(error) => AppendError::Rejected(error.to_string()),
    }
}

/// What a failed COMMIT came to, by the tail that was found after it.
fn verdict(
    found: Result<Tail, String>,
    commit: &Commit,
    hash: String,
    error: &str,
) -> Result<Appended, AppendError> {
    match found {
        Ok(tail) if tail.seq == commit.seq && tail.hash == hash => Ok(Appended { hash }),
        Ok(tail) if tail.seq + 1 == commit.seq && tail.hash == commit.prev => {
            Err(AppendError::Rejected(error.to_owned()))
        }
        Ok(tail) => Err(AppendError::Unknown(format!("{error}; then the tail was at {}", tail.seq))),
        Err(why) => Err(AppendError::Unknown(format!("{error}; then the journal could not be read: {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::{CommitKind, Epoch, Time};

    fn commit() -> Commit {
        Commit {
            seq: 5,
            epoch: Epoch::from("e"),
            node: "n".into(),
            base_version: 9,
            at: Time(0),
            prev: "before".into(),
            kind: CommitKind::Batch,
            entries: Vec::new(),
        }
    }

    #[test]
    fn what_a_failed_commit_came_to_is_told_by_the_tail() {
        let told = |seq, hash: &str| {
            let tail = Tail { seq, hash: hash.into(), ..Tail::default() };
            verdict(Ok(tail), &commit(), "ours".into(), "disk I/O error")
        };
        assert_eq!(told(5, "ours"), Ok(Appended { hash: "ours".into() }));
        assert_eq!(told(4, "before"), Err(AppendError::Rejected("disk I/O error".into())));
        for (seq, hash) in [(5, "theirs"), (4, "another"), (6, "later"), (3, "lost"), (0, "")] {
            assert!(matches!(told(seq, hash), Err(AppendError::Unknown(_))), "{seq} {hash}");
        }
        let unreadable = verdict(Err("no such file".into()), &commit(), "ours".into(), "disk I/O error");
        let Err(AppendError::Unknown(text)) = unreadable else { panic!("{unreadable:?}") };
        assert!(text.contains("disk I/O error") && text.contains("no such file"), "{text}");
    }
}
