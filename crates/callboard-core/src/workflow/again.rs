//! `workflows.retry`: a workflow that failed or was cancelled runs again from where it went wrong.
//!
//! What runs again: steps that failed or were cancelled; steps that have a `compensate`, for what they did was undone;
//! steps that are named; and every step that needs one of these. All others keep their results. Of a list only the items
//! without success run again, as long as the list is the same, nothing of it was undone and it is not named.
//!
//! Of a workflow that succeeded nothing was undone, and what could be is forgotten: it runs again only from steps that are
//! named, and only if none that keeps its result has a `compensate`, for a failure could not undo that any more.

use super::{
    Plan, check_room,
    plan::PlannedStep,
    record::{self, WORKFLOWS},
    state_now,
    step::item_key,
};
use crate::{
    index::Index,
    state::object,
    tx::{Tx, fault},
};
use callboard_protocol::{
    Key, Node, Pointer,
    error::{ErrorCode, Rejection},
    from_node, to_node,
    workflow::{StepRun, StepState, Workflow, WorkflowRetryArgs, WorkflowState},
};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub(crate) fn retry(tx: &mut Tx<'_>, index: &Index, args: &WorkflowRetryArgs) -> Result<Node, Rejection> {
    let id = args.id.as_str();
    match state_now(tx, id)? {
        WorkflowState::Failed | WorkflowState::Cancelled => {}
        WorkflowState::Succeeded if !args.from.is_empty() => {}
        WorkflowState::Succeeded => {
            return refuse(id, "has succeeded and has nothing to run again; name steps in `from`");
        }
        _ => return refuse(id, "is under way and cannot be run again; cancel it first"),
    }
    check_room(index)?;
    let record = record::of(tx, id).cloned().unwrap_or_default();
    let workflow: Workflow = from_node(&record)
        .map_err(|error| fault(format!("the record of workflow {id} cannot be read: {error}")))?;
    let plan = Plan::of(&workflow.recipe).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        fault(format!("the recipe of workflow {id} cannot be read: {}", told.join("; ")))
    })?;
    let again = steps_again(&plan, &workflow, named(&plan, &args.from)?);
    check_kept(&plan, &workflow, &again)?;
    // Rounds are counted from 1, and the first was no retry.
    let runs = runs_again(&plan, (&workflow, &args.from), &again, workflow.retries + 2);
    for (step, run) in &runs {
        let at = Pointer::new([WORKFLOWS, id, "steps", step].map(Key::new));
        let run = to_node(run).map_err(|error| fault(error.to_string()))?;
        record::write(tx, id, at, run)?;
    }
    for field in ["error", "cancel", "finishedAt", "compensated", "compensationErrors", "deadline"] {
        record::clear(tx, id, field);
    }
    let now = tx.context.now;
    let deadline = workflow.recipe.deadline_ms.map(|ms| now.plus_ms(ms));
    if let Some(deadline) = deadline {
        record::set(tx, id, "deadline", to_node(&deadline).map_err(|error| fault(error.to_string()))?)?;
    }
    record::set(tx, id, "resultBytes", kept_bytes(&workflow, &runs).into())?;
    record::set(tx, id, "retries", (workflow.retries + 1).into())?;
    record::set(tx, id, "retriedAt", to_node(&now).map_err(|error| fault(error.to_string()))?)?;
    record::set(tx, id, "state", WorkflowState::Running.as_str().into())?;
    let facts = || object([("id", id.into()), ("steps", (runs.len() as u64).into())]);
    tx.board_event("workflow.retried", facts());
    Ok(facts())
}

fn refuse<T>(id: &str, why: &str) -> Result<T, Rejection> {
    Err(Rejection::new(ErrorCode::Conflict, format!("workflow {id:?} {why}")))
}

/// The steps that run again, as they are to be now.
fn runs_again(
    plan: &Plan,
    (workflow, from): (&Workflow, &[String]),
    again: &BTreeSet<usize>,
    round: u32,
) -> BTreeMap<String, StepRun> {
    let run_of = |planned: &PlannedStep| workflow.steps.get(&planned.step.id);
    let mut runs = BTreeMap::new();
    for index in again {
        let planned = &plan.steps[*index];
        let is_whole = planned.undo.is_some() || from.contains(&planned.step.id);
        let can_keep = !is_whole && planned.needs.is_disjoint(again);
        let kept = run_of(planned).filter(|_| can_keep).and_then(|run| items_again(planned, run));
        let run = StepRun { round, ..kept.unwrap_or_default() };
        runs.insert(planned.step.id.clone(), run);
    }
    runs
}

