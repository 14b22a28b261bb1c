//! Trying again (S1.3 - S1.5).

mod error;

pub use error::{Failure, RetryError};

use super::cancel::{CancelToken, sleep};
use crate::Backoff;
use std::{future::Future, time::Duration};

/// How an operation is tried again: made once, used for any number of operations (S1.5).
///
/// ```
/// use callboard_flow::{Backoff, Failure, Retry};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let retry = Retry::new(Backoff::constant(Duration::from_millis(1)).with_max_attempts(3));
/// let answer = retry.run(|attempt| async move {
///     if attempt < 3 { Err(Failure::retry("busy")) } else { Ok(42) }
/// });
/// assert_eq!(answer.await.unwrap(), 42);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Retry {
    backoff: Backoff,
    token: CancelToken,
    seed: Option<u64>,
}

/// What is known between a try that failed and the next one.
///
/// ```
/// use callboard_flow::Retrying;
///
/// fn tell(retrying: &Retrying<'_, String>) -> String {
///     format!("try {} failed: {}; again in {:?}", retrying.attempt, retrying.error, retrying.delay)
/// }
/// ```
#[derive(Debug)]
pub struct Retrying<'a, E> {
    /// The number of the try that failed, from 1.
    pub attempt: u32,
    /// The time until the next one.
    pub delay: Duration,
    /// Why it failed.
    pub error: &'a E,
}

impl Retry {
    /// Tries by `backoff`: its `max_attempts` counts every call.
    ///
    /// ```
    /// # use callboard_flow::{Backoff, Retry};
    /// let retry = Retry::new(Backoff::ORCHFLOW);
    /// ```
    pub fn new(backoff: Backoff) -> Self {
        Retry { backoff, ..Retry::default() }
    }

    /// The same, ending as soon as `token` is cancelled: before a try, during it and while waiting.
    ///
    /// ```
    /// use callboard_flow::{Backoff, CancelToken, Failure, Reason, Retry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::new();
    /// token.cancel(Reason::Shutdown);
    /// let retry = Retry::new(Backoff::default()).cancelled_by(&token);
    /// let error = retry.run(|_| async { Ok::<(), Failure<String>>(()) }).await.unwrap_err();
    /// assert!(error.is_cancelled());
    /// # }
    /// ```
    #[must_use]
    pub fn cancelled_by(self, token: &CancelToken) -> Self {
        Retry { token: token.clone(), ..self }
    }

    /// The same with jitter that can be repeated: each run draws the numbers of `seed`.
    ///
    /// ```
    /// # use callboard_flow::Retry;
    /// let retry = Retry::default().seeded(7);
    /// ```
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Retry { seed: Some(seed), ..self }
    }

    /// Calls `operation` with the number of the try, from 1, until it succeeds, must not be tried again, or the tries
    /// are used up. After the last one nothing is waited for.
    ///
    /// A cancelled try is dropped where it waits.
    ///
    /// # Errors
    ///
    /// - [`RetryError::Exhausted`] when every try failed, with the error of the last one;
    /// - [`RetryError::Fatal`] for an error that is not to be tried again, at once and unchanged;
    /// - [`RetryError::Cancelled`] whenever the token was cancelled, in whatever phase (S1.4).
    ///
    /// ```
    /// use callboard_flow::{Failure, Retry, RetryError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let refused = Retry::default().run(|_| async { Err::<(), _>(Failure::fatal("forbidden")) }).await;
    /// assert!(matches!(refused, Err(RetryError::Fatal { source: "forbidden", attempts: 1 })));
    /// # }
    /// ```
    pub async fn run<T, E, O, F>(&self, operation: O) -> Result<T, RetryError<E>>
    where
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, Failure<E>>>,
    {
        self.run_observed(operation, |_| ()).await
    }

    /// [`Retry::run`] that tells `observer` of each failed try that is followed by another one.
    ///
    /// ```
    /// use callboard_flow::{Backoff, Failure, Retry};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let retry = Retry::new(Backoff::constant(Duration::from_millis(1)).with_max_attempts(2));
    /// let mut told = Vec::new();
    /// let _ = retry
    ///     .run_observed(
    ///         |_| async { Err::<(), _>(Failure::retry("busy")) },
    ///         |retrying| told.push(format!("try {}: {}", retrying.attempt, retrying.error)),
    ///     )
    ///     .await;
    /// assert_eq!(told, ["try 1: busy"]);
    /// # }
    /// ```
    pub async fn run_observed<T, E, O, F>(
        &self,
        mut operation: O,
        mut observer: impl FnMut(&Retrying<'_, E>),
    ) -> Result<T, RetryError<E>>
    where
        O: FnMut(u32) -> F,
        F: Future<Output = Result<T, Failure<E>>>,
    {
        let mut dice = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let mut attempt = 0u32;
        loop {
            self.token.check()?;
            attempt = attempt.saturating_add(1);
            let (source, after) = match self.token.run(operation(attempt)).await? {
                Ok(value) => return Ok(value),
                Err(Failure::Fatal(source)) => return Err(RetryError::Fatal { source, attempts: attempt }),
                Err(Failure::Retry { source, after }) => (source, after),
            };
            if !self.backoff.allows_another(attempt) {
                return Err(RetryError::Exhausted { source, attempts: attempt });
            }
            // Who answers "not before" knows better than a schedule, in both directions.
            let delay = after.unwrap_or_else(|| self.backoff.delay(attempt, dice.f64()));
            observer(&Retrying { attempt, delay, error: &source });
            sleep(delay, &self.token).await?;
        }
    }
}
