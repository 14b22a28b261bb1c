//! Cancellation: a token with a reason, waiting for it, callbacks, children, timeouts, races (S1.6, S1.7, X5).

mod core;
mod reason;
mod wait;

pub use reason::{Cancelled, Reason};
pub use wait::{sleep, timeout};

use self::core::{Core, Entry};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Says that something is to stop, and why. Clones are the same token; dropping one cancels nothing.
///
/// The first reason wins and stays. A token that lives long stays small: whoever stops waiting for it, by whatever
/// way, leaves nothing behind (W1.4).
///
/// ```
/// use callboard_flow::{CancelToken, Reason};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let token = CancelToken::new();
/// let worker = tokio::spawn({
///     let token = token.clone();
///     async move { token.cancelled().await.reason().clone() }
/// });
/// token.cancel(Reason::User);
/// token.cancel(Reason::Shutdown);
/// assert_eq!(worker.await.unwrap(), Reason::User);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    core: Arc<Core>,
}

impl CancelToken {
    /// A token that nobody has cancelled, and that nothing cancels by itself.
    ///
    /// ```
    /// # use callboard_flow::CancelToken;
    /// assert!(!CancelToken::new().is_cancelled());
    /// ```
    pub fn new() -> Self {
        CancelToken::default()
    }

    /// A token that is cancelled with [`Reason::Timeout`] after `time`. The timer ends with the token (W1.4).
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::after(Duration::from_millis(1));
    /// assert_eq!(token.cancelled().await.reason(), &Reason::Timeout);
    /// # }
    /// ```
    pub fn after(time: Duration) -> Self {
        let token = CancelToken::new();
        token.core.arm(time);
        token
    }

    /// A token that is cancelled as soon as one of `tokens` is, with its reason; without any it never is by itself.
    ///
    /// It stays registered with them only while it lives and is not cancelled (W1.4).
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    ///
    /// let (stop, quit) = (CancelToken::new(), CancelToken::new());
    /// let any = CancelToken::any([&stop, &quit]);
    /// quit.cancel(Reason::Shutdown);
    /// assert_eq!(any.reason(), Some(Reason::Shutdown));
    /// assert!(!stop.is_cancelled());
    /// ```
    pub fn any<'a>(tokens: impl IntoIterator<Item = &'a CancelToken>) -> Self {
        let token = CancelToken::new();
        for parent in tokens {
            token.core.follow(&parent.core);
        }
        token
    }

    /// A token that is cancelled with this one, and can be cancelled alone.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    ///
    /// let parent = CancelToken::new();
    /// let (first, second) = (parent.child(), parent.child());
    /// first.cancel(Reason::Superseded);
    /// assert!(!parent.is_cancelled());
    /// parent.cancel(Reason::User);
    /// assert_eq!((first.reason(), second.reason()), (Some(Reason::Superseded), Some(Reason::User)));
    /// ```
    pub fn child(&self) -> Self {
        CancelToken::any([self])
    }

    /// A [`CancelToken::child`] that is also cancelled with [`Reason::Timeout`] after `time`.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let token = CancelToken::new().child_after(Duration::from_millis(1));
    /// assert_eq!(token.cancelled().await.reason(), &Reason::Timeout);
    /// # }
    /// ```
    pub fn child_after(&self, time: Duration) -> Self {
        let child = self.child();
        child.core.arm(time);
        child
    }

    /// Cancels it and everything below it. Later calls change nothing.
    ///
    /// First the whole tree is cancelled and whoever waits is woken, then the callbacks run, here, in the order in
    /// which they were registered. A callback that panics does not keep the others from running.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason};
    /// let token = CancelToken::new();
    /// token.cancel(Reason::other("the form was closed"));
    /// assert_eq!(token.check().unwrap_err().to_string(), "the operation was cancelled (the form was closed)");
    /// ```
    pub fn cancel(&self, reason: Reason) {
        Core::cancel(&self.core, reason);
    }

    /// Whether it was cancelled.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason};
    /// let token = CancelToken::new();
    /// token.cancel(Reason::User);
    /// assert!(token.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.core.reason.get().is_some()
    }

    /// Why it was cancelled; `None` while it was not.
    ///
    /// ```
    /// # use callboard_flow::CancelToken;
    /// assert_eq!(CancelToken::new().reason(), None);
    /// ```
    pub fn reason(&self) -> Option<Reason> {
        self.core.reason.get().cloned()
    }

    /// Goes on with `?` unless it was cancelled: for the places between two steps.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] with the reason.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Cancelled};
    ///
    /// fn steps(token: &CancelToken) -> Result<u32, Cancelled> {
    ///     token.check()?;
    ///     Ok(1)
    /// }
    /// assert_eq!(steps(&CancelToken::new()), Ok(1));
    /// ```
    pub fn check(&self) -> Result<(), Cancelled> {
        self.core.reason.get().map_or(Ok(()), |reason| Err(Cancelled::new(reason.clone())))
    }

    /// Runs `callback` once when it is cancelled; at once, here, when it already was.
    ///
    /// Dropping the guard takes the callback away, [`CallbackGuard::keep`] leaves it for the token's life.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    /// use std::sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let token = CancelToken::new();
    /// let guard = token.on_cancelled(move |cancelled| { let _ = sender.send(cancelled.reason().clone()); });
    /// token.cancel(Reason::User);
    /// assert_eq!(receiver.recv(), Ok(Reason::User));
    /// # drop(guard);
    /// ```
    pub fn on_cancelled(&self, callback: impl FnOnce(&Cancelled) + Send + 'static) -> CallbackGuard {
        match self.core.register(Entry::Callback(Box::new(callback))) {
            Ok(id) => CallbackGuard { core: Arc::downgrade(&self.core), id: Some(id) },
            Err(entry) => {
                if let (Entry::Callback(callback), Err(cancelled)) = (entry, self.check()) {
                    callback(&cancelled);
                }
                CallbackGuard { core: Weak::new(), id: None }
            }
        }
    }

    /// Cancels with `reason` when the guard is dropped: for a scope that must not leave work behind.
    ///
    /// ```
    /// use callboard_flow::{CancelToken, Reason};
    ///
    /// let token = CancelToken::new();
    /// drop(token.guard(Reason::Superseded));
    /// assert_eq!(token.reason(), Some(Reason::Superseded));
    /// ```
    pub fn guard(&self, reason: Reason) -> CancelGuard {
        CancelGuard { armed: Some((self.clone(), reason)) }
    }

    /// A token of `tokio-util` that is cancelled with this one, for programs that take those.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason};
    /// let token = CancelToken::new();
    /// let theirs = token.to_tokio();
    /// token.cancel(Reason::User);
    /// assert!(theirs.is_cancelled());
    /// ```
    pub fn to_tokio(&self) -> CancellationToken {
        self.core.signal.child_token()
    }

    /// How many callbacks, children and waiting futures are registered now: a number that grows without end is a leak.
    ///
    /// ```
    /// # use callboard_flow::CancelToken;
    /// let token = CancelToken::new();
    /// let child = token.child();
    /// assert_eq!(token.registered(), 1);
    /// drop(child);
    /// assert_eq!(token.registered(), 0);
    /// ```
    pub fn registered(&self) -> usize {
        self.core.registered()
    }
}

