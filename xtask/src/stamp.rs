//! Stamps: a hash of what something was made from, so that it is made again only when that changed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Folders whose content is made, not written.
const MADE: [&str; 4] = ["node_modules", "dist", "test-results", "coverage"];

/// A hash of files: their paths and their bytes (FNV-1a, which is the same on every machine and every day).
pub(crate) struct Stamp {
    hash: u64,
}

impl Stamp {
    pub(crate) fn new() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325 }
    }

    /// Adds a file, or the fact that it is not there.
    pub(crate) fn file(mut self, root: &Path, path: &Path) -> Result<Self, Failure> {
        let name = path.strip_prefix(root).unwrap_or(path);
        self.add(name.as_os_str().as_encoded_bytes());
        match fs::read(path) {
            Ok(content) => self.add(&content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.add(b"missing"),
            Err(error) => return Err(Failure::file("read", path, &error)),
        }
        Ok(self)
    }

    /// Adds all written files below a folder, in the order of their paths.
    pub(crate) fn folder(mut self, root: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        written_files(folder, &mut files)?;
        files.sort();
        for file in files {
            self = self.file(root, &file)?;
        }
        Ok(self)
    }

    /// Whether `stamp` holds this hash.
    pub(crate) fn is_on(&self, stamp: &Path) -> bool {
        fs::read_to_string(stamp).is_ok_and(|text| text == self.text())
    }

    /// Writes this hash to `stamp`.
    pub(crate) fn press(&self, stamp: &Path) -> Result<(), Failure> {
        fs::write(stamp, self.text()).map_err(|error| Failure::file("write", stamp, &error))
    }

    fn text(&self) -> String {
        format!("{:016x}\n", self.hash)
    }

    /// The length goes first: two files never look like one.
    fn add(&mut self, bytes: &[u8]) {
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Collects the files below `folder` that people wrote; a folder that is not there has none.
pub(crate) fn written_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::file("read", folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file("read", folder, &error))?;
        let kind = entry.file_type().map_err(|error| Failure::file("read", folder, &error))?;
        let name = entry.file_name();
        if kind.is_dir() && !MADE.iter().any(|made| name == *made) {
            written_files(&entry.path(), files)?;
        } else if kind.is_file() && !name.to_string_lossy().ends_with(".tsbuildinfo") {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_until_a_written_file_changes() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let write = |path: &str, content: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("inside the root")).expect("a temporary folder");
            fs::write(path, content).expect("a temporary file");
        };
        let stamp = || Stamp::new().folder(root.path(), &root.path().join("src")).expect("readable");
        write("src/a.ts", "one");
        let pressed = root.path().join("stamp");
        assert!(!stamp().is_on(&pressed), "nothing was made yet");
        stamp().press(&pressed).expect("writable");
        assert!(stamp().is_on(&pressed));
        write("src/node_modules/x.js", "made");
        write("src/dist/x.js", "made");
        assert!(stamp().is_on(&pressed), "what is made does not count");
        write("src/a.ts", "two");
        assert!(!stamp().is_on(&pressed), "a change counts");
        write("src/a.ts", "one");
        write("src/b.ts", "");
        assert!(!stamp().is_on(&pressed), "a new file counts, even an empty one");
    }

    #[test]
    fn a_file_that_is_not_there_differs_from_an_empty_one() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let file = root.path().join("lock");
        let missing = Stamp::new().file(root.path(), &file).expect("missing is fine").text();
        fs::write(&file, "").expect("a temporary file");
        assert_ne!(missing, Stamp::new().file(root.path(), &file).expect("readable").text());
    }
}
