//! So many at once, so many waiting, and no more (S1.8).

use super::{
    cancel::{CancelToken, Cancelled},
    lock,
};
use crate::caps;
use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    future::Future,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;

/// The limits of a [`Limiter`].
///
/// ```
/// # use callboard_flow::LimiterOptions;
/// assert_eq!(LimiterOptions::default(), LimiterOptions { max_concurrent: 5, queue_limit: 20 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterOptions {
    /// Operations that run at once; 0 holds all of them back.
    pub max_concurrent: usize,
    /// Operations that wait for a slot. Further ones are refused.
    pub queue_limit: usize,
}

impl Default for LimiterOptions {
    fn default() -> Self {
        LimiterOptions { max_concurrent: caps::CONCURRENT, queue_limit: caps::WAITING }
    }
}

/// What a limiter does now and what it refused.
///
/// ```
/// # use callboard_flow::{Limiter, LimiterStats};
/// let LimiterStats { running, queued, .. } = Limiter::default().stats();
/// assert_eq!((running, queued), (0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimiterStats {
    /// Operations that run. Above the limit only after it was lowered, until enough of them have ended.
    pub running: usize,
    /// Operations that wait.
    pub queued: usize,
    /// Operations that may run at once.
    pub max_concurrent: usize,
    /// Operations that may wait.
    pub queue_limit: usize,
    /// Operations that were refused because the queue was full, ever.
    pub rejected: u64,
}

/// Why an operation was not started.
///
/// ```
/// # use callboard_flow::LimiterError;
/// let error = LimiterError::QueueFull { queue_limit: 20 };
/// assert_eq!(error.to_string(), "the concurrency queue is full (20 operations wait already)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimiterError {
    /// As many wait as may wait.
    QueueFull {
        /// How many that is.
        queue_limit: usize,
    },
    /// It was cancelled before it could start.
    Cancelled(Cancelled),
}

impl fmt::Display for LimiterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimiterError::QueueFull { queue_limit } => {
                write!(out, "the concurrency queue is full ({queue_limit} operations wait already)")
            }
            LimiterError::Cancelled(cancelled) => cancelled.fmt(out),
        }
    }
}

impl Error for LimiterError {}

impl From<Cancelled> for LimiterError {
    fn from(cancelled: Cancelled) -> Self {
        LimiterError::Cancelled(cancelled)
    }
}

/// Runs so many operations at once and lets so many wait, first come first served. Clones share the limits.
///
/// Tokio's semaphore could hand out the slots, but not refuse the one waiter too many: it hands a permit on before the
/// waiter knows, and for that moment both numbers would be wrong. So the queue is here, under one lock with the counts.
///
/// ```
/// use callboard_flow::{CancelToken, Limiter, LimiterOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::LimiterError> {
/// let limiter = Limiter::new(LimiterOptions { max_concurrent: 3, queue_limit: 10 });
/// let answer = limiter.run(&CancelToken::new(), || async { 6 * 7 }).await?;
/// assert_eq!(answer, 42);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Limiter {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    options: LimiterOptions,
    running: usize,
    rejected: u64,
    next: u64,
    /// By order of arrival.
    queue: BTreeMap<u64, oneshot::Sender<LimiterPermit>>,
}

impl Limiter {
    /// A limiter with nothing to do.
    ///
    /// ```
    /// # use callboard_flow::{Limiter, LimiterOptions};
    /// let one_by_one = Limiter::new(LimiterOptions { max_concurrent: 1, ..LimiterOptions::default() });
    /// ```
    pub fn new(options: LimiterOptions) -> Self {
        Limiter { shared: Arc::new(Mutex::new(Shared { options, ..Shared::default() })) }
    }

    /// Runs `operation` as soon as there is a slot. Cancelling takes it out of the queue; once it runs, it runs to its
    /// end and its result is delivered. However it ends, by a panic too, its slot is free again.
    ///
    /// # Errors
    ///
    /// [`LimiterError::QueueFull`] and [`LimiterError::Cancelled`]; in both cases `operation` was never called.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Limiter, LimiterError, LimiterOptions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let shut = Limiter::new(LimiterOptions { max_concurrent: 0, queue_limit: 0 });
    /// let refused = shut.run(&CancelToken::new(), || async { unreachable!("it is never called") }).await;
    /// assert_eq!(refused, Err::<(), _>(LimiterError::QueueFull { queue_limit: 0 }));
    /// # }
    /// ```
    pub async fn run<T, O, F>(&self, token: &CancelToken, operation: O) -> Result<T, LimiterError>
    where
        O: FnOnce() -> F,
        F: Future<Output = T>,
    {
        let _permit = self.enter(token).await?;
        Ok(operation().await)
    }