/// Takes a callback away when it is dropped, if it has not run by then. One that runs just now is not waited for.
///
/// ```
/// use callboard_flow::{CancelToken, Reason};
///
/// let token = CancelToken::new();
/// drop(token.on_cancelled(|_| unreachable!("it was taken away")));
/// token.cancel(Reason::User);
/// ```
#[derive(Debug)]
#[must_use = "dropping it takes the callback away; `keep` leaves it"]
pub struct CallbackGuard {
    core: Weak<Core>,
    id: Option<u64>,
}

impl CallbackGuard {
    /// Leaves the callback where it is for the token's life.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason};
    /// let token = CancelToken::new();
    /// token.on_cancelled(|_| ()).keep();
    /// assert_eq!(token.registered(), 1);
    /// ```
    pub fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        if let (Some(id), Some(core)) = (self.id, self.core.upgrade()) {
            core.unregister(id);
        }
    }
}

/// Cancels a token when it is dropped.
///
/// ```
/// use callboard_flow::{CancelToken, Reason};
///
/// let token = CancelToken::new();
/// token.guard(Reason::Shutdown).disarm();
/// assert!(!token.is_cancelled());
/// ```
#[derive(Debug)]
#[must_use = "dropping it cancels the token"]
pub struct CancelGuard {
    armed: Option<(CancelToken, Reason)>,
}

impl CancelGuard {
    /// Ends it without cancelling.
    ///
    /// ```
    /// # use callboard_flow::{CancelToken, Reason};
    /// CancelToken::new().guard(Reason::User).disarm();
    /// ```
    pub fn disarm(mut self) {
        self.armed = None;
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if let Some((token, reason)) = self.armed.take() {
            token.cancel(reason);
        }
    }
}