/// The places of the steps that are named.
fn named(plan: &Plan, from: &[String]) -> Result<BTreeSet<usize>, Rejection> {
    let place = |name: &String| {
        plan.steps.iter().position(|planned| planned.step.id == *name).ok_or_else(|| {
            let known: Vec<&str> =
                plan.steps.iter().map(|planned| planned.step.id.as_str()).take(20).collect();
            let shown: String = name.chars().take(40).collect();
            let message = format!("from: there is no step {shown:?}; there are {}", known.join(", "));
            Rejection::new(ErrorCode::InvalidArgs, message)
        })
    };
    from.iter().map(place).collect()
}

/// What was done and stays must be something that need not be undone.
fn check_kept(plan: &Plan, workflow: &Workflow, again: &BTreeSet<usize>) -> Result<(), Rejection> {
    let is_done = |planned: &PlannedStep| {
        workflow.steps.get(&planned.step.id).is_some_and(|run| run.state == StepState::Succeeded)
    };
    let kept = plan.steps.iter().enumerate().filter(|(index, _)| !again.contains(index));
    let mut kept = kept.map(|(_, planned)| planned);
    match kept.find(|planned| planned.undo.is_some() && is_done(planned)) {
        None => Ok(()),
        Some(planned) => refuse(
            &workflow.id,
            &format!(
                "has succeeded: what step {:?} did could not be undone any more; name it in `from`, too",
                planned.step.id
            ),
        ),
    }
}

/// The named ones, those that must, and all that need one of these.
fn steps_again(plan: &Plan, workflow: &Workflow, named: BTreeSet<usize>) -> BTreeSet<usize> {
    // Nothing of a workflow that succeeded was undone, and what failed in it was allowed to.
    let has_succeeded = workflow.state == WorkflowState::Succeeded;
    let is_root = |planned: &PlannedStep| {
        let state = workflow.steps.get(&planned.step.id).map(|run| run.state).unwrap_or_default();
        match state {
            _ if has_succeeded => false,
            StepState::Skipped => false,
            StepState::Succeeded => planned.undo.is_some(),
            _ => true,
        }
    };
    let all = plan.steps.iter().enumerate();
    let mut again = named;
    again.extend(all.clone().filter(|(_, planned)| is_root(planned)).map(|(index, _)| index));
    loop {
        let before = again.len();
        let more: Vec<usize> = all
            .clone()
            .filter(|(_, planned)| !planned.needs.is_disjoint(&again))
            .map(|(index, _)| index)
            .collect();
        again.extend(more);
        if again.len() == before {
            return again;
        }
    }
}

/// A list of which only the items without success run again; `None` when that would be all of them.
fn items_again(planned: &PlannedStep, run: &StepRun) -> Option<StepRun> {
    let items = run.items?;
    let mut done: BTreeSet<u32> = (0..items).collect();
    let again = &run.again;
    let first = items.saturating_sub(again.len() as u32);
    let nth = |n: u32| if again.is_empty() { Some(n) } else { again.get((n - first) as usize).copied() };
    for item in (run.jobs.max(if again.is_empty() { 0 } else { first })..items).filter_map(nth) {
        done.remove(&item);
    }
    done.retain(|item| !run.item_errors.contains_key(&item_key(*item)));
    // Nothing to keep, or nothing to run: it begins anew.
    if done.is_empty() || done.len() == items as usize {
        return None;
    }
    let kept = done.len() as u32;
    let result = |item: u32| run.result.as_ref()?.child(&item.to_string()).filter(|result| !result.is_null());
    let results: BTreeMap<String, Node> = done
        .iter()
        .filter_map(|item| Some((item_key(*item), result(*item)?.clone())))
        .filter(|_| planned.is_read || planned.is_last)
        .collect();
    Some(StepRun {
        state: StepState::Running,
        jobs: kept,
        succeeded: kept,
        stopped: kept,
        items: Some(items),
        again: (0..items).filter(|item| !done.contains(item)).collect(),
        results: (!results.is_empty()).then_some(results),
        started_at: run.started_at,
        ..StepRun::default()
    })
}

/// Bytes of the results that stay.
fn kept_bytes(workflow: &Workflow, runs: &BTreeMap<String, StepRun>) -> u64 {
    let kept = workflow.steps.iter().map(|(id, run)| runs.get(id).unwrap_or(run));
    let bytes = |run: &StepRun| {
        let items = run.results.iter().flat_map(BTreeMap::values).map(Node::json_len).sum::<usize>();
        items + run.result.as_ref().map_or(0, Node::json_len)
    };
    kept.map(bytes).sum::<usize>() as u64
}