    /// Waits for a slot, which is held until the permit is dropped.
    ///
    /// # Errors
    ///
    /// As [`Limiter::run`].
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Limiter};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), callboard_flow::LimiterError> {
    /// let limiter = Limiter::default();
    /// let permit = limiter.enter(&CancelToken::new()).await?;
    /// assert_eq!(limiter.stats().running, 1);
    /// drop(permit);
    /// assert_eq!(limiter.stats().running, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn enter(&self, token: &CancelToken) -> Result<LimiterPermit, LimiterError> {
        token.check()?;
        let mut place = match self.queue_up()? {
            Entrance::Free(permit) => return Ok(permit),
            Entrance::Queued(place) => place,
        };
        // Only a place that is dropped takes its sender out of the queue unused.
        Ok(token.run(&mut place.slot).await?.expect("a place in the queue ends with a slot"))
    }

    fn queue_up(&self) -> Result<Entrance, LimiterError> {
        let mut shared = lock(&self.shared);
        let LimiterOptions { max_concurrent, queue_limit } = shared.options;
        if shared.running < max_concurrent {
            shared.running += 1;
            return Ok(Entrance::Free(LimiterPermit { limiter: self.clone() }));
        }
        if shared.queue.len() >= queue_limit {
            shared.rejected += 1;
            return Err(LimiterError::QueueFull { queue_limit });
        }
        let (sender, slot) = oneshot::channel();
        let id = shared.next;
        shared.next += 1;
        shared.queue.insert(id, sender);
        Ok(Entrance::Queued(Place { limiter: self.clone(), id, slot }))
    }

    /// What it does now and what it refused.
    ///
    /// ```
    /// # use callboard_flow::{Limiter, LimiterStats};
    /// let idle = LimiterStats { max_concurrent: 5, queue_limit: 20, ..LimiterStats::default() };
    /// assert_eq!(Limiter::default().stats(), idle);
    /// ```
    pub fn stats(&self) -> LimiterStats {
        let shared = lock(&self.shared);
        LimiterStats {
            running: shared.running,
            queued: shared.queue.len(),
            max_concurrent: shared.options.max_concurrent,
            queue_limit: shared.options.queue_limit,
            rejected: shared.rejected,
        }
    }

    /// Changes how many run at once. More start at once; fewer take effect as running ones end; 0 is a pause.
    ///
    /// ```
    /// # use callboard_flow::Limiter;
    /// let limiter = Limiter::default();
    /// limiter.set_max_concurrent(0);
    /// assert_eq!(limiter.stats().max_concurrent, 0);
    /// ```
    pub fn set_max_concurrent(&self, max_concurrent: usize) {
        lock(&self.shared).options.max_concurrent = max_concurrent;
        self.admit();
    }

    /// Changes how many may wait. Those that wait already stay.
    ///
    /// ```
    /// # use callboard_flow::Limiter;
    /// let limiter = Limiter::default();
    /// limiter.set_queue_limit(100);
    /// assert_eq!(limiter.stats().queue_limit, 100);
    /// ```
    pub fn set_queue_limit(&self, queue_limit: usize) {
        lock(&self.shared).options.queue_limit = queue_limit;
    }

    /// Hands free slots to those who wait, in the order in which they came.
    fn admit(&self) {
        let mut admitted = Vec::new();
        let mut shared = lock(&self.shared);
        while shared.running < shared.options.max_concurrent
            && let Some((_, waiter)) = shared.queue.pop_first()
        {
            shared.running += 1;
            admitted.push(waiter);
        }
        drop(shared);
        for waiter in admitted {
            // Whoever left in this very moment did not take the permit: dropping it frees the slot again.
            drop(waiter.send(LimiterPermit { limiter: self.clone() }));
        }
    }
}

enum Entrance {
    Free(LimiterPermit),
    Queued(Place),
}

/// A place in the queue. Dropping it leaves the queue, and gives back a slot that came too late.
struct Place {
    limiter: Limiter,
    id: u64,
    slot: oneshot::Receiver<LimiterPermit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let sender = lock(&self.limiter.shared).queue.remove(&self.id);
        drop(sender);
    }
}

/// A slot of a [`Limiter`]; dropping it hands the slot to the next one.
///
/// ```
/// # use callboard_flow::{CancelToken, Limiter, LimiterPermit};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::LimiterError> {
/// let permit: LimiterPermit = Limiter::default().enter(&CancelToken::new()).await?;
/// tokio::spawn(async move { drop(permit) });
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it frees the slot"]
pub struct LimiterPermit {
    limiter: Limiter,
}

impl fmt::Debug for LimiterPermit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LimiterPermit")
    }
}

impl Drop for LimiterPermit {
    fn drop(&mut self) {
        lock(&self.limiter.shared).running -= 1;
        self.limiter.admit();
    }
}
