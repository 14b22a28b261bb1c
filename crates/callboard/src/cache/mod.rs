//! A cache of results: a port, one in memory, and what keeps concurrent readers from doing the same work (S2.22).
//!
//! Read [`CacheProvider`] first, then [`MemoryCache`].

mod flight;
mod invalidate;
mod lru;
mod memory;
mod port;

pub(crate) use flight::{Flights, Role};
pub(crate) use invalidate::Invalidator;
pub use invalidate::{CacheInvalidated, InvalidateCache};
pub(crate) use lru::Lru;
pub use memory::{CacheStats, MemoryCache};
pub use port::{CacheError, CacheProvider, Cached, KeyTest};
