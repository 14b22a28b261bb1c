//! Bytes per second, shared by all transfers that hold the same limit, and changeable while they run (S1.24, W1.9).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// A limit of bytes per second; 0 is none. Clones are the same limit.
#[derive(Clone, Debug)]
pub struct Bandwidth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rate: watch::Sender<u64>,
    bucket: Mutex<Bucket>,
}

/// Bytes that may pass at once; negative when more have passed than time allows.
#[derive(Debug)]
struct Bucket {
    bytes: f64,
    at: Instant,
}

/// What may pass at once after a pause, in seconds of the rate.
const BURST_SECONDS: f64 = 0.25;

impl Default for Bandwidth {
    fn default() -> Self {
        Bandwidth::unlimited()
    }
}

impl Bandwidth {
    /// A limit of this many bytes per second.
    pub fn new(bytes_per_second: u64) -> Self {
        let bucket = Mutex::new(Bucket { bytes: 0.0, at: Instant::now() });
        Bandwidth(Arc::new(Inner { rate: watch::Sender::new(bytes_per_second), bucket }))
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Bandwidth::new(0)
    }

    /// The limit now.
    pub fn get(&self) -> u64 {
        *self.0.rate.borrow()
    }

    /// Changes the limit for all transfers under way.
    pub fn set(&self, bytes_per_second: u64) {
        self.bucket(|bucket| *bucket = Bucket { bytes: 0.0, at: Instant::now() });
        self.0.rate.send_replace(bytes_per_second);
    }

    /// Waits until this many bytes that have arrived may be followed by more.
    pub(super) async fn pass(&self, bytes: usize) {
        let mut rates = self.0.rate.subscribe();
        let rate = *rates.borrow_and_update();
        if rate == 0 {
            return;
        }
        let wait = self.bucket(|bucket| bucket.take(bytes as f64, rate as f64));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // The debt was made under another limit.
            _ = rates.changed() => {}
        }
    }

    fn bucket<T>(&self, act: impl FnOnce(&mut Bucket) -> T) -> T {
        act(&mut self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bucket {
    /// Takes bytes; how long until the debt is paid.
    fn take(&mut self, bytes: f64, rate: f64) -> Duration {
        let now = Instant::now();
        let gained = now.duration_since(self.at).as_secs_f64() * rate;
        self.bytes = (self.bytes + gained).min(rate * BURST_SECONDS) - bytes;
        self.at = now;
        Duration::try_from_secs_f64((-self.bytes / rate).max(0.0)).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W1.9: a limit that is only stored limits nothing.
    #[tokio::test(start_paused = true)]
    async fn bytes_take_the_time_that_the_limit_says_together() {
        let (limit, start) = (Bandwidth::new(1000), Instant::now());
        let pass = |limit: Bandwidth| async move {
            for _ in 0..50 {
                limit.pass(100).await;
            }
        };
        tokio::join!(pass(limit.clone()), pass(limit.clone()));
        let seconds = start.elapsed().as_secs_f64();
        assert!((9.5..=10.1).contains(&seconds), "{seconds} s for 10 000 bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_frees_who_waits() {
        let (limit, start) = (Bandwidth::new(1), Instant::now());
        let waiter = tokio::spawn({
            let limit = limit.clone();
            async move { limit.pass(1_000_000).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        limit.set(0);
        waiter.await.unwrap();
        limit.pass(usize::MAX).await;
        assert_eq!((limit.get(), start.elapsed().as_secs()), (0, 1));
    }
}
