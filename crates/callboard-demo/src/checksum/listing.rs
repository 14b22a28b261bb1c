//! The listing of digests: written to a file and hashed in one go.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::digest::Sum;
use crate::DemoError;

/// The listing's file in the working folder.
pub(super) const NAME: &str = "SHA256SUMS";

/// A listing in the making, in the format of `sha256sum`.
pub(super) struct Listing {
    path: PathBuf,
    file: BufWriter<File>,
    sum: Sha256,
}

impl Listing {
    pub(super) fn create(out_dir: &Path) -> Result<Self, DemoError> {
        let path = out_dir.join(NAME);
        let file = File::create(&path).map_err(|error| failed(&path, &error))?;
        Ok(Self { path, file: BufWriter::new(file), sum: Sha256::new() })
    }

    /// Adds the line of one file. Files come in the order of their paths' bytes.
    pub(super) fn add(&mut self, path: &Path, digest: &Sum) -> Result<(), DemoError> {
        let line = line(path, digest);
        self.sum.update(&line);
        self.file.write_all(&line).map_err(|error| failed(&self.path, &error))
    }

    /// Completes the file and returns the digest of all of it, in hexadecimal.
    pub(super) fn finish(mut self) -> Result<String, DemoError> {
        self.file.flush().map_err(|error| failed(&self.path, &error))?;
        Ok(hex(&self.sum.finalize().into()))
    }
}

fn failed(path: &Path, error: &io::Error) -> DemoError {
    DemoError::Write { file: path.to_owned(), why: error.to_string() }
}

/// `DIGEST  PATH`, as `sha256sum` writes it: a name with a line break or a backslash is escaped and the line says so up front.
fn line(path: &Path, digest: &Sum) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let mut line = Vec::with_capacity(name.len() + 68);
    if name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
        line.push(b'\\');
    }
    line.extend_from_slice(hex(digest).as_bytes());
    line.extend_from_slice(b"  ");
    for byte in name {
        match byte {
            b'\\' => line.extend_from_slice(br"\\"),
            b'\n' => line.extend_from_slice(br"\n"),
            b'\r' => line.extend_from_slice(br"\r"),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    line
}

fn hex(digest: &Sum) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_that_of_sha256sum() {
        let zeros = "00".repeat(32);
        let text = |path: &str| String::from_utf8(line(Path::new(path), &[0; 32])).expect("text");
        assert_eq!(text("a/b c"), format!("{zeros}  a/b c\n"));
        assert_eq!(text("a\nb\\c\rd"), format!("\\{zeros}  a\\nb\\\\c\\rd\n"));
    }
}
