//! What a workflow has to do next, told from its record alone.

use super::{
    plan::{Plan, PlannedStep},
    record::{count, state_of, state_of_step, undo_len},
};
use callboard_protocol::{
    Node,
    workflow::{StepState, WorkflowState},
};

/// One small thing; the number is that of the step in the recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// All that the step needs has ended.
    Begin(usize),
    /// An item of its list has no job yet.
    Dispatch(usize),
    /// Its jobs are to be asked to stop.
    Stop(usize),
    /// The last thing that was done is to be undone.
    Compensate,
    /// Nothing is left.
    Finish,
}

impl Next {
    /// `None` while it waits for a job to end.
    pub(crate) fn of(plan: &Plan, record: &Node) -> Option<Next> {
        match state_of(record)? {
            WorkflowState::Running => running(plan, record),
            WorkflowState::Stopping => stopping(plan, record),
            WorkflowState::Compensating => unwound(record),
            WorkflowState::Succeeded | WorkflowState::Failed | WorkflowState::Cancelled => None,
        }
    }
}

fn running(plan: &Plan, record: &Node) -> Option<Next> {
    let states: Vec<StepState> =
        plan.steps.iter().map(|planned| state_of_step(record, &planned.step.id)).collect();
    let is_ready = |planned: &PlannedStep| planned.needs.iter().all(|need| states[*need].is_terminal());
    for (at, planned) in plan.steps.iter().enumerate() {
        match states[at] {
            StepState::Waiting if is_ready(planned) => return Some(Next::Begin(at)),
            StepState::Running if has_items_left(record, planned) => return Some(Next::Dispatch(at)),
            _ => {}
        }
    }
    states.iter().all(|state| state.is_terminal()).then_some(Next::Finish)
}

fn has_items_left(record: &Node, planned: &PlannedStep) -> bool {
    let id = &planned.step.id;
    planned.list.is_some() && count(record, id, "jobs") < count(record, id, "items")
}

fn stopping(plan: &Plan, record: &Node) -> Option<Next> {
    let mut runs = false;
    for (at, planned) in plan.steps.iter().enumerate() {
        let id = &planned.step.id;
        if state_of_step(record, id) == StepState::Running {
            if count(record, id, "stopped") < count(record, id, "jobs") {
                return Some(Next::Stop(at));
            }
            runs = true;
        }
    }
    if runs { None } else { unwound(record) }
}

fn unwound(record: &Node) -> Option<Next> {
    match (record.child("undoing"), undo_len(record)) {
        (Some(_), _) => None,
        (None, 0) => Some(Next::Finish),
        (None, _) => Some(Next::Compensate),
    }
}
