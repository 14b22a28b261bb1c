//! When an attempt runs over its time; it can be put off while the attempt runs.

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// The end of an attempt's time. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Deadline(Option<Arc<watch::Sender<Instant>>>);

impl Deadline {
    /// Time without end. Costs nothing, for most attempts have it.
    pub fn none() -> Self {
        Deadline(None)
    }

    /// This long from now. A time beyond what the clock can tell is no limit.
    pub fn after(limit: Duration) -> Self {
        Deadline(Instant::now().checked_add(limit).map(|at| Arc::new(watch::Sender::new(at))))
    }

    /// When it is.
    pub fn at(&self) -> Option<Instant> {
        self.0.as_ref().map(|at| *at.borrow())
    }

    /// Puts it off.
    pub fn extend(&self, by: Duration) {
        let Some(at) = &self.0 else { return };
        at.send_if_modified(|at| match at.checked_add(by) {
            Some(later) => {
                *at = later;
                true
            }
            None => false,
        });
    }

    /// Waits until it has passed; for ever when there is none.
    pub async fn passed(&self) {
        let Some(deadline) = &self.0 else { return std::future::pending().await };
        let mut changes = deadline.subscribe();
        loop {
            let at = *changes.borrow_and_update();
            tokio::select! {
                () = sleep_until(at) => return,
                // This very deadline keeps the sender.
                changed = changes.changed() => if changed.is_err() { std::future::pending().await },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_can_be_put_off_while_somebody_waits() {
        let (start, deadline) = (Instant::now(), Deadline::after(Duration::from_secs(10)));
        let waiter = tokio::spawn({
            let deadline = deadline.clone();
            async move { deadline.passed().await }
        });
        tokio::time::sleep(Duration::from_secs(9)).await;
        deadline.extend(Duration::from_secs(5));
        waiter.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_it_never_passes_and_cannot_be_put_off() {
        let deadline = Deadline::none();
        deadline.extend(Duration::from_secs(1));
        assert_eq!(deadline.at(), None);
        let waited = tokio::time::timeout(Duration::from_secs(86_400), deadline.passed()).await;
        assert!(waited.is_err());
        assert_eq!(Deadline::after(Duration::MAX).at(), None, "a time that no clock tells is no limit");
    }
}
