//! Who is on stage: attempts that run, and what each of them returned.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// An attempt of a job.
pub(crate) type Try = (String, u64);

/// How an executor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Success,
    /// An error that another try may not meet.
    Retryable,
    Fatal,
    Panic,
    Snooze,
    Cancelled,
    /// A result that no record can hold.
    TooLarge,
}

/// See the module. It belongs to the world: it knows better than the board who has begun.
#[derive(Debug, Default)]
pub(crate) struct Cast(Mutex<People>);

#[derive(Debug, Default)]
struct People {
    alive: BTreeSet<Try>,
    /// The boot in which an attempt has begun.
    entered: BTreeMap<Try, u64>,
    returned: BTreeMap<Try, Returned>,
}

/// On stage as long as it lives; an attempt that is dropped leaves as well.
pub(crate) struct OnStage {
    cast: Arc<Cast>,
    attempt: Try,
}

impl Cast {
    /// An attempt begins; an error says who is there already.
    pub(crate) fn enter(self: &Arc<Self>, attempt: Try, boot: u64) -> Result<OnStage, String> {
        let mut people = self.people();
        if let Some((_, other)) = people.alive.iter().find(|(job, _)| *job == attempt.0) {
            return Err(format!("attempts {other} and {} of job {} run at once", attempt.1, attempt.0));
        }
        if let Some(before) = people.entered.insert(attempt.clone(), boot) {
            return Err(format!("attempt {} of job {} began in boot {before} already", attempt.1, attempt.0));
        }
        people.alive.insert(attempt.clone());
        drop(people);
        Ok(OnStage { cast: self.clone(), attempt })
    }

    pub(crate) fn returns(&self, attempt: &Try, what: Returned) {
        self.people().returned.insert(attempt.clone(), what);
    }

    pub(crate) fn returned(&self, attempt: &Try) -> Option<Returned> {
        self.people().returned.get(attempt).copied()
    }

    /// The boot in which an attempt has begun.
    pub(crate) fn entered(&self, attempt: &Try) -> Option<u64> {
        self.people().entered.get(attempt).copied()
    }

    pub(crate) fn alive(&self) -> Vec<Try> {
        self.people().alive.iter().cloned().collect()
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OnStage {
    fn drop(&mut self) {
        self.cast.people().alive.remove(&self.attempt);
    }
}
