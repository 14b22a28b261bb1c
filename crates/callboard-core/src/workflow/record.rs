//! The record of a workflow at `/workflows/<id>`, member by member: it is read and written where something changes.

use crate::tx::{Tx, fault};
use callboard_protocol::{
    Key, Node, Pointer, Time,
    error::Rejection,
    from_node,
    job::{JobError, clip},
    to_node,
    workflow::{StepError, StepState, WorkflowState, WorkflowStep},
};
use serde::Serialize;

pub(crate) const WORKFLOWS: &str = "workflows";

pub(super) fn of<'a>(tx: &'a Tx<'_>, id: &str) -> Option<&'a Node> {
    tx.document().child(WORKFLOWS)?.child(id)
}

pub(crate) fn state_of(record: &Node) -> Option<WorkflowState> {
    WorkflowState::parse(record.child("state")?.as_str()?)
}

pub(super) fn step<'a>(record: &'a Node, step: &str) -> Option<&'a Node> {
    record.child("steps")?.child(step)
}

pub(super) fn state_of_step(record: &Node, id: &str) -> StepState {
    let state = step(record, id).and_then(|run| StepState::parse(run.child("state")?.as_str()?));
    state.unwrap_or_default()
}

/// A count in the record of a step; absent is 0.
pub(super) fn count(record: &Node, id: &str, field: &str) -> u32 {
    let number = step(record, id).and_then(|run| run.child(field)?.as_u64()).unwrap_or(0);
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// When a workflow must have ended, while that matters.
pub(crate) fn deadline_of(record: &Node) -> Option<Time> {
    let is_running = state_of(record) == Some(WorkflowState::Running);
    from_node(record.child("deadline").filter(|_| is_running)?).ok()
}

/// A part of a workflow in the round of its step.
pub(super) fn part(record: &Node, id: &str, item: Option<u32>) -> WorkflowStep {
    WorkflowStep { id: id.to_owned(), item, undo: false, round: count(record, id, "round") }
}

/// The item of the n-th job of a list: in a later round the first jobs are those that need not run again.
pub(super) fn nth_item(record: &Node, id: &str, n: u32) -> u32 {
    let Some(Node::Array(again)) = step(record, id).and_then(|run| run.child("again")) else { return n };
    let kept = count(record, id, "items") as usize - again.len().min(count(record, id, "items") as usize);
    let item = (n as usize).checked_sub(kept).and_then(|nth| again.get(nth)?.as_u64());
    item.and_then(|item| u32::try_from(item).ok()).unwrap_or(n)
}

/// Sets a member of a workflow.
pub(super) fn set(tx: &mut Tx<'_>, id: &str, field: &'static str, value: Node) -> Result<(), Rejection> {
    let path = [Key::constant(WORKFLOWS), Key::new(id), Key::constant(field)];
    write(tx, id, Pointer::new(path), value)
}

/// Takes a member of a workflow away.
pub(super) fn clear(tx: &mut Tx<'_>, id: &str, field: &'static str) {
    tx.remove(Pointer::new([Key::constant(WORKFLOWS), Key::new(id), Key::constant(field)]));
    touch(tx, id);
}

/// The way to a member of a step.
pub(super) fn step_field(id: &str, step: &str, field: &'static str) -> Pointer {
    let way = [
        Key::constant(WORKFLOWS),
        Key::new(id),
        Key::constant("steps"),
        Key::new(step),
        Key::constant(field),
    ];
    Pointer::new(way)
}

/// Sets a member of a step.
pub(super) fn set_step<T: Serialize>(
    tx: &mut Tx<'_>,
    (id, step): (&str, &str),
    field: &'static str,
    value: &T,
) -> Result<(), Rejection> {
    let value = to_node(value).map_err(|error| fault(error.to_string()))?;
    write(tx, id, step_field(id, step, field), value)
}

/// Sets something in the record of a workflow.
pub(super) fn write(tx: &mut Tx<'_>, id: &str, path: Pointer, value: Node) -> Result<(), Rejection> {
    tx.set(path, value)?;
    touch(tx, id);
    Ok(())
}

/// Lets the index look again.
pub(super) fn touch(tx: &mut Tx<'_>, id: &str) {
    if tx.workflows.last().is_none_or(|last| last.as_str() != id) {
        tx.workflows.push(Key::new(id));
    }
}

/// How many things are to be undone; the last is `u<n>`.
pub(super) fn undo_len(record: &Node) -> usize {
    record.child("undo").and_then(Node::as_object).map_or(0, |undo| undo.len())
}

/// The error of a part of a workflow.
pub(super) fn error_of(part: &WorkflowStep, error: &JobError) -> StepError {
    StepError {
        step: part.id.clone(),
        item: part.item,
        code: error.code.clone(),
        message: clip(&error.message).into(),
    }
}
