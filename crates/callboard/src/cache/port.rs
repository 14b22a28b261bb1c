//! What a cache must be able to do.

use async_trait::async_trait;
use std::{any::Any, fmt, sync::Arc, time::Duration};

/// Says of a key whether it is meant.
pub type KeyTest<'a> = dyn for<'k> Fn(&'k str) -> bool + Send + Sync + 'a;

/// Keeps results by key. All methods may be called at the same time.
///
/// A dispatcher tolerates every error: a failed read is a miss, a failed write leaves the result uncached; both are
/// told to observers.
#[async_trait]
pub trait CacheProvider: Send + Sync + 'static {
    /// What is kept under a key and has not expired.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn read(&self, key: &str) -> Result<Option<Cached>, CacheError>;

    /// Keeps a value, for as long as `ttl` says, or as long as the cache itself wants when it is `None`.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn write(&self, key: &str, value: Cached, ttl: Option<Duration>) -> Result<(), CacheError>;

    /// Forgets a key; whether there was something.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn delete(&self, key: &str) -> Result<bool, CacheError>;

    /// Forgets all keys that fit; how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn delete_matching(&self, fits: &KeyTest<'_>) -> Result<usize, CacheError>;

    /// Forgets everything.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn clear(&self) -> Result<(), CacheError>;
}

/// A kept value of any type. Cloning it is cheap.
///
/// A value that says "there is nothing" (`None`, `()`) is kept like any other: only a missing entry is a miss (W2.6).
#[derive(Clone)]
pub struct Cached {
    value: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Cached {
    /// A value to keep.
    pub fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Cached { value: Arc::new(value), type_name: std::any::type_name::<T>() }
    }

    /// The value, when it is of this type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// What type it is of, for messages.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cached({})", self.type_name)
    }
}

/// A cache did not do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
#[error("failed to {action} the cache at {key:?}: {source}")]
pub struct CacheError {
    /// `read`, `write` or `delete from`.
    pub action: &'static str,
    /// Where; empty for all of it.
    pub key: String,
    /// Why.
    pub source: Arc<dyn std::error::Error + Send + Sync>,
}

impl CacheError {
    /// An error with its reason.
    pub fn new(
        action: &'static str,
        key: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        CacheError { action, key: key.into(), source: source.into().into() }
    }
}
