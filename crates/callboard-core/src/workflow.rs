//! Workflows: recipes are begun, their steps become jobs, ends of jobs move them on.
//!
//! All that is known of a workflow is its record, so a crash loses nothing: [`next`] says from the record alone what is
//! to be done, the index remembers who has something to do, and [`crate::Core::advance`] does one small thing at a
//! time. The end of a job is written into the record by the very change that ends the job.

mod again;
mod condition;
mod late;
mod next;
mod place;
mod plan;
mod record;
mod step;
mod stop;
mod template;

use crate::{
    check,
    index::Index,
    request::Stored,
    state::object,
    tx::{Tx, fault},
};
pub(crate) use again::retry;
use callboard_protocol::{
    JobId, Key, Node, caps,
    error::{ErrorCode, Rejection},
    job::{CancelCause, CancelInfo, check_id, clip},
    to_node,
    workflow::{
        Problem, Recipe, StepRun, Workflow, WorkflowArgs, WorkflowCancelArgs, WorkflowState, WorkflowStep,
    },
};
pub(crate) use late::miss_deadline;
pub(crate) use next::Next;
pub(crate) use plan::Plan;
pub use plan::check_recipe;
pub(crate) use record::{WORKFLOWS, deadline_of, state_of};
use std::{collections::BTreeMap, sync::Arc};

/// The end of a job that is part of a workflow, told when the change that ends it is complete.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) workflow: Arc<str>,
    /// The job's record as it ended.
    pub(crate) record: Node,
}

/// The name of a job of a step.
pub fn job_of(workflow: &str, step: &WorkflowStep) -> JobId {
    let item = step.item.map(|item| format!(":{item}")).unwrap_or_default();
    let undo = if step.undo { ":undo" } else { "" };
    // No step's name has a point in it.
    let round = if step.round == 0 { String::new() } else { format!(".{}", step.round) };
    JobId::new(format!("{workflow}:{}{round}{item}{undo}", step.id))
}

/// `workflows.start`.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    index: &Index,
    args: WorkflowArgs,
    stored: Stored<'_>,
) -> Result<Node, Rejection> {
    let Some(id) = args.id else {
        return check::invalid("id: the board must give every workflow an id before it is decided");
    };
    check_name(&id)?;
    check_sizes(&args.recipe, args.input.as_ref())?;
    plan::check_recipe(&args.recipe).map_err(|problems| refused_recipe(&problems))?;
    let first = args.recipe.steps.iter().map(|step| WorkflowStep {
        id: step.id.clone(),
        item: None,
        undo: false,
        round: 0,
    });
    let was_there = first.into_iter().any(|part| {
        let list = WorkflowStep { item: Some(0), ..part.clone() };
        [part, list]
            .iter()
            .map(|part| job_of(&id, part))
            .any(|job| index.job(&job).is_some() || stored.get(&job).is_some())
    });
    if was_there || record::of(tx, &id).is_some() {
        let message = format!("there is or was a workflow {id:?}, or jobs with the names of its jobs");
        return Err(Rejection::new(ErrorCode::Conflict, message));
    }
    check_room(index)?;
    let name = args.recipe.name.clone();
    let deadline = args.recipe.deadline_ms.map(|ms| tx.context.now.plus_ms(ms));
    let waiting = args.recipe.steps.iter().map(|step| (step.id.clone(), StepRun::default()));
    let workflow = Workflow {
        id: id.clone(),
        name: name.clone(),
        state: WorkflowState::Running,
        input: input(&args.recipe, args.input),
        steps: waiting.collect::<BTreeMap<_, _>>(),
        recipe: args.recipe,
        error: None,
        cancel: None,
        undo: BTreeMap::new(),
        undoing: None,
        compensated: 0,
        compensation_errors: Vec::new(),
        result_bytes: 0,
        created_at: tx.context.now,
        created_by: tx.context.actor.clone(),
        deadline,
        retries: 0,
        retried_at: None,
        finished_at: None,
    };
    let record = to_node(&workflow).map_err(|error| fault(error.to_string()))?;
    tx.put_in(WORKFLOWS, Key::new(&id), record)?;
    tx.workflows.push(Key::new(&id));
    tx.board_event("workflow.started", object([("id", id.as_str().into()), ("name", name.into())]));
    Ok(object([("id", id.into())]))
}

/// `workflows.cancel`: again it changes nothing, and what has ended stays ended.
pub(crate) fn cancel(tx: &mut Tx<'_>, args: WorkflowCancelArgs) -> Result<Node, Rejection> {
    let id = args.id;
    let state = state_now(tx, &id)?;
    if matches!(state, WorkflowState::Succeeded | WorkflowState::Failed) {
        let message = format!("workflow {id:?} has {} and cannot be cancelled", state.as_str());
        return Err(Rejection::new(ErrorCode::Conflict, message));
    }
    if state != WorkflowState::Running {
        return Ok(object([("state", state.as_str().into())]));
    }
    let info = CancelInfo {
        requested_at: tx.context.now,
        by: tx.context.actor.clone(),
        reason: args.reason.map(|reason| clip(&reason).into()),
        cause: CancelCause::User,
    };
    let info = to_node(&info).map_err(|error| fault(error.to_string()))?;
    record::set(tx, &id, "cancel", info)?;
    stop::begin(tx, &id)?;
    Ok(object([("state", WorkflowState::Stopping.as_str().into())]))
}

