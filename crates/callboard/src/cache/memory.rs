//! A cache in this process's memory.

use super::{CacheError, CacheProvider, Cached, lru::Lru, port::KeyTest};
use async_trait::async_trait;
use callboard_protocol::caps;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Keeps the entries that were used last. Every operation on one entry takes constant time; expired entries go when
/// they are read, when room is needed, or with [`MemoryCache::evict_expired`].
pub struct MemoryCache {
    entries: Mutex<Entries>,
    /// 0 for no limit.
    max: usize,
    default_ttl: Option<Duration>,
}

struct Entries {
    lru: Lru<Entry>,
    stats: CacheStats,
}

struct Entry {
    value: Cached,
    expires: Option<Instant>,
}

/// What a cache holds and what became of what it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Entries that it holds, expired ones included.
    pub entries: usize,
    /// Reads that found something.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Entries that went because there was no room.
    pub evicted: u64,
    /// Entries that went because their time was over.
    pub expired: u64,
}

impl Default for MemoryCache {
    /// [`caps::CACHE_ENTRIES`] entries that do not expire unless they say so.
    fn default() -> Self {
        MemoryCache::new(caps::CACHE_ENTRIES, None)
    }
}

impl MemoryCache {
    /// A cache of at most `max` entries (0: without a limit), each of which lives for `default_ttl` unless it says
    /// otherwise.
    pub fn new(max: usize, default_ttl: Option<Duration>) -> Self {
        let entries = Entries { lru: Lru::new(), stats: CacheStats::default() };
        MemoryCache { entries: Mutex::new(entries), max, default_ttl }
    }

    /// Forgets what has expired; how many there were. Takes time in proportion to the entries.
    pub fn evict_expired(&self) -> usize {
        let now = Instant::now();
        let mut entries = self.entries();
        let gone = entries.lru.retain(|_, entry| entry.is_fresh(now));
        entries.stats.expired += gone as u64;
        gone
    }

    /// What it holds, and what became of what it was asked for.
    pub fn stats(&self) -> CacheStats {
        let entries = self.entries();
        CacheStats { entries: entries.lru.len(), ..entries.stats }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_fresh(&self, now: Instant) -> bool {
        self.expires.is_none_or(|at| now < at)
    }
}

#[async_trait]
impl CacheProvider for MemoryCache {
    async fn read(&self, key: &str) -> Result<Option<Cached>, CacheError> {
        let now = Instant::now();
        let mut entries = self.entries();
        let found = entries.lru.touch(key).map(|entry| (entry.is_fresh(now), entry.value.clone()));
        match found {
            Some((true, value)) => {
                entries.stats.hits += 1;
                return Ok(Some(value));
            }
            Some((false, _)) => {
                entries.lru.remove(key);
                entries.stats.expired += 1;
            }
            None => {}
        }
        entries.stats.misses += 1;
        Ok(None)
    }

    async fn write(&self, key: &str, value: Cached, ttl: Option<Duration>) -> Result<(), CacheError> {
        // A time beyond what the clock can count is for ever.
        let expires = ttl.or(self.default_ttl).and_then(|ttl| Instant::now().checked_add(ttl));
        let mut entries = self.entries();
        entries.lru.insert(key, Entry { value, expires });
        if self.max > 0 && entries.lru.len() > self.max {
            entries.lru.pop_oldest();
            entries.stats.evicted += 1;
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.entries().lru.remove(key).is_some())
    }

    async fn delete_matching(&self, fits: &KeyTest<'_>) -> Result<usize, CacheError> {
        Ok(self.entries().lru.retain(|key, _| !fits(key)))
    }

    async fn clear(&self) -> Result<(), CacheError> {
        self.entries().lru.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn read(cache: &MemoryCache, key: &str) -> Option<u32> {
        cache.read(key).await.expect("memory can be read")?.get().copied()
    }

    async fn write(cache: &MemoryCache, key: &str, value: u32, ttl: Option<Duration>) {
        cache.write(key, Cached::new(value), ttl).await.expect("memory can be written");
    }

    /// S2.22: the least recently used entry goes first; reading counts as use.
    #[tokio::test(start_paused = true)]
    async fn the_entry_that_was_not_used_for_longest_goes() {
        let cache = MemoryCache::new(2, None);
        write(&cache, "a", 1, None).await;
        write(&cache, "b", 2, None).await;
        assert_eq!(read(&cache, "a").await, Some(1));
        write(&cache, "c", 3, None).await;
        assert_eq!((read(&cache, "a").await, read(&cache, "b").await), (Some(1), None));
        let stats = cache.stats();
        assert_eq!((stats.entries, stats.hits, stats.misses, stats.evicted), (2, 2, 1, 1));
    }

    /// S2.22: 0 is no limit.
    #[tokio::test(start_paused = true)]
    async fn no_limit_is_zero() {
        let cache = MemoryCache::new(0, None);
        for key in 0..2000 {
            write(&cache, &key.to_string(), key, None).await;
        }
        assert_eq!(cache.stats().entries, 2000);
        assert_eq!(MemoryCache::default().max, 1000);
    }

    /// S2.22: lazy expiry on read, and `evict_expired`; a ttl of its own comes before the cache's.
    #[tokio::test(start_paused = true)]
    async fn entries_expire() {
        let cache = MemoryCache::new(0, Some(MINUTE));
        write(&cache, "default", 1, None).await;
        write(&cache, "longer", 2, Some(MINUTE * 3)).await;
        write(&cache, "ever", 3, Some(Duration::MAX)).await;
        tokio::time::advance(MINUTE).await;
        assert_eq!(cache.stats().entries, 3, "nobody has looked yet");
        assert_eq!(read(&cache, "default").await, None);
        assert_eq!((cache.stats().entries, cache.stats().expired), (2, 1));
        tokio::time::advance(MINUTE * 2).await;
        assert_eq!(cache.evict_expired(), 1);
        assert_eq!(read(&cache, "ever").await, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn entries_are_forgotten_by_key_and_by_what_fits() {
        let cache = MemoryCache::default();
        for key in ["user/1", "user/2", "order/1"] {
            write(&cache, key, 0, None).await;
        }
        assert!(cache.delete("user/1").await.unwrap() && !cache.delete("user/1").await.unwrap());
        assert_eq!(cache.delete_matching(&|key| key.starts_with("user/")).await.unwrap(), 1);
        cache.clear().await.unwrap();
        assert_eq!(cache.stats().entries, 0);
    }

    /// W2.6: a value that says "nothing" is a value.
    #[tokio::test(start_paused = true)]
    async fn nothing_can_be_kept() {
        let cache = MemoryCache::default();
        cache.write("none", Cached::new(None::<u32>), None).await.unwrap();
        let kept = cache.read("none").await.unwrap();
        assert_eq!(kept.as_ref().and_then(Cached::get::<Option<u32>>), Some(&None));
        assert_eq!(kept.and_then(|kept| kept.get::<u32>().copied()), None, "of another type");
    }
}
