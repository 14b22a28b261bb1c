//! Once, after it has been quiet (S1.21).

use super::deferred::{Decision, Deferred, later};
use std::{fmt, sync::Arc, time::Duration};

/// Calls a function with the newest argument after no call came for a while. Clones are the same debouncer; dropping
/// the last one does not take back a call that waits.
///
/// One debouncer belongs to one function, so that two functions cannot take each other's calls (W1.5). However many
/// calls there are, one timer waits for them.
///
/// ```
/// use callboard_flow::Debounce;
/// use std::{sync::mpsc, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (sender, receiver) = mpsc::channel();
/// let search = Debounce::new(Duration::from_millis(300), move |text| { let _ = sender.send(text); });
/// for text in ["j", "jo", "job"] {
///     search.call(text);
/// }
/// tokio::time::sleep(Duration::from_millis(301)).await;
/// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["job"]);
/// # }
/// ```
pub struct Debounce<T> {
    deferred: Arc<Deferred<T>>,
    quiet: Duration,
}

impl<T> Clone for Debounce<T> {
    fn clone(&self) -> Self {
        Debounce { deferred: Arc::clone(&self.deferred), ..*self }
    }
}

impl<T> fmt::Debug for Debounce<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Debounce").field("quiet", &self.quiet).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Debounce<T> {
    /// Calls `function`, in a task, after `quiet` without a call. It must not block.
    ///
    /// ```
    /// # use callboard_flow::Debounce;
    /// # use std::time::Duration;
    /// let save = Debounce::new(Duration::from_millis(300), |text: String| drop(text));
    /// ```
    pub fn new(quiet: Duration, function: impl Fn(T) + Send + Sync + 'static) -> Self {
        Debounce { deferred: Deferred::new(Box::new(function)), quiet }
    }

    /// Calls the function with `value` later, unless a newer value comes first. The quiet time begins anew.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    ///
    /// ```
    /// # use callboard_flow::Debounce;
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// Debounce::new(Duration::from_millis(1), |value| assert_eq!(value, 7)).call(7);
    /// # }
    /// ```
    pub fn call(&self, value: T) {
        let quiet = self.quiet;
        self.deferred.call(value, |now, _, _| Decision::At(later(now, quiet)));
    }

    /// Forgets the call that waits; whether there was one.
    ///
    /// ```
    /// # use callboard_flow::Debounce;
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let never = Debounce::new(Duration::from_millis(1), |()| unreachable!("it was cancelled"));
    /// never.call(());
    /// assert!(never.cancel());
    /// # }
    /// ```
    pub fn cancel(&self) -> bool {
        self.deferred.cancel()
    }

    /// Makes the call that waits now, for the moment before a program ends; whether there was one.
    ///
    /// ```
    /// # use callboard_flow::Debounce;
    /// # use std::time::Duration;
    /// assert!(!Debounce::new(Duration::from_millis(1), |()| ()).flush());
    /// ```
    pub fn flush(&self) -> bool {
        self.deferred.flush()
    }

    /// How many calls were left out because a newer one came.
    ///
    /// ```
    /// # use callboard_flow::Debounce;
    /// # use std::time::Duration;
    /// assert_eq!(Debounce::new(Duration::from_millis(1), |()| ()).superseded(), 0);
    /// ```
    pub fn superseded(&self) -> u64 {
        self.deferred.superseded()
    }
}