/// `workflows.delete`: takes a workflow that has ended out of the state; its jobs go by their own.
pub(crate) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<Node, Rejection> {
    let state = state_now(tx, id)?;
    if !state.is_terminal() {
        let message = format!("workflow {id:?} is {} and cannot be deleted; cancel it first", state.as_str());
        return Err(Rejection::new(ErrorCode::Conflict, message));
    }
    retire(tx, id)?;
    Ok(object([("id", id.into())]))
}

/// Where a workflow is that somebody names.
fn state_now(tx: &Tx<'_>, id: &str) -> Result<WorkflowState, Rejection> {
    record::of(tx, id).and_then(state_of).ok_or_else(|| {
        let shown: String = id.chars().take(40).collect();
        Rejection::new(ErrorCode::NotFound, format!("there is no workflow {shown:?} in the live state"))
    })
}

/// Whether one more may be under way.
fn check_room(index: &Index) -> Result<(), Rejection> {
    if index.workflows.active() < caps::WORKFLOWS {
        return Ok(());
    }
    let message = format!("{} workflows are under way; try again when some have ended", caps::WORKFLOWS);
    Err(Rejection::new(ErrorCode::Overloaded, message))
}

/// Writes ends of jobs into the records of their workflows, in the change in which the jobs end.
pub(crate) fn follow(tx: &mut Tx<'_>, index: &Index) -> Result<(), Rejection> {
    while let Some(Ended { workflow, record }) = tx.ended.pop() {
        // A job may outlive its workflow's record, or be run again by hand.
        let Some(plan) = index.workflows.plan(&workflow) else { continue };
        step::ended(tx, &workflow, &plan, &record)?;
    }
    Ok(())
}

/// Does the next small thing that a workflow has to do.
pub(crate) fn proceed(tx: &mut Tx<'_>, index: &Index, id: &str) -> Result<Node, Rejection> {
    let (Some(plan), Some(record)) = (index.workflows.plan(id), record::of(tx, id)) else {
        return Ok(Node::Null);
    };
    let Some(next) = Next::of(&plan, record) else { return Ok(Node::Null) };
    match next {
        Next::Begin(at) => step::begin(tx, index, id, &plan.steps[at])?,
        Next::Dispatch(at) => step::dispatch_next(tx, index, id, &plan.steps[at])?,
        Next::Stop(at) => stop::stop(tx, id, &plan.steps[at])?,
        Next::Compensate => stop::compensate(tx, index, id, &plan)?,
        Next::Finish => stop::finish(tx, id)?,
    }
    tx.workflows.push(Key::new(id));
    Ok(Node::Null)
}

/// Takes a workflow away whose time is over; its jobs go by their own.
pub(crate) fn retire(tx: &mut Tx<'_>, id: &str) -> Result<Node, Rejection> {
    forget(tx, id);
    tx.board_event("workflow.deleted", object([("id", id.into())]));
    Ok(Node::Null)
}

/// Takes a workflow out of the state.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &str) {
    tx.remove(crate::state::in_domain(WORKFLOWS, Key::new(id)));
    tx.workflows.push(Key::new(id));
}

/// Whether the workflow of a job has not ended.
pub(crate) fn is_active(tx: &Tx<'_>, id: &str) -> bool {
    record::of(tx, id).and_then(state_of).is_some_and(|state| !state.is_terminal())
}

fn check_name(id: &str) -> Result<(), Rejection> {
    check_id("id", id)?;
    if id.len() > caps::WORKFLOW_ID_BYTES || id.contains(':') {
        let message =
            format!("id: at most {} bytes without ':', its jobs are named after it", caps::WORKFLOW_ID_BYTES);
        return check::invalid(message);
    }
    Ok(())
}

fn check_sizes(recipe: &Recipe, input: Option<&Node>) -> Result<(), Rejection> {
    let recipe = to_node(recipe).map_err(|error| fault(error.to_string()))?;
    for (name, node) in [("recipe", Some(&recipe)), ("input", input)] {
        let Some(node) = node else { continue };
        if node.json_len() > caps::RECIPE_BYTES || node.depth() > caps::JSON_DEPTH {
            let message = format!(
                "{name}: at most {} bytes and {} levels; give large things by reference",
                caps::RECIPE_BYTES,
                caps::JSON_DEPTH
            );
            return Err(Rejection::new(ErrorCode::TooLarge, message));
        }
    }
    if input.is_some_and(|input| input.as_object().is_none()) {
        return check::invalid("input: it must be an object");
    }
    Ok(())
}

/// The members given now take the place of those in the recipe.
fn input(recipe: &Recipe, given: Option<Node>) -> Node {
    let mut members = recipe.input.as_ref().and_then(Node::as_object).cloned().unwrap_or_default();
    for (name, value) in given.as_ref().and_then(Node::as_object).into_iter().flat_map(|given| given.iter()) {
        members.insert(name.clone(), value.clone());
    }
    members.into()
}

/// The rejection of a recipe: all problems in one sentence, and one by one in the details.
pub fn refused_recipe(problems: &[Problem]) -> Rejection {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let details = to_node(problems).ok().map(|problems| object([("problems", problems)]));
    Rejection { details, ..Rejection::new(ErrorCode::InvalidArgs, format!("recipe: {}", told.join("; "))) }
}
