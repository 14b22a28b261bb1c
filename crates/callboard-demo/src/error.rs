//! What can stop one of the two programs, each a sentence that names what and where.

use std::io;
use std::path::PathBuf;

/// Why a demo program failed. Its text is the failure message of the job, so every variant names the field, folder or file.
///
/// Nothing here is worth a retry with the same args, except [`DemoError::Write`] and [`DemoError::Report`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Standard input broke before its end.
    #[error("cannot read the args from standard input: {0}")]
    ArgsUnreadable(#[source] io::Error),
    /// Standard input holds more than the args may weigh.
    #[error("the args are larger than {max_bytes} bytes")]
    ArgsTooLarge {
        /// The limit, in bytes.
        max_bytes: u64,
    },
    /// Standard input is not JSON.
    #[error("the args are not JSON: {0}")]
    ArgsNotJson(#[source] serde_json::Error),
    /// The args are JSON, but not an object.
    #[error("the args must be one JSON object, not {found}")]
    ArgsNotObject {
        /// What was found instead, with its article.
        found: &'static str,
    },
    /// The args have a field that this program does not know.
    #[error("unknown field {field:?}; the fields are {known}")]
    UnknownField {
        /// The name as it was sent.
        field: String,
        /// Every name that is known, separated by commas.
        known: String,
    },
    /// A required field is missing or null.
    #[error("the field `{field}` is missing; it must be {expected}")]
    MissingField {
        /// The name of the field.
        field: &'static str,
        /// What the field takes.
        expected: String,
    },
    /// A field has a value that does not fit.
    #[error("the field `{field}` is {found}; it must be {expected}")]
    BadField {
        /// The name of the field.
        field: &'static str,
        /// The value that was sent, shortened.
        found: String,
        /// What the field takes.
        expected: String,
    },
    /// The folder to walk cannot be used.
    #[error("cannot use the folder {folder:?}: {why}")]
    Folder {
        /// The folder as it was asked for.
        folder: PathBuf,
        /// The reason, as the operating system or this program puts it.
        why: String,
    },
    /// The folder holds more files than one run takes.
    #[error("the folder {folder:?} has more than {max} files; choose a smaller one")]
    TooManyFiles {
        /// The folder as it was asked for.
        folder: PathBuf,
        /// The limit, in files.
        max: usize,
    },
    /// An artifact could not be written.
    #[error("cannot write {file:?}: {why}")]
    Write {
        /// The file that was being written.
        file: PathBuf,
        /// The reason.
        why: String,
    },
    /// Nobody reads the reports any more.
    #[error("cannot report on file descriptor 3: {0}")]
    Report(#[source] io::Error),
}
