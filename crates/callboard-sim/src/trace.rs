//! What happened in a run, line by line, and a digest of it: the same seed must make the same lines.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Vec<String>>);

impl Trace {
    pub(crate) fn say(&self, at_ms: u64, line: &str) {
        self.lines().push(format!("{:>10}.{:03} {line}", at_ms / 1000, at_ms % 1000));
    }

    pub(crate) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for line in self.lines().iter() {
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = self.lines().join("\n");
        text.push('\n');
        text
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
