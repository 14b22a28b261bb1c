//! What the index knows of workflows: who has something to do, and who goes first when there are too many.

use crate::{
    ready::Text,
    workflow::{Next, Plan, state_of},
};
use callboard_protocol::{
    Node, Time, from_node,
    workflow::{Recipe, WorkflowState},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Workflows {
    /// Those that have not ended, with their recipes as read.
    plans: HashMap<Text, Arc<Plan>>,
    /// Those of them that do not wait for the end of a job.
    open: BTreeSet<Text>,
    /// Those that have ended by outcome, the one that ended first at the front.
    finished: [BTreeSet<(Time, Text)>; 3],
    ends: HashMap<Text, (Time, WorkflowState)>,
}

impl Workflows {
    /// Looks again at a record; `None` when it is gone.
    pub(super) fn refresh(&mut self, id: &str, record: Option<&Node>) {
        let name: Text = id.into();
        self.open.remove(&name);
        if let Some((at, state)) = self.ends.remove(&name) {
            self.finished[outcome(state)].remove(&(at, name.clone()));
        }
        let Some((record, state)) = record.and_then(|record| Some((record, state_of(record)?))) else {
            self.plans.remove(&name);
            return;
        };
        if state.is_terminal() {
            self.plans.remove(&name);
            let at = record.child("finishedAt").and_then(|at| from_node(at).ok()).unwrap_or_default();
            self.ends.insert(name.clone(), (at, state));
            self.finished[outcome(state)].insert((at, name));
            return;
        }
        let plan = match self.plans.get(&name) {
            Some(plan) => Some(plan.clone()),
            None => read(record).map(|plan| self.plans.entry(name.clone()).or_insert(plan).clone()),
        };
        if plan.is_some_and(|plan| Next::of(&plan, record).is_some()) {
            self.open.insert(name);
        }
    }

    /// The recipe of one that has not ended.
    pub(crate) fn plan(&self, id: &str) -> Option<Arc<Plan>> {
        self.plans.get(id).cloned()
    }

    /// How many have not ended.
    pub(crate) fn active(&self) -> usize {
        self.plans.len()
    }

    /// One that has something to do.
    pub(crate) fn next_open(&self) -> Option<&Text> {
        self.open.first()
    }

    /// The one that ended first, when more than `limit` have.
    pub(crate) fn surplus(&self, limit: usize) -> Option<Text> {
        let is_over = self.ends.len() > limit;
        let first = self.finished.iter().filter_map(BTreeSet::first).min();
        first.filter(|_| is_over).map(|(_, id)| id.clone())
    }

    /// The one that goes first by its time: each outcome is kept for so long.
    pub(crate) fn next_retired(&self, keep_ms: impl Fn(WorkflowState) -> u64) -> Option<(Time, &Text)> {
        let first = |state: WorkflowState| {
            let (at, id) = self.finished[outcome(state)].first()?;
            Some((at.plus_ms(keep_ms(state)), id))
        };
        [WorkflowState::Succeeded, WorkflowState::Failed, WorkflowState::Cancelled]
            .into_iter()
            .filter_map(first)
            .min()
    }
}

/// Where [`Workflows::finished`] keeps a terminal state.
fn outcome(state: WorkflowState) -> usize {
    match state {
        WorkflowState::Succeeded => 0,
        WorkflowState::Failed => 1,
        _ => 2,
    }
}

/// Refused recipes do not come into the state, so this fails for damage only.
fn read(record: &Node) -> Option<Arc<Plan>> {
    let recipe: Recipe = from_node(record.child("recipe")?).ok()?;
    Plan::of(&recipe).ok().map(Arc::new)
}

/// Equality of what follows from the document.
#[cfg(test)]
impl PartialEq for Workflows {
    fn eq(&self, other: &Self) -> bool {
        let names = |workflows: &Workflows| workflows.plans.keys().cloned().collect::<BTreeSet<_>>();
        names(self) == names(other)
            && self.open == other.open
            && self.finished == other.finished
            && self.ends == other.ends
    }
}
