//! Steps: begun, dispatched item by item, ended with their last job.

use super::{
    Plan, job_of,
    place::Scope,
    plan::PlannedStep,
    record::{self, count, error_of, set_step, state_of_step, undo_len},
    stop,
};
use crate::{dispatch, index::Index, request::Stored, state::object, tx::Tx};
use callboard_protocol::{
    JobId, Key, Node, Object, Pointer, caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::{DispatchArgs, JobError, JobState},
    to_node,
    workflow::{OnFailure, StepError, StepState, WorkflowState, WorkflowStep},
};

/// How a job of a step ended, or why there was none.
enum Outcome {
    Succeeded(Node),
    Failed(StepError),
}

/// Begins a step: skips it, dispatches its job, or reads its list.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    index: &Index,
    id: &str,
    planned: &PlannedStep,
) -> Result<(), Rejection> {
    let (step, workflow) = (&planned.step, record::of(tx, id).cloned().unwrap_or_default());
    let scope = Scope { workflow: &workflow, item: None, own: None };
    if planned.when.as_ref().is_some_and(|when| !when.holds(&scope)) {
        return settle(tx, id, &planned.step.id, StepState::Skipped);
    }
    set_step(tx, (id, &step.id), "startedAt", &tx.context.now)?;
    let Some(list) = &planned.list else {
        set_step(tx, (id, &step.id), "state", &StepState::Running)?;
        let part = record::part(&workflow, &step.id, None);
        return dispatch_part(tx, index, (id, planned), part, &scope);
    };
    let items = match list.fill(&scope) {
        Ok(Node::Array(items)) if items.len() <= caps::STEP_ITEMS => items.len() as u32,
        Ok(Node::Array(items)) => {
            let message = format!("forEach: {} items are more than {}", items.len(), caps::STEP_ITEMS);
            return cannot_begin(tx, id, planned, ("too_large", message));
        }
        Ok(_) => return cannot_begin(tx, id, planned, ("bad_template", "forEach: it is no list".into())),
        Err(message) => {
            return cannot_begin(tx, id, planned, ("bad_template", format!("forEach: {message}")));
        }
    };
    set_step(tx, (id, &step.id), "items", &items)?;
    if items > 0 {
        return set_step(tx, (id, &step.id), "state", &StepState::Running);
    }
    set_step(tx, (id, &step.id), "result", &Node::from(Vec::new()))?;
    settle(tx, id, &planned.step.id, StepState::Succeeded)
}

fn cannot_begin(
    tx: &mut Tx<'_>,
    id: &str,
    planned: &PlannedStep,
    (code, message): (&str, String),
) -> Result<(), Rejection> {
    let round = record::of(tx, id).map_or(0, |record| count(record, &planned.step.id, "round"));
    let part = WorkflowStep { id: planned.step.id.clone(), item: None, undo: false, round };
    let error = error_of(&part, &JobError::new(code, message));
    set_step(tx, (id, &part.id), "error", &error)?;
    settle(tx, id, &planned.step.id, StepState::Failed)?;
    fail_workflow(tx, id, planned, &error)
}

/// Dispatches the job of the next item of a list.
pub(super) fn dispatch_next(
    tx: &mut Tx<'_>,
    index: &Index,
    id: &str,
    planned: &PlannedStep,
) -> Result<(), Rejection> {
    let workflow = record::of(tx, id).cloned().unwrap_or_default();
    let step = &planned.step.id;
    let item = record::nth_item(&workflow, step, count(&workflow, step, "jobs"));
    let scope = Scope { workflow: &workflow, item: None, own: None };
    let value = item_of(planned, &scope, item);
    let scope = Scope { item: Some((&value, item)), ..scope };
    let part = record::part(&workflow, step, Some(item));
    dispatch_part(tx, index, (id, planned), part, &scope)
}

/// An item of the list; what the list was made of has not changed since the step began.
pub(super) fn item_of(planned: &PlannedStep, scope: &Scope<'_>, item: u32) -> Node {
    match planned.list.as_ref().map(|list| list.fill(scope)) {
        Some(Ok(Node::Array(items))) => items.get(item as usize).cloned().unwrap_or_default(),
        _ => Node::Null,
    }
}

