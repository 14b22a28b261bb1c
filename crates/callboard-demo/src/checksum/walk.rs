//! The first pass: which files there are and how many bytes they hold.

use std::fs::{self, DirEntry};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::pace::Pace;
use super::skipped::Skipped;
use crate::DemoError;
use crate::report::{Progress, Reporter};

/// A list of so many files weighs some hundred megabytes; a folder with more of them is a mistake in the path.
const FILES_MAX: usize = 1_000_000;

/// A file as the first pass saw it.
#[derive(Debug)]
pub(super) struct FoundFile {
    /// Relative to the root.
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// `None` where the file system does not tell.
    pub(super) modified: Option<SystemTime>,
}

/// All files below a root, sorted by the bytes of their paths.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<FoundFile>,
    pub(super) bytes: u64,
}

/// Lists the files below `root`. Only the root itself must be readable.
pub(super) fn walk(
    root: &Path,
    report: &mut Reporter<'_>,
    skipped: &mut Skipped,
) -> Result<Found, DemoError> {
    let refuse = |why: String| DemoError::Folder { folder: root.to_owned(), why };
    fs::read_dir(root).map_err(|error| refuse(error.to_string()))?;
    let mut found = Found::default();
    let mut pace = Pace::default();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        list(root, &folder, &mut found, &mut folders, &mut |path, why| match why {
            Some(why) => skipped.add(path, &why, report),
            None => {
                skipped.add_other();
                Ok(())
            }
        })?;
        if found.files.len() > FILES_MAX {
            return Err(DemoError::TooManyFiles { folder: root.to_owned(), max: FILES_MAX });
        }
        if pace.is_due() {
            let message = format!("looking: {} files so far", found.files.len());
            report.progress(Progress { value: 0.0, message: &message, step: None })?;
        }
    }
    found.files.sort_unstable_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
    Ok(found)
}

/// Takes note of an entry that is left out: with a reason if it should have been read.
type LeaveOut<'a> = dyn FnMut(&Path, Option<String>) -> Result<(), DemoError> + 'a;

/// Adds the entries of one folder. Stops early when there are too many.
fn list(
    root: &Path,
    folder: &Path,
    found: &mut Found,
    folders: &mut Vec<PathBuf>,
    leave_out: &mut LeaveOut<'_>,
) -> Result<(), DemoError> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) => return leave_out(folder, Some(error.to_string())),
    };
    for entry in entries {
        if found.files.len() > FILES_MAX {
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                leave_out(folder, Some(error.to_string()))?;
                continue;
            }
        };
        let path = folder.join(entry.file_name());
        match inspect(&entry, &path) {
            Ok(Kind::Folder) => folders.push(path),
            Ok(Kind::File(file)) => {
                found.bytes += file.bytes;
                found.files.push(file);
            }
            Ok(Kind::Other) => leave_out(&path, None)?,
            Err(error) => leave_out(&path, Some(error.to_string()))?,
        }
    }
    Ok(())
}

enum Kind {
    Folder,
    File(FoundFile),
    Other,
}

/// Looks at an entry itself, not at what a link points to.
fn inspect(entry: &DirEntry, path: &Path) -> std::io::Result<Kind> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return Ok(Kind::Folder);
    }
    if !kind.is_file() {
        return Ok(Kind::Other);
    }
    let meta = entry.metadata()?;
    Ok(Kind::File(FoundFile { path: path.to_owned(), bytes: meta.len(), modified: meta.modified().ok() }))
}
