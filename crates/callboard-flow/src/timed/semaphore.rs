//! Tokio's semaphore, cancellable (S1.9).

use super::cancel::{CancelToken, Cancelled};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// A number of permits, handed out first come first served. Clones share them.
///
/// It is Tokio's: a freed permit goes straight to the next waiter. Added is only that waiting can be cancelled, and
/// that it is never closed. Waiters are not bounded; where they come from outside, use a [`Limiter`](crate::Limiter).
///
/// ```
/// use callboard_flow::{CancelToken, Semaphore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::Cancelled> {
/// let semaphore = Semaphore::new(1);
/// let permit = semaphore.acquire(&CancelToken::new()).await?;
/// assert!(semaphore.try_acquire().is_none());
/// drop(permit);
/// assert_eq!(semaphore.available_permits(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore(Arc<tokio::sync::Semaphore>);

impl Semaphore {
    /// So many permits; more than Tokio's semaphore can count (2^61 - 1 on 64 bits) is read as that many.
    ///
    /// ```
    /// # use callboard_flow::Semaphore;
    /// assert_eq!(Semaphore::new(3).available_permits(), 3);
    /// ```
    pub fn new(permits: usize) -> Self {
        Semaphore(Arc::new(tokio::sync::Semaphore::new(permits.min(tokio::sync::Semaphore::MAX_PERMITS))))
    }

    /// Waits for a permit; dropping it gives it back.
    ///
    /// # Errors
    ///
    /// [`Cancelled`]; then no permit was taken.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason, Semaphore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::new();
    /// token.cancel(Reason::User);
    /// assert!(Semaphore::new(0).acquire(&token).await.is_err());
    /// # }
    /// ```
    pub async fn acquire(&self, token: &CancelToken) -> Result<OwnedSemaphorePermit, Cancelled> {
        let permit = token.run(Arc::clone(&self.0).acquire_owned()).await?;
        Ok(permit.expect("this semaphore is never closed"))
    }

    /// A permit if one is free and nobody waits for it.
    ///
    /// ```
    /// # use callboard_flow::Semaphore;
    /// assert!(Semaphore::new(0).try_acquire().is_none());
    /// ```
    pub fn try_acquire(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// How many are free.
    ///
    /// ```
    /// # use callboard_flow::Semaphore;
    /// assert_eq!(Semaphore::new(2).available_permits(), 2);
    /// ```
    pub fn available_permits(&self) -> usize {
        self.0.available_permits()
    }
}
