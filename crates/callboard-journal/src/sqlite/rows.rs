//! Rows that several operations read, and how errors of SQLite are told apart.

use crate::{
    error::{AppendError, DecodeError, EncodeError, ReadError},
    port::Tail,
};
use callboard_protocol::Epoch;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

/// Why an operation ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite said so before COMMIT was tried: nothing was stored.
    Sqlite(rusqlite::Error),
    /// COMMIT failed: it may have been stored.
    Commit(rusqlite::Error),
    /// The commit or snapshot does not fit: nothing was stored.
    Refused(AppendError),
    /// What was read does not fit.
    Read(ReadError),
}

impl Failure {
    /// Whether the connection should not be used any more.
    pub(super) fn is_suspicious(&self) -> bool {
        let (Failure::Sqlite(error) | Failure::Commit(error)) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::InternalMalfunction
                    | ErrorCode::ApiMisuse
            )
        )
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Failure::Refused(error.into())
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Failure::Read(error.into())
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Read(error) => error,
            Failure::Refused(error) => ReadError::Unavailable(error.to_string()),
            Failure::Sqlite(error) | Failure::Commit(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    ReadError::Damaged(error.to_string())
                }
                None if !matches!(error, rusqlite::Error::QueryReturnedNoRows) => {
                    ReadError::Damaged(error.to_string())
                }
                _ => ReadError::Unavailable(error.to_string()),
            },
        }
    }
}

/// The head row.
pub(super) fn tail(connection: &Connection) -> rusqlite::Result<Tail> {
    connection.prepare_cached("SELECT seq, version, epoch, node, hash FROM head WHERE id = 1")?.query_row(
        [],
        |row| {
            let epoch: Option<String> = row.get(2)?;
            let (seq, version) = (row.get(0)?, row.get(1)?);
            Ok(Tail { seq, version, epoch: epoch.map(Epoch::from), node: row.get(3)?, hash: row.get(4)? })
        },
    )
}

/// The first commit that is still there.
pub(super) fn first_seq(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    connection.prepare_cached("SELECT min(seq) FROM commits")?.query_row([], |row| row.get(0))
}

/// The last commit and its stored bytes.
pub(super) fn last_commit(connection: &Connection) -> rusqlite::Result<Option<(u64, Vec<u8>)>> {
    let sql = "SELECT seq, body FROM commits ORDER BY seq DESC LIMIT 1";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// The hash of a commit that is still there.
pub(super) fn hash_of(connection: &Connection, seq: u64) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT hash FROM commits WHERE seq = ?")?;
    statement.query_row([seq], |row| row.get(0)).optional()
}
