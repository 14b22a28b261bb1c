//! One worker per key: whoever asks for the same while it is being made waits for it (W2.6).

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

type Key = (Arc<str>, TypeId);

/// What is being made now. Bounded by the jobs that run.
#[derive(Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Key, UnderWay>>,
    /// Rises when a flight ends, so that a read from before is known to be old.
    ended: AtomicU64,
}

struct UnderWay {
    /// A `watch::Receiver<Option<T>>`.
    landing: Box<dyn Any + Send>,
    is_void: Arc<AtomicBool>,
}

/// What somebody who needs a value is to do.
pub(crate) enum Role<'a, T: Send + Sync + 'static> {
    /// Make it, and land it with the guard.
    Lead(Lead<'a, T>),
    /// Wait for whoever makes it.
    Follow(watch::Receiver<Option<T>>),
}

/// Makes the value for all. Dropped without a landing, one of the followers takes over.
pub(crate) struct Lead<'a, T: Send + Sync + 'static> {
    flights: &'a Flights,
    key: Key,
    landing: watch::Sender<Option<T>>,
    is_void: Arc<AtomicBool>,
}

impl Flights {
    /// To be asked before the cache is read; see [`Lead::is_after`].
    pub(crate) fn mark(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn join<T: Clone + Send + Sync + 'static>(&self, key: &str) -> Role<'_, T> {
        let key: Key = (key.into(), TypeId::of::<T>());
        let mut under_way = self.under_way();
        let landing = under_way.get(&key).and_then(|found| found.landing.downcast_ref());
        if let Some(landing) = landing {
            return Role::Follow(watch::Receiver::clone(landing));
        }
        let (sender, landing) = watch::channel(None);
        let is_void = Arc::new(AtomicBool::new(false));
        let found = UnderWay { landing: Box::new(landing), is_void: is_void.clone() };
        under_way.insert(key.clone(), found);
        Role::Lead(Lead { flights: self, key, landing: sender, is_void })
    }

    /// What is being made for these keys is out of date: it is not cached, and nobody new waits for it.
    pub(crate) fn make_void(&self, fits: impl Fn(&str) -> bool) {
        self.under_way().retain(|(key, _), found| {
            let is_void = fits(key);
            if is_void {
                found.is_void.store(true, Ordering::Release);
            }
            !is_void
        });
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + Sync + 'static> Lead<'_, T> {
    /// Whether another flight has ended since the mark: what it made may be in the cache now.
    pub(crate) fn is_after(&self, mark: u64) -> bool {
        self.flights.mark() != mark
    }

    /// Whether the key was invalidated meanwhile.
    pub(crate) fn is_void(&self) -> bool {
        self.is_void.load(Ordering::Acquire)
    }

    /// Gives the value to all who wait.
    pub(crate) fn land(self, value: T) {
        self.landing.send_replace(Some(value));
    }
}

impl<T: Send + Sync + 'static> Drop for Lead<'_, T> {
    /// Takes the flight out before its followers hear of it, so that whoever takes over finds room.
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way();
        // After an invalidation there may be a new flight under this key, which is not ours.
        if under_way.get(&self.key).is_some_and(|found| Arc::ptr_eq(&found.is_void, &self.is_void)) {
            under_way.remove(&self.key);
        }
        self.flights.ended.fetch_add(1, Ordering::AcqRel);
    }
}
