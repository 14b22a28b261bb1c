//! The connections of a view, in a list that the broadcaster can walk without holding anybody up.

use super::seat::Seat;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// See the module.
#[derive(Default)]
pub(super) struct Seats(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    next: u64,
    taken: HashMap<u64, Arc<Seat>>,
    /// The same as a list, until somebody comes or goes.
    list: Option<Arc<[Arc<Seat>]>>,
}

impl Seats {
    pub(super) fn take(&self, seat: Arc<Seat>) -> u64 {
        let mut inner = self.inner();
        let number = inner.next;
        inner.next += 1;
        inner.taken.insert(number, seat);
        inner.list = None;
        number
    }

    pub(super) fn leave(&self, number: u64) {
        let mut inner = self.inner();
        inner.taken.remove(&number);
        inner.list = None;
    }

    /// All seats as they are now.
    pub(super) fn list(&self) -> Arc<[Arc<Seat>]> {
        let Inner { taken, list, .. } = &mut *self.inner();
        list.get_or_insert_with(|| taken.values().cloned().collect()).clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
