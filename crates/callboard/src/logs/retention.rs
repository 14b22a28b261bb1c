//! Which files of jobs may go: those nobody wrote to for long, and the oldest when all together are too large.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// A job's file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OldFile {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// When it was last written to.
    pub(super) written: SystemTime,
}

/// How long and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) age: Duration,
    pub(super) bytes: u64,
}

impl Retention {
    /// The files to remove, by age and then by size. A file that was written to within a minute stays: its job runs.
    pub(super) fn choose(self, mut files: Vec<OldFile>, now: SystemTime) -> Vec<OldFile> {
        files.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let mut chosen = Vec::new();
        for file in files {
            let age = now.duration_since(file.written).unwrap_or_default();
            let is_surplus = age > self.age || bytes > self.bytes;
            if is_surplus && age >= Duration::from_secs(60) {
                bytes -= file.bytes;
                chosen.push(file);
            }
        }
        chosen
    }
}

/// Every file below `jobs`.
pub(super) fn job_files(jobs: &Path) -> io::Result<Vec<OldFile>> {
    let mut files = Vec::new();
    for shard in fs::read_dir(jobs)? {
        let shard = shard?.path();
        if !shard.is_dir() {
            continue;
        }
        for entry in fs::read_dir(shard)? {
            let entry = entry?;
            // A file may go between being listed and being looked at.
            if let Ok(metadata) = entry.metadata() {
                let written = metadata.modified().unwrap_or_else(|_| SystemTime::now());
                files.push(OldFile { path: entry.path(), bytes: metadata.len(), written });
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: u64, hours: u64, now: SystemTime) -> OldFile {
        OldFile { path: name.into(), bytes, written: now - Duration::from_secs(hours * 3600) }
    }

    fn names(chosen: &[OldFile]) -> Vec<&str> {
        chosen.iter().filter_map(|file| file.path.to_str()).collect()
    }

    #[test]
    fn the_old_go_first_and_then_the_oldest_of_too_many_bytes() {
        let now = SystemTime::now();
        let files = || {
            vec![file("c", 40, 3, now), file("a", 10, 30, now), file("d", 40, 0, now), file("b", 40, 5, now)]
        };
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(names(&Retention { age: day, bytes: 1000 }.choose(files(), now)), ["a"]);
        assert_eq!(names(&Retention { age: day, bytes: 100 }.choose(files(), now)), ["a", "b"]);
        // The file of a job that writes now stays whatever its size.
        assert_eq!(names(&Retention { age: day, bytes: 0 }.choose(files(), now)), ["a", "b", "c"]);
        assert!(Retention { age: day * 9, bytes: 130 }.choose(files(), now).is_empty());
    }
}
