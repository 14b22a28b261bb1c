//! Outcomes of commands by key, so that a repeated command is answered and not carried out again.

use callboard_protocol::{CommandKey, Time, caps, command::KeptOutcome};
use foldhash::HashMap;
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// More than this between two answers does not count as time that has passed, ms.
const STEP_MS: u64 = 60_000;

/// The newest outcomes: at most [`caps::OUTCOMES`], and none older than [`caps::OUTCOME_MS`] of time in which there were answers.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    by_key: HashMap<CommandKey, Arc<KeptOutcome>>,
    /// With the time that it was kept at, as [`Outcomes::lived`] has it.
    in_order: VecDeque<(u64, Arc<KeptOutcome>)>,
    /// The time that has passed from answer to answer, ms, each step at most [`STEP_MS`]: a wall clock that is set
    /// forward, or a machine that was asleep, makes nobody forget what was answered a moment ago.
    lived: u64,
    last: Option<Time>,
    /// Idempotency keys of jobs, which live as long as they say: at most [`caps::LONG_KEYS`].
    long: HashMap<CommandKey, KeptOutcome>,
    long_by_end: BTreeSet<(Time, CommandKey)>,
}

impl Outcomes {
    pub(crate) fn get(&self, key: &CommandKey) -> Option<&KeptOutcome> {
        self.by_key.get(key).map(Arc::as_ref)
    }

    /// What was answered under an idempotency key that is still good.
    pub(crate) fn get_long(&self, key: &str, now: Time) -> Option<&KeptOutcome> {
        self.long.get(key).filter(|outcome| outcome.until.is_some_and(|until| now <= until))
    }

    pub(crate) fn keep(&mut self, outcome: KeptOutcome) {
        if let Some(until) = outcome.until {
            return self.keep_long(until, outcome);
        }
        let last = self.last.replace(outcome.at).unwrap_or(outcome.at);
        self.lived += outcome.at.since_ms(last).min(STEP_MS);
        let outcome = Arc::new(outcome);
        self.by_key.insert(outcome.key.clone(), outcome.clone());
        self.in_order.push_back((self.lived, outcome));
        while let Some((kept_at, _)) = self.in_order.front()
            && (self.in_order.len() > caps::OUTCOMES || self.lived - kept_at > caps::OUTCOME_MS)
        {
            self.forget_oldest();
        }
    }

    /// Takes back the outcomes after this version, which did not become durable.
    pub(crate) fn take_back(&mut self, version: u64) {
        while let Some((_, newest)) = self.in_order.pop_back_if(|(_, outcome)| outcome.version > version) {
            self.by_key.remove(&newest.key);
        }
        // It is rare that a commit is refused, and there are few of these.
        let gone: Vec<CommandKey> =
            self.long.values().filter(|kept| kept.version > version).map(|kept| kept.key.clone()).collect();
        gone.iter().for_each(|key| self.forget_long(key));
    }

    pub(crate) fn all(&self) -> Vec<KeptOutcome> {
        let long = self.long_by_end.iter().filter_map(|(_, key)| self.long.get(key).cloned());
        self.in_order.iter().map(|(_, outcome)| outcome.as_ref().clone()).chain(long).collect()
    }

    /// Those that are over go when others come, so that no timer is needed.
    fn keep_long(&mut self, until: Time, outcome: KeptOutcome) {
        let now = outcome.at;
        self.forget_long(&outcome.key.clone());
        self.long_by_end.insert((until, outcome.key.clone()));
        self.long.insert(outcome.key.clone(), outcome);
        while let Some((until, key)) = self.long_by_end.first().cloned()
            && (self.long.len() > caps::LONG_KEYS || until < now)
        {
            self.forget_long(&key);
        }
    }

    fn forget_long(&mut self, key: &CommandKey) {
        if let Some(until) = self.long.remove(key).and_then(|outcome| outcome.until) {
            self.long_by_end.remove(&(until, key.clone()));
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.in_order.pop_front() {
            self.by_key.remove(&oldest.key);
        }
    }
}
