//! Waiting until a rate allows it: calls per time (S1.18), and amounts per second (S1.24).

use super::{
    cancel::{CancelToken, Cancelled},
    lock,
};
use crate::{Cadence, SlidingWindow, TokenBucket};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{Mutex as Turn, Notify},
    time::{Instant, sleep},
};

/// At most so many calls in any stretch of time, first come first served. Clones share the limit.
///
/// ```
/// use callboard_flow::{CancelToken, RateLimiter};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::Cancelled> {
/// let limiter = RateLimiter::new(2, Duration::from_millis(20));
/// for _ in 0..6 {
///     limiter.acquire(&CancelToken::new()).await?;
/// }
/// assert!(limiter.count() <= 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    shared: Arc<Calls>,
}

#[derive(Debug)]
struct Calls {
    window: Mutex<SlidingWindow>,
    /// Whose turn it is: Tokio's mutex is fair.
    turn: Turn<()>,
    origin: Instant,
}

impl RateLimiter {
    /// At most `max` calls in any stretch of `per`, with the limits of [`SlidingWindow`].
    ///
    /// ```
    /// # use callboard_flow::RateLimiter;
    /// # use std::time::Duration;
    /// let limiter = RateLimiter::new(1, Duration::from_secs(1));
    /// assert!(limiter.is_allowed() && !limiter.is_allowed());
    /// ```
    pub fn new(max: usize, per: Duration) -> Self {
        let window = Mutex::new(SlidingWindow::new(max, per));
        RateLimiter { shared: Arc::new(Calls { window, turn: Turn::new(()), origin: Instant::now() }) }
    }

    /// For updates of a screen: `hz` calls in any second, moved into 2..=10 (S1.18).
    ///
    /// ```
    /// # use callboard_flow::RateLimiter;
    /// let limiter = RateLimiter::for_updates(60.0);
    /// assert_eq!((0..99).filter(|_| limiter.is_allowed()).count(), 10);
    /// ```
    pub fn for_updates(hz: f64) -> Self {
        let per_second = Duration::from_secs(1).as_secs_f64() / Cadence::hz(hz).interval().as_secs_f64();
        RateLimiter::new(per_second.round() as usize, Duration::from_secs(1))
    }

    /// Whether a call may pass now; if so, it counts.
    ///
    /// ```
    /// # use callboard_flow::RateLimiter;
    /// # use std::time::Duration;
    /// assert!(!RateLimiter::new(0, Duration::from_secs(1)).is_allowed());
    /// ```
    pub fn is_allowed(&self) -> bool {
        self.try_take().is_ok()
    }

    /// Waits until a call may pass, after those who came before.
    ///
    /// # Errors
    ///
    /// [`Cancelled`]; then the call does not count.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, RateLimiter};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), callboard_flow::Cancelled> {
    /// RateLimiter::new(1, Duration::from_secs(1)).acquire(&CancelToken::new()).await
    /// # }
    /// ```
    pub async fn acquire(&self, token: &CancelToken) -> Result<(), Cancelled> {
        let pass = async {
            let _turn = self.shared.turn.lock().await;
            while let Err(wait) = self.try_take() {
                sleep(wait).await;
            }
        };
        token.run(pass).await
    }

    /// How many calls passed in the stretch that ends now.
    ///
    /// ```
    /// # use callboard_flow::RateLimiter;
    /// # use std::time::Duration;
    /// assert_eq!(RateLimiter::new(9, Duration::from_secs(1)).count(), 0);
    /// ```
    pub fn count(&self) -> usize {
        lock(&self.shared.window).count(self.shared.origin.elapsed())
    }

    /// Forgets all calls. Those who wait already wait to their end.
    ///
    /// ```
    /// # use callboard_flow::RateLimiter;
    /// # use std::time::Duration;
    /// let limiter = RateLimiter::new(1, Duration::from_secs(1));
    /// assert!(limiter.is_allowed());
    /// limiter.reset();
    /// assert!(limiter.is_allowed());
    /// ```
    pub fn reset(&self) {
        lock(&self.shared.window).reset();
    }

    fn try_take(&self) -> Result<(), Duration> {
        lock(&self.shared.window).try_take(self.shared.origin.elapsed())
    }
}

/// At most so much per second, changeable while it runs: bytes of a download, rows of an import. Clones share it.
///
/// Who comes first passes first, also before a smaller one. What is larger than the burst passes in one piece and is
/// waited for afterwards, so a chunk may have any size. Waiters are not bounded; bound them with a
/// [`Limiter`](crate::Limiter).
///
/// ```
/// use callboard_flow::{CancelToken, Throughput};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::Cancelled> {
/// let bandwidth = Throughput::new(1e6, 64e3);
/// for chunk in [vec![0u8; 16_000], vec![0u8; 2_000]] {
///     bandwidth.take(chunk.len() as f64, &CancelToken::new()).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Throughput {
    shared: Arc<Flow>,
}

#[derive(Debug)]
struct Flow {
    bucket: Mutex<TokenBucket>,
    /// Whose turn it is: Tokio's mutex is fair.
    turn: Turn<()>,
    changed: Notify,
    origin: Instant,
}

impl Throughput {
    /// `per_second` on average and `burst` at once, as [`TokenBucket::new`] reads them.
    ///
    /// ```
    /// # use callboard_flow::Throughput;
    /// assert_eq!(Throughput::new(100.0, 10.0).per_second(), 100.0);
    /// ```
    pub fn new(per_second: f64, burst: f64) -> Self {
        let bucket = Mutex::new(TokenBucket::new(per_second, burst));
        let (turn, changed, origin) = (Turn::new(()), Notify::new(), Instant::now());
        Throughput { shared: Arc::new(Flow { bucket, turn, changed, origin }) }
    }

    /// Waits until `amount` may pass, after those who came before.
    ///
    /// # Errors
    ///
    /// [`Cancelled`]; then nothing was taken.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Throughput};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), callboard_flow::Cancelled> {
    /// Throughput::new(1e9, 1e6).take(4096.0, &CancelToken::new()).await
    /// # }
    /// ```
    pub async fn take(&self, amount: f64, token: &CancelToken) -> Result<(), Cancelled> {
        let pass = async {
            let _turn = self.shared.turn.lock().await;
            loop {
                // Made before the look at the bucket, so that no change is missed.
                let changed = self.shared.changed.notified();
                let taken = lock(&self.shared.bucket).try_take(self.shared.origin.elapsed(), amount);
                let Err(wait) = taken else { return };
                tokio::select! {
                    () = changed => {}
                    () = sleep(wait) => {}
                }
            }
        };
        token.run(pass).await
    }

    /// What passes per second.
    ///
    /// ```
    /// # use callboard_flow::Throughput;
    /// assert_eq!(Throughput::new(0.0, 1.0).per_second(), 0.0);
    /// ```
    pub fn per_second(&self) -> f64 {
        lock(&self.shared.bucket).rate()
    }

    /// Changes what passes per second, for those who wait already too; 0 is a pause.
    ///
    /// ```
    /// # use callboard_flow::Throughput;
    /// let bandwidth = Throughput::new(1e6, 1.0);
    /// bandwidth.set_per_second(0.0);
    /// assert_eq!(bandwidth.per_second(), 0.0);
    /// ```
    pub fn set_per_second(&self, per_second: f64) {
        lock(&self.shared.bucket).set_rate(self.shared.origin.elapsed(), per_second);
        self.shared.changed.notify_waiters();
    }
}
