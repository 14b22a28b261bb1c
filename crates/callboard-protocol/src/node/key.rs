//! Object keys: the names of our own fields are static and cost nothing to copy.

use std::{borrow::Borrow, cmp::Ordering, fmt, ops::Deref, sync::Arc};

/// A key of an object or a segment of a pointer. Ordered and compared as text.
#[derive(Clone)]
pub struct Key(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Arc<str>),
}

/// Field names met in every record, sorted; [`Key::new`] finds them here instead of allocating.
const COMMON: &[&str] = &[
    "args",
    "artifacts",
    "at",
    "attempt",
    "by",
    "cancel",
    "code",
    "color",
    "createdAt",
    "createdBy",
    "emoji",
    "error",
    "etaMs",
    "exitCode",
    "finishedAt",
    "head",
    "id",
    "jobId",
    "jobs",
    "kind",
    "level",
    "log",
    "maxAttempts",
    "message",
    "meta",
    "mime",
    "name",
    "nextSeq",
    "priority",
    "progress",
    "queue",
    "queues",
    "reason",
    "requestedAt",
    "result",
    "results",
    "retry",
    "running",
    "scheduledAt",
    "sha256",
    "size",
    "startedAt",
    "state",
    "status",
    "step",
    "steps",
    "summary",
    "tags",
    "title",
    "value",
    "version",
];

impl Key {
    /// A key with this text.
    pub fn new(text: &str) -> Self {
        match COMMON.binary_search(&text) {
            Ok(index) => Key(Repr::Static(COMMON[index])),
            Err(_) => Key(Repr::Shared(text.into())),
        }
    }

    /// A key that is known when the program is compiled; never allocates.
    pub const fn constant(text: &'static str) -> Self {
        Key(Repr::Static(text))
    }

    /// A key that shares a text; never allocates.
    pub fn shared(text: Arc<str>) -> Self {
        Key(Repr::Shared(text))
    }

    /// Whether this is the text. Most keys of a record differ in length.
    pub(crate) fn is(&self, text: &str) -> bool {
        let own = self.as_str();
        own.len() == text.len() && own == text
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Shared(text) => text,
        }
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Key::new(text)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_sorted_and_found() {
        assert!(COMMON.is_sorted());
        assert!(COMMON.iter().all(|name| matches!(Key::new(name).0, Repr::Static(_))));
        assert_eq!(Key::new("zzz"), Key::from("zzz"));
    }
}