fn dispatch_part(
    tx: &mut Tx<'_>,
    index: &Index,
    (id, planned): (&str, &PlannedStep),
    part: WorkflowStep,
    scope: &Scope<'_>,
) -> Result<(), Rejection> {
    let step = &planned.step;
    let jobs = record::of(tx, id).map_or(0, |record| count(record, &step.id, "jobs"));
    set_step(tx, (id, &step.id), "jobs", &(jobs + 1))?;
    let job = DispatchArgs {
        kind: step.kind.clone(),
        queue: step.queue.clone(),
        priority: step.priority,
        title: Some(step.title.clone().unwrap_or_else(|| title(scope.workflow, &part))),
        concurrency_key: step.concurrency_key.clone(),
        max_attempts: step.max_attempts,
        retry: step.retry.clone(),
        timeout_ms: step.timeout_ms,
        ..DispatchArgs::default()
    };
    let filled =
        planned.args.fill(scope).map_err(|message| JobError::new("bad_template", format!("args: {message}")));
    match filled.and_then(|args| make_job(tx, index, id, &part, DispatchArgs { args: Some(args), ..job })) {
        Ok(_) => Ok(()),
        Err(error) => part_ended(tx, (id, planned), &part, Outcome::Failed(error_of(&part, &error))),
    }
}

/// What a job is called by people.
pub(super) fn title(workflow: &Node, part: &WorkflowStep) -> String {
    let name = workflow.child("name").and_then(Node::as_str).unwrap_or_default();
    let item = part.item.map(|item| format!(" #{item}")).unwrap_or_default();
    let undo = if part.undo { "undo " } else { "" };
    format!("{name}: {undo}{}{item}", part.id)
}

/// Dispatches a job of a workflow; that it is refused is told as the job's error.
pub(super) fn make_job(
    tx: &mut Tx<'_>,
    index: &Index,
    id: &str,
    part: &WorkflowStep,
    args: DispatchArgs,
) -> Result<JobId, JobError> {
    let name = job_of(id, part);
    let told = |rejection: Rejection| JobError::new(&code_of(rejection.code), rejection.message);
    let args = DispatchArgs { id: Some(name.clone()), ..args };
    dispatch::dispatch(tx, index, args, Stored::NONE).map_err(told)?;
    tx.set_field(&name, "workflowId", id.into()).map_err(told)?;
    tx.put_field(&name, "workflowStep", part).map_err(told)?;
    Ok(name)
}

fn code_of(code: ErrorCode) -> String {
    let code = to_node(&code).ok();
    code.as_ref().and_then(Node::as_str).unwrap_or("internal").to_owned()
}

/// A job of a workflow has ended.
pub(super) fn ended(tx: &mut Tx<'_>, id: &str, plan: &Plan, job: &Node) -> Result<(), Rejection> {
    let part = job.child("workflowStep").and_then(|part| from_node::<WorkflowStep>(part).ok());
    let Some((part, planned)) = part.and_then(|part| plan.step(&part.id).map(|planned| (part, planned)))
    else {
        return Ok(());
    };
    if !is_awaited(tx, id, &part, job) {
        return Ok(());
    }
    let state = job.child("state").and_then(|state| JobState::parse(state.as_str()?));
    let outcome = match state {
        Some(JobState::Succeeded) => Outcome::Succeeded(job.child("result").cloned().unwrap_or_default()),
        Some(JobState::Cancelled) => {
            Outcome::Failed(error_of(&part, &JobError::new("cancelled", "the job was cancelled")))
        }
        _ => {
            let error = job.child("error").and_then(|error| from_node::<JobError>(error).ok());
            let error = error.unwrap_or_else(|| JobError::new("failed", "the job failed"));
            Outcome::Failed(error_of(&part, &error))
        }
    };
    if part.undo {
        return stop::undone(
            tx,
            id,
            &part,
            match outcome {
                Outcome::Succeeded(_) => None,
                Outcome::Failed(error) => Some(error),
            },
        );
    }
    part_ended(tx, (id, planned), &part, outcome)
}

/// Whether the workflow waits for this very job: one of an earlier round may be run again by hand and end at any time.
fn is_awaited(tx: &Tx<'_>, id: &str, part: &WorkflowStep, job: &Node) -> bool {
    let Some(workflow) = record::of(tx, id) else { return false };
    if part.undo {
        return workflow.child("undoing").is_some_and(|undoing| Some(undoing) == job.child("id"));
    }
    part.round == count(workflow, &part.id, "round")
}

