//! A workflow that fails or is cancelled: what runs is stopped, then what was done is undone, the last first (S2.23).

use super::{
    Plan, job_of, late,
    place::Scope,
    plan::PlannedStep,
    record::{self, WORKFLOWS, count, error_of, set_step, undo_len},
    step,
};
use crate::{
    index::Index,
    input::Effect,
    request,
    state::object,
    tx::{Tx, fault},
};
use callboard_protocol::{
    Key, Node, Object, Pointer, caps,
    command::CancelArgs,
    error::Rejection,
    from_node,
    job::{DispatchArgs, JobError},
    to_node,
    workflow::{StepError, StepState, WorkflowState, WorkflowStep},
};

/// Nothing more is started; the rest comes in small steps.
pub(super) fn begin(tx: &mut Tx<'_>, id: &str) -> Result<(), Rejection> {
    record::set(tx, id, "state", WorkflowState::Stopping.as_str().into())?;
    let steps = record::of(tx, id).and_then(|record| record.child("steps")?.as_object());
    let is_waiting =
        |run: &Node| run.child("state").and_then(Node::as_str) == Some(StepState::Waiting.as_str());
    let waiting: Vec<Key> = steps
        .into_iter()
        .flat_map(Object::iter)
        .filter(|(_, run)| is_waiting(run))
        .map(|(step, _)| step.clone())
        .collect();
    for step in waiting {
        set_step(tx, (id, &step), "state", &StepState::Cancelled)?;
    }
    step::settle_idle(tx, id)?;
    tx.board_event("workflow.stopping", object([("id", id.into())]));
    Ok(())
}

/// Asks some jobs of a step to stop.
pub(super) fn stop(tx: &mut Tx<'_>, id: &str, planned: &PlannedStep) -> Result<(), Rejection> {
    let step = &planned.step.id;
    let Some(workflow) = record::of(tx, id) else { return Ok(()) };
    let error = |field: &str| workflow.child("error").and_then(|error| error.child(field)?.as_str());
    let reason = match (error("code"), error("step")) {
        (Some(late::DEADLINE), _) => "its workflow was not done by its deadline".to_owned(),
        (_, Some(failed)) => format!("step {failed:?} of its workflow failed"),
        _ => "its workflow was cancelled".to_owned(),
    };
    let (from, jobs) = (count(workflow, step, "stopped"), count(workflow, step, "jobs"));
    let to = jobs.min(from + caps::WORKFLOW_STOP_STEP as u32);
    let parts: Vec<WorkflowStep> = (from..to)
        .map(|nth| planned.list.as_ref().map(|_| record::nth_item(workflow, step, nth)))
        .map(|item| record::part(workflow, step, item))
        .collect();
    set_step(tx, (id, step), "stopped", &to)?;
    for part in parts {
        let job = job_of(id, &part);
        // One that has ended, or is gone since, need not stop.
        if tx.state(&job).is_ok_and(|state| !state.is_terminal()) {
            request::cancel(tx, CancelArgs { id: job, reason: Some(reason.clone()) })?;
        }
    }
    Ok(())
}

/// The way to the n-th thing that is to be undone.
pub(super) fn undo_path(id: &str, n: usize) -> Pointer {
    let name = Key::new(&format!("u{n}"));
    Pointer::new([Key::constant(WORKFLOWS), Key::new(id), Key::constant("undo"), name])
}

/// Dispatches the job that undoes what was done last.
pub(super) fn compensate(tx: &mut Tx<'_>, index: &Index, id: &str, plan: &Plan) -> Result<(), Rejection> {
    let workflow = record::of(tx, id).cloned().unwrap_or_default();
    record::set(tx, id, "state", WorkflowState::Compensating.as_str().into())?;
    let last = undo_path(id, undo_len(&workflow));
    let done = tx.at(&last.to_string()).and_then(|part| from_node::<WorkflowStep>(part).ok());
    let Some((done, planned)) = done.and_then(|done| plan.step(&done.id).map(|planned| (done, planned)))
    else {
        return Err(fault(format!("workflow {id}: what is to be undone cannot be read at {last}")));
    };
    let part = WorkflowStep { undo: true, ..done };
    match undo_job(tx, index, (id, planned), &part, &workflow) {
        Ok(job) => record::set(tx, id, "undoing", (&job).into()),
        Err(error) => undone(tx, id, &part, Some(error_of(&part, &error))),
    }
}

