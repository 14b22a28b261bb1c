//! What a handle and its run share: the request to stop, the progress, whether it has settled.

use crate::typed::{JobEnd, Monotone, ProgressStream};
use callboard_protocol::job::Progress;
use std::{
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// See the module. One allocation per job, and what a job does not use costs nothing.
#[derive(Default)]
pub(crate) struct Control {
    stop: OnceLock<Stop>,
    stopped: Notify,
    is_settled: AtomicBool,
    progress: Mutex<Feed>,
}

/// Why a job is to stop. The first reason stays.
#[derive(Clone, Debug)]
enum Stop {
    Cancelled(Option<String>),
    TimedOut(Duration),
    Closed,
}

/// The progress, made when it is first wanted.
#[derive(Default)]
struct Feed {
    order: Monotone,
    /// The job has ended: a stream that is made now is at its end at once.
    is_over: bool,
    /// Gone when the job has ended, which ends all streams.
    sender: Option<watch::Sender<Option<Progress>>>,
    /// Has seen nothing, so that each clone first sees the last value.
    receiver: Option<watch::Receiver<Option<Progress>>>,
}

impl Control {
    pub(crate) fn cancel(&self, reason: Option<String>) {
        self.stop(Stop::Cancelled(reason));
    }

    pub(crate) fn time_out(&self, limit: Duration) {
        self.stop(Stop::TimedOut(limit));
    }

    /// The dispatcher is closed.
    pub(crate) fn close(&self) {
        self.stop(Stop::Closed);
    }

    fn stop(&self, stop: Stop) {
        // The reason first: whoever is woken finds it.
        let _ = self.stop.set(stop);
        self.stopped.notify_waiters();
    }

    /// How the job ends, when it is to stop.
    pub(crate) fn end(&self) -> Option<JobEnd> {
        self.stop.get().map(|stop| match stop.clone() {
            Stop::Cancelled(reason) => JobEnd::Cancelled(reason),
            Stop::TimedOut(limit) => JobEnd::TimedOut(limit),
            Stop::Closed => JobEnd::Closed,
        })
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.get().is_some()
    }

    /// Waits until it is to stop.
    pub(crate) async fn stopped(&self) {
        let notified = self.stopped.notified();
        if !self.is_stopped() {
            notified.await;
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled.load(Ordering::Acquire)
    }

    pub(crate) fn set_settled(&self) {
        self.is_settled.store(true, Ordering::Release);
    }

    pub(crate) fn report(&self, attempt: u32, progress: Progress) {
        let mut feed = self.feed();
        let progress = feed.order.fit(attempt, progress);
        feed.open();
        if let Some(sender) = &feed.sender {
            sender.send_replace(Some(progress));
        }
    }

    pub(crate) fn progress(&self) -> ProgressStream {
        ProgressStream::new(self.feed().open())
    }

    /// Nothing more is reported.
    pub(crate) fn end_progress(&self) {
        let mut feed = self.feed();
        feed.is_over = true;
        feed.sender = None;
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    fn open(&mut self) -> watch::Receiver<Option<Progress>> {
        let (sender, is_over) = (&mut self.sender, self.is_over);
        let made = self.receiver.get_or_insert_with(|| {
            let (made, receiver) = watch::channel(None);
            *sender = Some(made).filter(|_| !is_over);
            receiver
        });
        made.clone()
    }
}
