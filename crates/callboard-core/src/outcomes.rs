//! Outcomes of commands by key, so that a repeated command is answered and not carried out again.

use callboard_protocol::{CommandKey, Time, caps, command::KeptOutcome};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The newest outcomes: at most [`caps::OUTCOMES`], and none older than [`caps::OUTCOME_MS`].
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    by_key: HashMap<CommandKey, Arc<KeptOutcome>>,
    in_order: VecDeque<Arc<KeptOutcome>>,
}

impl Outcomes {
    pub(crate) fn get(&self, key: &CommandKey) -> Option<&KeptOutcome> {
        self.by_key.get(key).map(Arc::as_ref)
    }

    pub(crate) fn keep(&mut self, outcome: KeptOutcome) {
        let now = outcome.at;
        let outcome = Arc::new(outcome);
        self.by_key.insert(outcome.key.clone(), outcome.clone());
        self.in_order.push_back(outcome);
        while let Some(oldest) = self.in_order.front()
            && (self.in_order.len() > caps::OUTCOMES || is_old(oldest, now))
        {
            self.forget_oldest();
        }
    }

    /// Takes back the outcomes after this version, which did not become durable.
    pub(crate) fn take_back(&mut self, version: u64) {
        while let Some(newest) = self.in_order.pop_back_if(|outcome| outcome.version > version) {
            self.by_key.remove(&newest.key);
        }
    }

    pub(crate) fn all(&self) -> Vec<KeptOutcome> {
        self.in_order.iter().map(|outcome| outcome.as_ref().clone()).collect()
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.in_order.pop_front() {
            self.by_key.remove(&oldest.key);
        }
    }
}

fn is_old(outcome: &KeptOutcome, now: Time) -> bool {
    now.since_ms(outcome.at) > caps::OUTCOME_MS
}
