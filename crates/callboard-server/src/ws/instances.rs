//! One connection per client instance: the newest counts. An older one is most often dead and does not know it yet
//! (close code 4504).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// An actor and an instance of it: nobody can push out somebody else.
type Who = (String, String);

/// See the module.
#[derive(Default)]
pub(super) struct Instances {
    present: Mutex<HashMap<Who, (u64, CancellationToken)>>,
    entered: AtomicU64,
}

/// A connection's entry, given back when it is dropped.
pub(super) struct Present {
    instances: Arc<Instances>,
    who: Who,
    number: u64,
    /// Cancelled when the same instance has come again, and when the server stops: a session waits for one thing.
    pub(super) ended: CancellationToken,
}

impl Instances {
    /// Enters an instance and pushes out an older connection of it.
    pub(super) fn enter(self: &Arc<Self>, actor: &str, instance: &str, stop: &CancellationToken) -> Present {
        let who = (actor.to_owned(), instance.to_owned());
        let ended = stop.child_token();
        let number = self.entered.fetch_add(1, Ordering::Relaxed);
        let mut present = self.present();
        if let Some((_, older)) = present.insert(who.clone(), (number, ended.clone())) {
            older.cancel();
        }
        Present { instances: self.clone(), who, number, ended }
    }

    fn present(&self) -> MutexGuard<'_, HashMap<Who, (u64, CancellationToken)>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut present = self.instances.present();
        if present.get(&self.who).is_some_and(|(number, _)| *number == self.number) {
            present.remove(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_connection_of_an_instance_counts() {
        let (instances, stop) = (Arc::new(Instances::default()), CancellationToken::new());
        let first = instances.enter("cli", "i", &stop);
        let other = instances.enter("studio", "i", &stop);
        let second = instances.enter("cli", "i", &stop);
        assert!(first.ended.is_cancelled() && !other.ended.is_cancelled());
        drop(first);
        let third = instances.enter("cli", "i", &stop);
        assert!(second.ended.is_cancelled() && !third.ended.is_cancelled());
        stop.cancel();
        assert!(third.ended.is_cancelled() && other.ended.is_cancelled());
        drop((second, third, other));
        assert!(instances.present().is_empty());
    }
}
