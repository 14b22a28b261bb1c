//! Where the benches store: beside the program, so on the disk of the build and never on a file system in memory.

use crate::Done;
use tempfile::TempDir;

/// An empty folder that is gone when the value is.
pub(crate) fn folder() -> Done<TempDir> {
    let program = std::env::current_exe()?;
    let beside = program.parent().ok_or("the program is in no folder")?;
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?)
}
