//! JSON pointers (RFC 6901), kept as segments so that nothing is parsed twice.

use crate::{Key, caps};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A path into the state document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<Key>);

/// Text that is not a JSON pointer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a JSON pointer: {why}")]
pub struct PointerError {
    text: String,
    why: &'static str,
}

impl Pointer {
    /// A pointer from its segments.
    pub fn new(segments: impl IntoIterator<Item = Key>) -> Self {
        Pointer(segments.into_iter().collect())
    }

    /// Parses `/a/b`; the empty text is the root.
    ///
    /// # Errors
    /// When the text does not start with `/`, has a bad `~` escape or is over [`caps::POINTER_BYTES`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let fail = |why| Err(PointerError { text: text.chars().take(80).collect(), why });
        if text.is_empty() {
            return Ok(Pointer::default());
        }
        if text.len() > caps::POINTER_BYTES {
            return fail("it is longer than 1024 bytes");
        }
        let Some(body) = text.strip_prefix('/') else {
            return fail("it must be empty or start with '/'");
        };
        let mut segments = Vec::new();
        for segment in body.split('/') {
            if !segment.contains('~') {
                segments.push(Key::new(segment));
            } else if segment.split('~').skip(1).all(|rest| rest.starts_with(['0', '1'])) {
                segments.push(Key::new(&segment.replace("~1", "/").replace("~0", "~")));
            } else {
                return fail("'~' must be followed by 0 or 1");
            }
        }
        Ok(Pointer(segments))
    }

    /// The segments from the root down.
    pub fn segments(&self) -> &[Key] {
        &self.0
    }

    /// The pointer to a member of what this one leads to.
    #[must_use]
    pub fn child(&self, member: Key) -> Pointer {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(member);
        Pointer(segments)
    }

    /// The parent's segments and the last one; `None` at the root.
    pub fn split_last(&self) -> Option<(&Key, &[Key])> {
        self.0.split_last()
    }

    fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.0.iter().map(|segment| segment.len() + 1).sum());
        for segment in &self.0 {
            text.push('/');
            // Bytes, for this is done for each operation that is stored or sent.
            if segment.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
                text.push_str(&segment.replace('~', "~0").replace('/', "~1"));
            } else {
                text.push_str(segment);
            }
        }
        text
    }

    /// Whether `self` is `other` or above it.
    pub fn contains(&self, other: &Pointer) -> bool {
        other.0.starts_with(&self.0)
    }
}

/// The array index that a segment names: digits without a leading zero.
pub(crate) fn array_index(segment: &str) -> Option<usize> {
    let canonical = segment == "0" || !segment.starts_with(['0', '+']);
    if canonical { segment.parse().ok() } else { None }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_text())
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Pointer::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_way_there_and_back() {
        for text in ["", "/", "/a", "/a/b~1c/~0", "/a//b", "/0"] {
            assert_eq!(Pointer::parse(text).expect("valid").to_string(), text);
        }
    }

    #[test]
    fn bad_text_is_an_error() {
        for text in ["a", "/~", "/~2", "a/b", &"/x".repeat(600)] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
