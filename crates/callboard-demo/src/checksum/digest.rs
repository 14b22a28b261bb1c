//! The second pass: reads one file to its end, or says why not.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::walk::FoundFile;
use crate::DemoError;

const CHUNK_BYTES: usize = 256 * 1024;

/// A SHA-256 digest.
pub(super) type Sum = [u8; 32];

/// What became of a file.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Read(Sum),
    /// Left out, and why.
    Skip(String),
}

/// Reads `file` and tells `on_read` how many of its bytes are read. Never reads more than the first pass saw, so a file that
/// grows as fast as it is read has an end.
///
/// # Errors
///
/// Only what `on_read` returns; whatever is wrong with the file is a verdict.
pub(super) fn digest(
    root: &Path,
    file: &FoundFile,
    on_read: &mut dyn FnMut(u64) -> Result<(), DemoError>,
) -> Result<Verdict, DemoError> {
    let mut open = match open_unchanged(root, file) {
        Ok(open) => open,
        Err(why) => return Ok(Verdict::Skip(why)),
    };
    let mut sum = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES.min(file.bytes as usize + 1)];
    let mut read = 0;
    on_read(read)?;
    loop {
        match open.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                read += count as u64;
                if read > file.bytes {
                    return Ok(changed());
                }
                sum.update(&chunk[..count]);
                on_read(read)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Verdict::Skip(error.to_string())),
        }
    }
    match is_unchanged(&open, file) {
        Ok(true) if read == file.bytes => Ok(Verdict::Read(sum.finalize().into())),
        Ok(_) => Ok(changed()),
        Err(error) => Ok(Verdict::Skip(error.to_string())),
    }
}

fn changed() -> Verdict {
    Verdict::Skip("it changed meanwhile".into())
}

/// Opens a file that is still what the first pass saw. Neither follows a link nor waits on a pipe that took its place.
fn open_unchanged(root: &Path, file: &FoundFile) -> Result<File, String> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let open = OpenOptions::new().read(true).custom_flags(flags).open(root.join(&file.path));
    let open = open.map_err(|error| error.to_string())?;
    match is_unchanged(&open, file) {
        Ok(true) => Ok(open),
        Ok(false) => Err("it changed meanwhile".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_unchanged(open: &File, file: &FoundFile) -> io::Result<bool> {
    let meta = open.metadata()?;
    Ok(meta.is_file() && meta.len() == file.bytes && meta.modified().ok() == file.modified)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use tempfile::TempDir;

    use super::*;

    fn found(folder: &TempDir, name: &str, content: &[u8]) -> FoundFile {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a temporary file");
        let meta = fs::metadata(&path).expect("just written");
        FoundFile { path: name.into(), bytes: meta.len(), modified: meta.modified().ok() }
    }

    fn skip_reason(folder: &TempDir, file: &FoundFile, meanwhile: &mut dyn FnMut()) -> String {
        let verdict = digest(folder.path(), file, &mut |_| {
            meanwhile();
            Ok(())
        });
        match verdict.expect("reports work") {
            Verdict::Skip(why) => why,
            Verdict::Read(_) => panic!("should have been skipped"),
        }
    }

    #[test]
    fn a_file_that_grows_while_it_is_read_is_skipped() {
        let folder = TempDir::new().expect("a temporary folder");
        let file = found(&folder, "growing", b"some bytes");
        let path = folder.path().join("growing");
        let mut grow = || {
            use std::io::Write;
            let mut open = OpenOptions::new().append(true).open(&path).expect("still there");
            open.write_all(b"more").expect("a temporary file");
        };
        assert_eq!(skip_reason(&folder, &file, &mut grow), "it changed meanwhile");
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_skipped() {
        let folder = TempDir::new().expect("a temporary folder");
        let file = found(&folder, "shrinking", b"some bytes");
        let path = folder.path().join("shrinking");
        let mut shrink = || fs::write(&path, b"").expect("a temporary file");
        assert_eq!(skip_reason(&folder, &file, &mut shrink), "it changed meanwhile");
    }

    #[test]
    fn a_file_that_was_touched_since_the_first_pass_is_skipped() {
        let folder = TempDir::new().expect("a temporary folder");
        let mut file = found(&folder, "touched", b"some bytes");
        file.modified = Some(SystemTime::now() - Duration::from_secs(3600));
        assert_eq!(skip_reason(&folder, &file, &mut || {}), "it changed meanwhile");
    }

    #[test]
    fn a_file_that_vanished_or_became_a_link_is_skipped() {
        let folder = TempDir::new().expect("a temporary folder");
        let file = found(&folder, "gone", b"x");
        fs::remove_file(folder.path().join("gone")).expect("just written");
        assert!(skip_reason(&folder, &file, &mut || {}).contains("No such file"));
        found(&folder, "target", b"x");
        std::os::unix::fs::symlink("target", folder.path().join("gone")).expect("a temporary link");
        assert!(skip_reason(&folder, &file, &mut || {}).contains("symbolic links"));
    }
}
