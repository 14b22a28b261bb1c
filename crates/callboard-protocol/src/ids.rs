//! Names of things. Opaque texts, each with its own type so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use ts_rs::TS;

macro_rules! text_id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => { $(
        #[$doc]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[ts(type = "string")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                $name(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    )* };
}

impl From<&JobId> for crate::Node {
    fn from(id: &JobId) -> Self {
        crate::Node::String(id.0.clone())
    }
}

text_id! {
    /// A job. UUIDv7 text when we make it; a client may bring its own (see [`crate::job::check_id`]).
    JobId,
    /// Names one history of a journal: kept across restarts, new after loss, restore or fork (S3, W3.8).
    Epoch,
    /// What makes a command idempotent: `instance:id` unless the client names a key.
    CommandKey,
    /// Who did something: `operator:cli`, `system`, ….
    Actor,
}

impl From<&JobId> for crate::Key {
    fn from(id: &JobId) -> Self {
        crate::Key::shared(id.0.clone())
    }
}
