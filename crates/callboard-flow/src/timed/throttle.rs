//! At most so often, and the last call is not lost (S1.18, S1.21).

use super::deferred::{Decision, Deferred, later};
use crate::Cadence;
use std::{fmt, sync::Arc, time::Duration};

/// Calls a function at most once per interval: the first call at once, the newest of those after it at the interval's
/// end. Clones are the same throttle; dropping the last one does not take back a call that waits.
///
/// One throttle belongs to one function, so that two functions cannot take each other's calls (W1.5).
///
/// ```
/// use callboard_flow::Throttle;
/// use std::{sync::mpsc, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (sender, receiver) = mpsc::channel();
/// let throttle = Throttle::new(Duration::from_millis(100), move |value| { let _ = sender.send(value); });
/// for value in 1..=3 {
///     throttle.call(value);
/// }
/// tokio::time::sleep(Duration::from_millis(150)).await;
/// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 3]);
/// # }
/// ```
pub struct Throttle<T> {
    deferred: Arc<Deferred<T>>,
    interval: Duration,
    edges: Edges,
}

/// Which calls of a burst a [`Throttle`] makes.
///
/// ```
/// # use callboard_flow::Edges;
/// assert_eq!(Edges::default(), Edges::Both);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edges {
    /// The first at once, the newest at the end of the interval.
    #[default]
    Both,
    /// The first at once; those within the interval are left out.
    Leading,
    /// The newest at the end of the interval that the first one began.
    Trailing,
}

impl<T> Clone for Throttle<T> {
    fn clone(&self) -> Self {
        Throttle { deferred: Arc::clone(&self.deferred), ..*self }
    }
}

impl<T> fmt::Debug for Throttle<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Throttle");
        out.field("interval", &self.interval).field("edges", &self.edges).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Throttle<T> {
    /// Calls `function` at most once per `interval`.
    ///
    /// It is called where [`Throttle::call`] is, or in a task of its own. It must not block.
    ///
    /// ```
    /// # use callboard_flow::Throttle;
    /// # use std::time::Duration;
    /// let throttle = Throttle::new(Duration::from_millis(100), |line: String| drop(line));
    /// ```
    pub fn new(interval: Duration, function: impl Fn(T) + Send + Sync + 'static) -> Self {
        Throttle { deferred: Deferred::new(Box::new(function)), interval, edges: Edges::default() }
    }

    /// For updates of a screen: at most `hz` times a second, moved into 2..=10 (S1.18).
    ///
    /// ```
    /// # use callboard_flow::Throttle;
    /// let throttle = Throttle::for_updates(5.0, |percent: u8| drop(percent));
    /// ```
    pub fn for_updates(hz: f64, function: impl Fn(T) + Send + Sync + 'static) -> Self {
        Throttle::new(Cadence::hz(hz).interval(), function)
    }

    /// The same with other edges.
    ///
    /// ```
    /// # use callboard_flow::{Edges, Throttle};
    /// # use std::time::Duration;
    /// let once = Throttle::new(Duration::from_secs(1), |()| ()).with_edges(Edges::Leading);
    /// ```
    #[must_use]
    pub fn with_edges(self, edges: Edges) -> Self {
        Throttle { edges, ..self }
    }

    /// Calls the function with `value`, now, later or, when a newer value comes first, not at all.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, when the call has to wait. A panic of the function goes through when it is called here.
    ///
    /// ```
    /// # use callboard_flow::Throttle;
    /// # use std::time::Duration;
    /// Throttle::new(Duration::from_secs(1), |value| assert_eq!(value, 7)).call(7);
    /// ```
    pub fn call(&self, value: T) {
        let Throttle { interval, edges, .. } = *self;
        self.deferred.call(value, |now, last, due| {
            let next = last.map_or(now, |last| later(last, interval));
            match (edges, due) {
                (_, Some(due)) => Decision::At(due),
                (Edges::Both | Edges::Leading, None) if now >= next => Decision::Now,
                (Edges::Leading, None) => Decision::Never,
                (Edges::Both, None) => Decision::At(next),
                (Edges::Trailing, None) => Decision::At(later(now, interval)),
            }
        });
    }

    /// Forgets the call that waits; whether there was one.
    ///
    /// ```
    /// # use callboard_flow::Throttle;
    /// # use std::time::Duration;
    /// assert!(!Throttle::new(Duration::from_secs(1), |()| ()).cancel());
    /// ```
    pub fn cancel(&self) -> bool {
        self.deferred.cancel()
    }

    /// Makes the call that waits now; whether there was one.
    ///
    /// ```
    /// # use callboard_flow::Throttle;
    /// # use std::time::Duration;
    /// assert!(!Throttle::new(Duration::from_secs(1), |()| ()).flush());
    /// ```
    pub fn flush(&self) -> bool {
        self.deferred.flush()
    }

    /// How many calls were left out because a newer one came or none was due.
    ///
    /// ```
    /// # use callboard_flow::{Edges, Throttle};
    /// # use std::time::Duration;
    /// let once = Throttle::new(Duration::from_secs(1), |()| ()).with_edges(Edges::Leading);
    /// once.call(());
    /// once.call(());
    /// assert_eq!(once.superseded(), 1);
    /// ```
    pub fn superseded(&self) -> u64 {
        self.deferred.superseded()
    }
}
