//! The checksum: one digest over all files of a folder, with progress by bytes.
//!
//! The first pass lists the files and sums their bytes, the second one reads them. The digest is that of a listing in the
//! format of `sha256sum`, sorted by path, so anybody can check it by hand:
//!
//! ```sh
//! find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
//! ```
//!
//! The listing itself becomes the artifact `SHA256SUMS`; `sha256sum -c SHA256SUMS` in the folder says what changed since.

mod digest;
mod listing;
mod pace;
mod skipped;
mod walk;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use self::digest::{Verdict, digest};
use self::listing::Listing;
use self::pace::Pace;
use self::skipped::Skipped;
use self::walk::Found;
use crate::DemoError;
use crate::fields::Fields;
use crate::report::{Progress, Reporter};

/// Longer paths than this no system opens.
const PATH_CHARS_MAX: usize = 4096;

/// Checks args without reading files, so that a server can refuse them before it accepts the job.
///
/// # Errors
///
/// Args that do not fit, or a folder that is not there.
pub fn check(input: impl Read) -> Result<(), DemoError> {
    read_root(&Fields::read(input, &["path", "algorithm"])?).map(drop)
}

/// Computes the checksum of the folder that `input` names and reports on the way; the listing goes to `out_dir`.
///
/// `input` holds one JSON object: `path` (an absolute path of a folder, required), `algorithm` (`"sha256"`, the default).
/// Symbolic links are not followed. What cannot be read, and what changes or vanishes meanwhile, is skipped, counted and
/// logged. The result is `{root, files, bytes, skipped, sha256}`, counting what was read to its end, sizes in bytes.
///
/// # Errors
///
/// Args that do not fit, a folder that is not there or holds too many files, an `out_dir` that cannot be written, or reports
/// that nobody reads.
pub fn run(input: impl Read, report: &mut dyn Write, out_dir: &Path) -> Result<(), DemoError> {
    let root = read_root(&Fields::read(input, &["path", "algorithm"])?)?;
    let mut report = Reporter::new(report);
    let mut skipped = Skipped::default();
    let found = walk::walk(&root, &mut report, &mut skipped)?;
    let mut listing = Listing::create(out_dir)?;
    let totals = digest_all(&root, &found, &mut listing, &mut report, &mut skipped)?;
    let sha256 = listing.finish()?;
    report.artifact(listing::NAME, "text/plain")?;
    skipped.conclude(&mut report)?;
    report.result(&json!({
        "root": root.to_string_lossy(), "files": totals.files, "bytes": totals.bytes,
        "skipped": skipped.count(), "sha256": sha256,
    }))
}

/// The folder of the args, without links in its path.
fn read_root(fields: &Fields) -> Result<PathBuf, DemoError> {
    let folder = PathBuf::from(fields.required_text("path", 1..=PATH_CHARS_MAX)?);
    match fields.text("algorithm", 1..=32)? {
        None | Some("sha256") => {}
        Some(other) => {
            let (found, expected) = (format!("{other:?}"), "\"sha256\"".to_owned());
            return Err(DemoError::BadField { field: "algorithm", found, expected });
        }
    }
    let refuse = |why: String| DemoError::Folder { folder: folder.clone(), why };
    if folder.is_relative() {
        return Err(refuse(
            "it must be an absolute path, because a job starts in an empty folder of its own".into(),
        ));
    }
    let root = folder.canonicalize().map_err(|error| refuse(error.to_string()))?;
    if !root.is_dir() {
        return Err(refuse("it is not a folder".into()));
    }
    Ok(root)
}

/// What was read to its end.
#[derive(Default)]
struct Totals {
    files: u64,
    bytes: u64,
}

/// The second pass.
fn digest_all(
    root: &Path,
    found: &Found,
    listing: &mut Listing,
    report: &mut Reporter<'_>,
    skipped: &mut Skipped,
) -> Result<Totals, DemoError> {
    let mut totals = Totals::default();
    let mut pace = Pace::default();
    let mut before = 0;
    for (index, file) in found.files.iter().enumerate() {
        let verdict = digest(root, file, &mut |read| {
            if pace.is_due() { report.progress(by_bytes(found, index, before + read)) } else { Ok(()) }
        })?;
        match verdict {
            Verdict::Read(digest) => {
                listing.add(&file.path, &digest)?;
                totals.files += 1;
                totals.bytes += file.bytes;
            }
            Verdict::Skip(why) => skipped.add(&file.path, &why, report)?,
        }
        before += file.bytes;
    }
    let message = format!("{} files", totals.files);
    let count = found.files.len() as u64;
    report.progress(Progress { value: 1.0, message: &message, step: Some((count, count)) })?;
    Ok(totals)
}

/// The share of the bytes, and which file it is.
fn by_bytes(found: &Found, index: usize, done: u64) -> Progress<'_> {
    let message = found.files[index].path.to_str().unwrap_or("a file whose name is not text");
    let value = if found.bytes == 0 { 1.0 } else { done as f64 / found.bytes as f64 };
    Progress { value, message, step: Some((index as u64 + 1, found.files.len() as u64)) }
}
