//! One call that waits for its time, with the newest argument: what throttle and debounce share.

use super::lock;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Instant, sleep_until},
};

/// For a time so far away that the clock cannot say it: about 30 years.
const FAR: Duration = Duration::from_secs(1_000_000_000);

pub(super) type Run<T> = Box<dyn Fn(T) + Send + Sync>;

pub(super) struct Deferred<T> {
    run: Run<T>,
    state: Mutex<State<T>>,
    /// Wakes the task that waits when there is nothing left to wait for.
    taken: Notify,
}

struct State<T> {
    pending: Option<(T, Instant)>,
    /// The task that waits for `pending`: one at most, however many calls there were. It may have ended with its
    /// runtime; then the next call needs another one.
    waiter: Option<AbortHandle>,
    last: Option<Instant>,
    superseded: u64,
}

/// `time` after `from`.
pub(super) fn later(from: Instant, time: Duration) -> Instant {
    from.checked_add(time).unwrap_or_else(|| from + FAR)
}

/// What to do with a call.
pub(super) enum Decision {
    Now,
    At(Instant),
    Never,
}

impl<T: Send + 'static> Deferred<T> {
    pub(super) fn new(run: Run<T>) -> Arc<Self> {
        let state = State { pending: None, waiter: None, last: None, superseded: 0 };
        Arc::new(Deferred { run, state: Mutex::new(state), taken: Notify::new() })
    }

    /// Takes in a call; `decide` is told when the last one ran and when the pending one will.
    pub(super) fn call(
        self: &Arc<Self>,
        value: T,
        decide: impl FnOnce(Instant, Option<Instant>, Option<Instant>) -> Decision,
    ) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let due = state.pending.as_ref().map(|(_, due)| *due);
        match decide(now, state.last, due) {
            Decision::Now => {
                state.last = Some(now);
                drop(state);
                (self.run)(value);
            }
            Decision::At(due) => {
                if state.waiter.as_ref().is_none_or(AbortHandle::is_finished) {
                    state.waiter = Some(tokio::spawn(Arc::clone(self).wait()).abort_handle());
                }
                let before = state.pending.replace((value, due));
                state.superseded += u64::from(before.is_some());
                // The superseded value is dropped outside the lock: what its drop does is not known here.
                drop(state);
                drop(before);
            }
            Decision::Never => state.superseded += 1,
        }
    }

    /// Runs the pending call when it is due, later than planned when it was moved, never when it was cancelled.
    async fn wait(self: Arc<Self>) {
        loop {
            let Some(due) = self.due_or_end() else { return };
            let now = Instant::now();
            if now < due {
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.taken.notified() => {}
                }
                continue;
            }
            let mut state = lock(&self.state);
            if state.pending.as_ref().is_some_and(|(_, due)| *due <= now)
                && let Some((value, _)) = state.pending.take()
            {
                state.waiter = None;
                state.last = Some(now);
                drop(state);
                (self.run)(value);
                return;
            }
        }
    }

    /// When the pending call is due; without one the task that waits is not there any more.
    fn due_or_end(&self) -> Option<Instant> {
        let mut state = lock(&self.state);
        let due = state.pending.as_ref().map(|(_, due)| *due);
        if due.is_none() {
            state.waiter = None;
        }
        due
    }

    /// Forgets the pending call; whether there was one.
    pub(super) fn cancel(&self) -> bool {
        let pending = lock(&self.state).pending.take();
        self.taken.notify_one();
        pending.is_some()
    }

    /// Runs the pending call now; whether there was one.
    pub(super) fn flush(&self) -> bool {
        let mut state = lock(&self.state);
        let Some((value, _)) = state.pending.take() else { return false };
        state.last = Some(Instant::now());
        drop(state);
        self.taken.notify_one();
        (self.run)(value);
        true
    }

    pub(super) fn superseded(&self) -> u64 {
        lock(&self.state).superseded
    }
}