/// Takes the end of one job of a step into the record.
fn part_ended(
    tx: &mut Tx<'_>,
    (id, planned): (&str, &PlannedStep),
    part: &WorkflowStep,
    outcome: Outcome,
) -> Result<(), Rejection> {
    let at = (id, part.id.as_str());
    if record::of(tx, id).is_none_or(|record| state_of_step(record, &part.id) != StepState::Running) {
        return Ok(());
    }
    let outcome = match outcome {
        Outcome::Succeeded(result) => {
            if planned.undo.is_some() {
                push_undo(tx, id, part)?;
            }
            match keep(tx, (id, planned), part, result)? {
                None => Outcome::Succeeded(Node::Null),
                Some(error) => Outcome::Failed(error),
            }
        }
        failed => failed,
    };
    if part.item.is_some() {
        let field = if matches!(outcome, Outcome::Succeeded(_)) { "succeeded" } else { "failed" };
        let before = record::of(tx, id).map_or(0, |record| count(record, &part.id, field));
        set_step(tx, at, field, &(before + 1))?;
    }
    if let (Some(item), Outcome::Failed(error)) = (part.item, &outcome) {
        put_item(tx, at, ("itemErrors", item), error.code.as_str().into())?;
    }
    let failed = match &outcome {
        Outcome::Failed(error) => Some(error),
        Outcome::Succeeded(_) => None,
    };
    // What ends because it was stopped is no error of its own.
    let is_running = record::of(tx, id).and_then(record::state_of) == Some(WorkflowState::Running);
    if let Some(error) = failed.filter(|_| is_running)
        && record::of(tx, id).and_then(|record| record::step(record, &part.id)?.child("error")).is_none()
    {
        set_step(tx, at, "error", error)?;
    }
    settle_when_done(tx, id, planned, failed.is_some())?;
    failed.map_or(Ok(()), |error| fail_workflow(tx, id, planned, error))
}

/// Ends a step whose jobs have all ended.
fn settle_when_done(tx: &mut Tx<'_>, id: &str, planned: &PlannedStep, failed: bool) -> Result<(), Rejection> {
    let Some(workflow) = record::of(tx, id) else { return Ok(()) };
    let step = &planned.step.id;
    let has_error = record::step(workflow, step).is_some_and(|run| run.child("error").is_some());
    let failed_state = if has_error { StepState::Failed } else { StepState::Cancelled };
    if planned.list.is_none() {
        return settle(tx, id, step, if failed { failed_state } else { StepState::Succeeded });
    }
    let number = |field| count(workflow, step, field);
    let (jobs, items, bad) = (number("jobs"), number("items"), number("failed"));
    let is_running = record::state_of(workflow) == Some(WorkflowState::Running);
    if number("succeeded") + bad < jobs || (is_running && jobs < items) {
        return Ok(());
    }
    gather(tx, (id, step), planned.is_read)?;
    let all_well = bad == 0 && jobs == items;
    settle(tx, id, step, if all_well { StepState::Succeeded } else { failed_state })
}

/// Ends steps with a list of which no job is under way: none will end that could end them.
pub(super) fn settle_idle(tx: &mut Tx<'_>, id: &str) -> Result<(), Rejection> {
    let Some(workflow) = record::of(tx, id).cloned() else { return Ok(()) };
    let steps = workflow.child("steps").and_then(Node::as_object);
    for step in steps.into_iter().flat_map(Object::keys) {
        let number = |field| count(&workflow, step, field);
        let is_idle = number("jobs") == number("succeeded") + number("failed");
        if state_of_step(&workflow, step) != StepState::Running || number("items") == 0 || !is_idle {
            continue;
        }
        gather(tx, (id, step), false)?;
        let has_error = record::step(&workflow, step).is_some_and(|run| run.child("error").is_some());
        settle(tx, id, step, if has_error { StepState::Failed } else { StepState::Cancelled })?;
    }
    Ok(())
}

