//! Ending an attempt early: it is asked, has the grace, and then its task is aborted (X5).

use super::Attempt;
use callboard_core::End;
use callboard_exec::{CancelReason, Outcome};
use callboard_protocol::{JobId, log::Level};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{runtime::Handle, task::AbortHandle};

/// After the grace the executor has this long to notice that its process is gone; then its task is aborted.
const ABORT_AFTER_GRACE: Duration = Duration::from_secs(2);

/// What the writer holds of an attempt under way.
pub(crate) struct Running {
    attempt: Arc<Attempt>,
    task: AbortHandle,
    /// Somebody watches already that it stops.
    is_watched: AtomicBool,
}

impl Running {
    pub(super) fn new(attempt: Arc<Attempt>, task: AbortHandle) -> Self {
        if attempt.deadline.at().is_some() {
            tokio::spawn(attempt.clone().stop_in_time(task.clone()));
        }
        Running { attempt, task, is_watched: AtomicBool::new(false) }
    }

    pub(crate) fn id(&self) -> &JobId {
        &self.attempt.job.id
    }

    /// The attempt's number.
    pub(crate) fn number(&self) -> u32 {
        self.attempt.job.attempt
    }

    /// Asks the attempt to end, and sees to it that it does.
    pub(crate) fn stop(&self, reason: CancelReason) {
        self.attempt.cancel.cancel(reason);
        // Without a runtime there is no task that could go on.
        if let Ok(runtime) = Handle::try_current()
            && !self.is_watched.swap(true, Ordering::Relaxed)
        {
            runtime.spawn(self.attempt.clone().abort_after_grace(self.task.clone()));
        }
    }
}

impl Attempt {
    async fn stop_in_time(self: Arc<Self>, task: AbortHandle) {
        if self.lasts_until(self.deadline.passed()).await {
            self.cancel.cancel(CancelReason::Timeout);
            self.abort_after_grace(task).await;
        }
    }

    async fn abort_after_grace(self: Arc<Self>, task: AbortHandle) {
        let enough = tokio::time::sleep(self.shared.grace + ABORT_AFTER_GRACE);
        if self.lasts_until(enough).await && self.claim_end() {
            // It may hold its thread for ever; its slot is free now, and people see that something is wrong.
            task.abort();
            self.log(Level::Warn, "the executor did not stop when asked; its task was aborted");
            tracing::warn!(job = %self.job.id, kind = &*self.job.kind, "an executor ignores its token");
            self.finish(End { stuck: true, ..self.end_of(Outcome::Cancelled) }).await;
        }
    }

    /// Waits for the end or for something else; whether the attempt still goes on then.
    async fn lasts_until(&self, enough: impl Future<Output = ()>) -> bool {
        let over = self.over.notified();
        tokio::pin!(over);
        over.as_mut().enable();
        if self.is_over() {
            return false;
        }
        tokio::select! {
            biased;
            () = over => false,
            () = enough => true,
        }
    }
}
