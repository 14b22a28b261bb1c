//! What waits, on Tokio's clock: paused time in a test pauses all of it.

pub(crate) mod cancel;
pub(crate) mod debounce;
pub(crate) mod deferred;
pub(crate) mod limiter;
pub(crate) mod rate;
pub(crate) mod retry;
pub(crate) mod semaphore;
pub(crate) mod throttle;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks although a panic may have passed through: no lock here is held while foreign code runs, so what it guards is
/// whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
