//! How many snapshots are on their way at once (sync 5.3). After a restart everybody comes back in the same second:
//! a place is waited for a moment, then the client is sent away for a few.

use callboard_protocol::caps;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// See the module.
pub(super) struct Admission(Arc<Semaphore>);

/// A place; kept until the snapshot has been taken by the client's socket.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(places: usize) -> Self {
        Admission(Arc::new(Semaphore::new(places)))
    }

    /// A place, or `None` when none became free in time.
    pub(super) async fn admit(&self) -> Option<Place> {
        let waiting = self.0.clone().acquire_owned();
        let permit = tokio::time::timeout(Duration::from_millis(caps::SNAPSHOT_WAIT_MS), waiting).await;
        // The semaphore is never closed.
        permit.ok()?.ok().map(|permit| Place { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_in_time_is_sent_away() {
        let admission = Admission::new(2);
        let first = admission.admit().await;
        let second = admission.admit().await;
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit().await.is_none());
        drop(first);
        assert!(admission.admit().await.is_some(), "a place that is given back can be taken");
    }
}
