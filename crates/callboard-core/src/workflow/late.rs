//! The deadline of a workflow: what runs is stopped, what was done is undone, as when a step fails.

use super::{
    record::{self, error_of, state_of_step},
    stop,
};
use crate::{
    index::Index,
    tx::{Tx, fault},
};
use callboard_protocol::{Node, error::Rejection, job::JobError, to_node, workflow::StepState};

/// The code of its error.
pub(super) const DEADLINE: &str = "deadline";

/// The time of a workflow is over; the index asks for those that are running.
pub(crate) fn miss_deadline(tx: &mut Tx<'_>, index: &Index, id: &str) -> Result<Node, Rejection> {
    let (Some(plan), Some(workflow)) = (index.workflows.plan(id), record::of(tx, id)) else {
        return Ok(Node::Null);
    };
    let first = |state: StepState| {
        plan.steps.iter().find(|planned| state_of_step(workflow, &planned.step.id) == state)
    };
    let Some(open) = first(StepState::Running).or_else(|| first(StepState::Waiting)) else {
        // All was done by then; only the word is missing.
        return stop::finish(tx, id).map(|()| Node::Null);
    };
    let part = record::part(workflow, &open.step.id, None);
    let error = error_of(&part, &JobError::new(DEADLINE, "the workflow was not done by its deadline"));
    let error = to_node(&error).map_err(|error| fault(error.to_string()))?;
    record::set(tx, id, "error", error)?;
    stop::begin(tx, id)?;
    Ok(Node::Null)
}