fn undo_job(
    tx: &mut Tx<'_>,
    index: &Index,
    (id, planned): (&str, &PlannedStep),
    part: &WorkflowStep,
    workflow: &Node,
) -> Result<callboard_protocol::JobId, JobError> {
    let (step, nothing) = (&planned.step, Node::Null);
    let (Some(template), Some(undo)) = (&planned.undo, &step.compensate) else {
        return Err(JobError::new("internal", "the step has no compensation"));
    };
    let scope = Scope { workflow, item: None, own: None };
    let result = record::step(workflow, &step.id).and_then(|run| run.child("result")).unwrap_or(&nothing);
    let value = part.item.map(|item| (step::item_of(planned, &scope, item), item));
    let own = match part.item {
        Some(item) => result.child(&item.to_string()).unwrap_or(&nothing),
        None => result,
    };
    let scope = Scope { item: value.as_ref().map(|(value, item)| (value, *item)), own: Some(own), ..scope };
    let args = template
        .fill(&scope)
        .map_err(|message| JobError::new("bad_template", format!("compensate.args: {message}")))?;
    let job = DispatchArgs {
        kind: undo.kind.clone(),
        args: Some(args),
        queue: undo.queue.clone().or_else(|| step.queue.clone()),
        title: Some(step::title(workflow, part)),
        max_attempts: undo.max_attempts,
        retry: undo.retry.clone(),
        timeout_ms: undo.timeout_ms,
        ..DispatchArgs::default()
    };
    step::make_job(tx, index, id, part, job)
}

/// What was done last is undone, or cannot be; then the one before it is next.
pub(super) fn undone(
    tx: &mut Tx<'_>,
    id: &str,
    part: &WorkflowStep,
    error: Option<StepError>,
) -> Result<(), Rejection> {
    let Some(workflow) = record::of(tx, id).cloned() else { return Ok(()) };
    tx.remove(undo_path(id, undo_len(&workflow)));
    record::clear(tx, id, "undoing");
    let facts = [("id", id.into()), ("step", part.id.as_str().into())];
    let Some(error) = error else {
        let before = workflow.child("compensated").and_then(Node::as_u64).unwrap_or(0);
        tx.board_event("workflow.compensated", object(facts));
        return record::set(tx, id, "compensated", (before + 1).into());
    };
    tx.board_event("workflow.compensation_failed", object(facts));
    let known =
        workflow.child("compensationErrors").and_then(|errors| from_node::<Vec<StepError>>(errors).ok());
    let mut errors = known.unwrap_or_default();
    if errors.len() >= caps::COMPENSATION_ERRORS {
        return Ok(());
    }
    errors.push(error);
    let errors = to_node(&errors).map_err(|error| fault(error.to_string()))?;
    record::set(tx, id, "compensationErrors", errors)
}

/// The one end of a workflow.
pub(super) fn finish(tx: &mut Tx<'_>, id: &str) -> Result<(), Rejection> {
    let has = |field: &str| record::of(tx, id).is_some_and(|record| record.child(field).is_some());
    let (state, topic) = match (has("error"), has("cancel")) {
        (true, _) => (WorkflowState::Failed, "workflow.failed"),
        (false, true) => (WorkflowState::Cancelled, "workflow.cancelled"),
        (false, false) => (WorkflowState::Succeeded, "workflow.succeeded"),
    };
    record::set(tx, id, "state", state.as_str().into())?;
    let now = to_node(&tx.context.now).map_err(|error| fault(error.to_string()))?;
    record::set(tx, id, "finishedAt", now)?;
    // Nobody undoes it any more.
    record::clear(tx, id, "undo");
    tx.board_event(topic, object([("id", id.into())]));
    let record = record::of(tx, id).cloned().unwrap_or_default();
    tx.effects.push(Effect::SettleWorkflow { id: id.into(), record });
    Ok(())
}
