//! Which jobs were started by which, as long as a cancel of the one has to reach the others.

use callboard_protocol::JobId;
use std::collections::BTreeSet;

/// Pairs of a job and one that it started, which has not ended and was not asked to stop.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Families {
    /// Nothing is to be done.
    whole: BTreeSet<(JobId, JobId)>,
    /// The first was called off, and the second does not know.
    orphans: BTreeSet<(JobId, JobId)>,
}

impl Families {
    pub(super) fn insert(&mut self, parent: &JobId, child: &JobId, is_orphan: bool) {
        let side = if is_orphan { &mut self.orphans } else { &mut self.whole };
        side.insert((parent.clone(), child.clone()));
    }

    pub(super) fn remove(&mut self, parent: &JobId, child: &JobId) {
        let pair = (parent.clone(), child.clone());
        if !self.whole.remove(&pair) {
            self.orphans.remove(&pair);
        }
    }

    /// A job is to stop, or was cancelled.
    pub(super) fn call_off(&mut self, parent: &JobId) {
        shift(&mut self.whole, &mut self.orphans, parent);
    }

    /// It is not any more.
    pub(super) fn call_back(&mut self, parent: &JobId) {
        shift(&mut self.orphans, &mut self.whole, parent);
    }

    pub(super) fn next_orphan(&self) -> Option<&(JobId, JobId)> {
        self.orphans.first()
    }

    pub(super) fn has_orphans(&self, parent: &JobId) -> bool {
        first_of(&self.orphans, parent).is_some()
    }
}

fn first_of<'a>(side: &'a BTreeSet<(JobId, JobId)>, parent: &JobId) -> Option<&'a (JobId, JobId)> {
    let from = (parent.clone(), JobId::new(""));
    side.range(from..).next().filter(|(other, _)| other == parent)
}

fn shift(from: &mut BTreeSet<(JobId, JobId)>, to: &mut BTreeSet<(JobId, JobId)>, parent: &JobId) {
    while let Some(pair) = first_of(from, parent).cloned() {
        from.remove(&pair);
        to.insert(pair);
    }
}