/// Puts the results of the items into one array, in the order of the list.
fn gather(tx: &mut Tx<'_>, (id, step): (&str, &str), is_read: bool) -> Result<(), Rejection> {
    let Some(workflow) = record::of(tx, id) else { return Ok(()) };
    let results = record::step(workflow, step).and_then(|run| run.child("results")).cloned();
    let of_item = |item| results.as_ref().and_then(|results| results.child(&item_key(item))).cloned();
    if results.is_none() && !is_read {
        return Ok(());
    }
    let list: Vec<Node> =
        (0..count(workflow, step, "items")).map(|item| of_item(item).unwrap_or_default()).collect();
    tx.remove(record::step_field(id, step, "results"));
    set_step(tx, (id, step), "result", &Node::from(list))
}

/// How an item is known where things are kept item by item.
pub(super) fn item_key(item: u32) -> String {
    format!("i{item}")
}

/// Keeps something of an item.
fn put_item(
    tx: &mut Tx<'_>,
    (id, step): (&str, &str),
    (field, item): (&'static str, u32),
    value: Node,
) -> Result<(), Rejection> {
    let items = record::step_field(id, step, field);
    if record::of(tx, id).and_then(|record| record::step(record, step)?.child(field)).is_none() {
        record::write(tx, id, items.clone(), Node::object())?;
    }
    let at = Pointer::new(items.segments().iter().cloned().chain([Key::new(&item_key(item))]));
    record::write(tx, id, at, value)
}

/// Keeps a result that somebody reads, or that is small and may be shown.
fn keep(
    tx: &mut Tx<'_>,
    (id, planned): (&str, &PlannedStep),
    part: &WorkflowStep,
    result: Node,
) -> Result<Option<StepError>, Rejection> {
    let size = result.json_len();
    let is_shown = planned.is_last && size <= caps::SHOWN_RESULT_BYTES;
    if result.is_null() || !(planned.is_read || is_shown) {
        return Ok(None);
    }
    let before = record::of(tx, id).and_then(|record| record.child("resultBytes")?.as_u64()).unwrap_or(0);
    let bytes = before + size as u64;
    if bytes > caps::WORKFLOW_RESULT_BYTES as u64 {
        let limit = caps::WORKFLOW_RESULT_BYTES;
        let message =
            format!("the results of the workflow are over {limit} bytes; pass large things as artifacts");
        return Ok(planned.is_read.then(|| error_of(part, &JobError::new("too_large", message))));
    }
    record::set(tx, id, "resultBytes", bytes.into())?;
    let Some(item) = part.item else {
        set_step(tx, (id, &part.id), "result", &result)?;
        return Ok(None);
    };
    put_item(tx, (id, &part.id), ("results", item), result)?;
    Ok(None)
}

fn push_undo(tx: &mut Tx<'_>, id: &str, part: &WorkflowStep) -> Result<(), Rejection> {
    let record = record::of(tx, id);
    let depth = record.map_or(0, undo_len);
    if record.is_none_or(|record| record.child("undo").is_none()) {
        record::set(tx, id, "undo", Node::object())?;
    }
    let part = to_node(part).map_err(|error| crate::tx::fault(error.to_string()))?;
    record::write(tx, id, stop::undo_path(id, depth + 1), part)
}

/// The one end of a step.
fn settle(tx: &mut Tx<'_>, id: &str, step: &str, state: StepState) -> Result<(), Rejection> {
    set_step(tx, (id, step), "state", &state)?;
    set_step(tx, (id, step), "finishedAt", &tx.context.now)?;
    let facts = [("id", id.into()), ("step", step.into()), ("state", state.as_str().into())];
    tx.board_event("workflow.step", object(facts));
    Ok(())
}

/// The workflow fails with a step that it cannot do without; the first one counts.
fn fail_workflow(
    tx: &mut Tx<'_>,
    id: &str,
    planned: &PlannedStep,
    error: &StepError,
) -> Result<(), Rejection> {
    let is_running = record::of(tx, id).and_then(record::state_of) == Some(WorkflowState::Running);
    if !is_running || planned.step.on_failure == Some(OnFailure::Continue) {
        return Ok(());
    }
    let error = to_node(error).map_err(|error| crate::tx::fault(error.to_string()))?;
    record::set(tx, id, "error", error)?;
    stop::begin(tx, id)
}
