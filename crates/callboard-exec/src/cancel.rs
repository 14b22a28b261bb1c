//! The request to stop, with its reason and the time that is given for it (X5).

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Why an attempt is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// Somebody asked for it.
    User,
    /// It ran over its time.
    Timeout,
    /// The server stops in order; the attempt does not count as a try.
    Shutdown,
    /// The attempt is no longer the job's current one.
    Superseded,
}

/// Tells an attempt to stop. Clones are the same request; the first reason wins and stays.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: CancellationToken,
    reason: OnceLock<CancelReason>,
    grace: Duration,
}

impl Cancel {
    /// A request that was not made yet. `grace` is the time between asking and forcing.
    pub fn new(grace: Duration) -> Self {
        Cancel(Arc::new(Inner { token: CancellationToken::new(), reason: OnceLock::new(), grace }))
    }

    /// Asks to stop. Later calls change nothing.
    pub fn cancel(&self, reason: CancelReason) {
        // The reason first: whoever sees the token fire finds it.
        let _ = self.0.reason.set(reason);
        self.0.token.cancel();
    }

    /// Why it was asked, `None` while it was not.
    pub fn reason(&self) -> Option<CancelReason> {
        self.0.reason.get().copied()
    }

    /// Whether it was asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.token.is_cancelled()
    }

    /// Waits until it is asked; at once when it was. Safe to drop and call again.
    pub async fn cancelled(&self) {
        self.0.token.cancelled().await;
    }

    /// The time between asking and forcing.
    pub fn grace(&self) -> Duration {
        self.0.grace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_wins_and_every_clone_sees_it() {
        let cancel = Cancel::new(Duration::from_secs(1));
        let seen = cancel.clone();
        assert_eq!((seen.reason(), seen.is_cancelled()), (None, false));
        cancel.cancel(CancelReason::Timeout);
        cancel.cancel(CancelReason::User);
        seen.cancelled().await;
        assert_eq!((seen.reason(), seen.is_cancelled()), (Some(CancelReason::Timeout), true));
    }

    #[tokio::test]
    async fn a_waiter_from_before_is_woken() {
        let cancel = Cancel::new(Duration::ZERO);
        let waiter = tokio::spawn({
            let cancel = cancel.clone();
            async move {
                cancel.cancelled().await;
                cancel.reason()
            }
        });
        tokio::task::yield_now().await;
        cancel.cancel(CancelReason::Shutdown);
        assert_eq!(waiter.await.unwrap(), Some(CancelReason::Shutdown));
    }
}
