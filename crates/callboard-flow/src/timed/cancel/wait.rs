//! Waiting for a token, and for something else or a token.

use super::{CancelToken, Cancelled, Reason};
use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Counts one waiting future for as long as it lives, so that leaks can be seen.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl CancelToken {
    /// Waits until it is cancelled; at once when it was. Safe to drop and call again.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::new();
    /// token.cancel(Reason::User);
    /// assert_eq!(token.cancelled().await.reason(), &Reason::User);
    /// # }
    /// ```
    pub async fn cancelled(&self) -> Cancelled {
        let _waiting = Waiting::new(&self.core.waiting);
        self.core.signal.cancelled().await;
        // The reason is set before the signal.
        Cancelled::new(self.reason().unwrap_or(Reason::User))
    }

    /// Runs `future` until it ends or this is cancelled, whichever comes first; then the future is dropped.
    ///
    /// On a token that already was cancelled the future is never polled.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] with the reason.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::new();
    /// assert_eq!(token.run(async { 7 }).await.unwrap(), 7);
    /// token.cancel(Reason::Shutdown);
    /// let error = token.run(std::future::pending::<()>()).await.unwrap_err();
    /// assert_eq!(error.reason(), &Reason::Shutdown);
    /// # }
    /// ```
    pub async fn run<F: Future>(&self, future: F) -> Result<F::Output, Cancelled> {
        tokio::select! {
            biased;
            cancelled = self.cancelled() => Err(cancelled),
            output = future => Ok(output),
        }
    }
}

/// Waits for `time`, or until `token` is cancelled.
///
/// # Errors
///
/// [`Cancelled`] with the reason; at once when the token already was cancelled.
///
/// ```
/// use callboard_flow::{CancelToken, sleep};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard_flow::Cancelled> {
/// let token = CancelToken::new();
/// sleep(Duration::from_millis(1), &token).await?;
/// assert_eq!(token.registered(), 0);
/// # Ok(())
/// # }
/// ```
pub async fn sleep(time: Duration, token: &CancelToken) -> Result<(), Cancelled> {
    token.run(tokio::time::sleep(time)).await
}

/// Runs `future` for at most `time`; then it is dropped.
///
/// # Errors
///
/// [`Cancelled`] with [`Reason::Timeout`]: a timeout is a cancellation like any other (X5).
///
/// ```
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let slow = std::future::pending::<()>();
/// let error = callboard_flow::timeout(Duration::from_millis(1), slow).await.unwrap_err();
/// assert!(error.is_timeout());
/// # }
/// ```
pub async fn timeout<F: Future>(time: Duration, future: F) -> Result<F::Output, Cancelled> {
    tokio::time::timeout(time, future).await.map_err(|_| Cancelled::new(Reason::Timeout))
}
