//! What can go wrong: one enum per operation.

use std::path::PathBuf;

/// A commit was not, or not provably, appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote; nothing of this batch was stored. Equal numbers mean that the hashes differ: the two
    /// histories forked.
    #[error("the journal's tail is at {found}, the commit follows {expected}")]
    Conflict {
        /// The tail that the commit follows.
        expected: u64,
        /// The tail that is there.
        found: u64,
    },
    /// Nobody knows whether it was stored. Read the tail before anything else.
    #[error("the outcome of the append is unknown: {0}")]
    Unknown(String),
    /// Certainly not stored: full disk, too big, closed. The journal is as it was.
    #[error("nothing was stored: {0}")]
    Rejected(String),
}

impl AppendError {
    /// Whether the batch may have been stored although this is an error.
    pub fn has_side_effects(&self) -> bool {
        matches!(self, AppendError::Unknown(_))
    }
}

/// Something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The commit is gone; a snapshot covers it.
    #[error("commits before {first} are compacted")]
    Compacted {
        /// The first commit that is still there; tail + 1 when there is none.
        first: u64,
    },
    /// What is stored contradicts itself. Trying again does not help.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// It could not be read now; trying again may help.
    #[error("the journal could not be read: {0}")]
    Unavailable(String),
    /// [`crate::Journal::close`] was called.
    #[error("the journal is closed")]
    Closed,
}

impl ReadError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, ReadError::Unavailable(_))
    }
}

/// A journal's directory could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process (or another board in this one) holds it.
    #[error("{} is in use by {}", path.display(), holder(*pid))]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who holds it, when that could be read.
        pid: Option<u32>,
    },
    /// A newer program wrote it.
    #[error("{} has schema {found}, this program knows schemas up to {known}: use the newer program", path.display())]
    Newer {
        /// The schema of the file.
        found: u32,
        /// The newest schema of this program.
        known: u32,
        /// The database file.
        path: PathBuf,
    },
    /// The file is no journal, or a broken one.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// What does not fit.
        what: String,
        /// The database file.
        path: PathBuf,
    },
    /// The system said no.
    #[error("failed to open {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Its answer.
        source: std::io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
}

/// A value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Over [`crate::caps::BODY_BYTES`] or, for a snapshot, [`crate::caps::SNAPSHOT_BYTES`].
    #[error("{bytes} bytes of JSON are more than the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// It could not be read back.
    #[error("nested deeper than {} levels", crate::caps::DEPTH)]
    TooDeep,
    /// The value has no JSON form, or memory ran out while compressing it.
    #[error("failed to encode: {0}")]
    Failed(String),
}

/// Stored bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first byte names no format of this program.
    #[error("stored in format {0}, which this program does not know")]
    UnknownFormat(u8),
    /// The bytes do not have their format's form.
    #[error("failed to decode: {0}")]
    Malformed(String),
}

impl From<EncodeError> for AppendError {
    fn from(error: EncodeError) -> Self {
        AppendError::Rejected(error.to_string())
    }
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        ReadError::Damaged(error.to_string())
    }
}
