//! The connections of a view, in a list that the broadcaster can walk without holding anybody up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// See the module.
pub(super) struct Seats<S>(Mutex<Inner<S>>);

struct Inner<S> {
    next: u64,
    /// In the order in which they came, in which they also lie in memory.
    taken: BTreeMap<u64, Arc<S>>,
    /// The same as a list, until somebody comes or goes.
    list: Option<Arc<[Arc<S>]>>,
}

impl<S> Default for Seats<S> {
    fn default() -> Self {
        Seats(Mutex::new(Inner { next: 0, taken: BTreeMap::new(), list: None }))
    }
}

impl<S> Seats<S> {
    pub(super) fn take(&self, seat: Arc<S>) -> u64 {
        let mut inner = self.inner();
        let number = inner.next;
        inner.next += 1;
        inner.taken.insert(number, seat);
        inner.list = None;
        number
    }

    /// Says how many are still taken.
    pub(super) fn leave(&self, number: u64) -> usize {
        let mut inner = self.inner();
        inner.taken.remove(&number);
        inner.list = None;
        inner.taken.len()
    }

    /// All seats as they are now.
    pub(super) fn list(&self) -> Arc<[Arc<S>]> {
        let Inner { taken, list, .. } = &mut *self.inner();
        list.get_or_insert_with(|| taken.values().cloned().collect()).clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
