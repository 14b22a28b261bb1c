//! Jobs that wait for others: pending until all have succeeded.
//!
//! A finished job stays in the live state until everybody who waits for it has heard of it, one change each, so that
//! neither a crash nor ten thousand dependents can lose or delay anything.

use crate::{
    finish::conclude,
    request::{self, Stored},
    table::{Cell, JobEvent, transition},
    tx::Tx,
};
use callboard_protocol::{
    JobId, Node, Time,
    command::CancelArgs,
    error::{ErrorCode, Rejection},
    from_node,
    job::{CancelCause, CancelInfo, DependencyPolicy, DispatchArgs, JobError, JobState},
};

/// What a new job has to wait for.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Jobs of the live state that have not succeeded.
    pub(crate) waiting_for: Vec<JobId>,
    /// A job of the store that has not succeeded and never will.
    pub(crate) broken: Option<JobId>,
}

/// Looks up what a job depends on.
///
/// # Errors
/// `invalid_args` when it depends on itself, `not_found` when there is no such job.
pub(crate) fn needs(
    tx: &Tx<'_>,
    id: &JobId,
    args: &DispatchArgs,
    stored: Stored<'_>,
) -> Result<Needs, Rejection> {
    let mut needs = Needs::default();
    let ignores = args.on_dependency_failure == Some(DependencyPolicy::Ignore);
    for on in &args.depends_on {
        if on == id {
            let message = format!("dependsOn: job {:?} cannot wait for itself", id.as_str());
            return Err(Rejection::new(ErrorCode::InvalidArgs, message));
        }
        let live = tx.record(on);
        // What the store has is final; what was live a moment ago and is not any more will be found there.
        let old =
            || stored.get(on).filter(|record| state_of(record).is_some_and(|state| state.is_terminal()));
        let state = live.or_else(old).and_then(state_of);
        match state {
            None => {
                let message = format!("dependsOn: there is no job {:?}", on.as_str());
                return Err(Rejection::new(ErrorCode::NotFound, message));
            }
            Some(JobState::Succeeded) => {}
            Some(_) if live.is_none() && ignores => {}
            Some(_) if live.is_none() => needs.broken = Some(on.clone()),
            Some(_) if needs.waiting_for.contains(on) => {}
            Some(_) => needs.waiting_for.push(on.clone()),
        }
    }
    Ok(needs)
}

/// Tells one job that another, which it waits for, has ended.
pub(crate) fn settle(tx: &mut Tx<'_>, on: &JobId, waiter: &JobId) -> Result<Node, Rejection> {
    let job = tx.job(waiter)?;
    let succeeded = tx.record(on).and_then(state_of) == Some(JobState::Succeeded);
    if !succeeded && job.on_dependency_failure != Some(DependencyPolicy::Ignore) {
        break_off(tx, waiter, on)?;
        return Ok(Node::Null);
    }
    let left: Vec<JobId> = job.waiting_for.into_iter().filter(|other| other != on).collect();
    if !left.is_empty() {
        tx.put_field(waiter, "waitingFor", &left)?;
        return Ok(Node::Null);
    }
    tx.clear_fields(waiter, ["waitingFor"])?;
    if !job.hold {
        let_go(tx, waiter, job.state, job.scheduled_at)?;
    }
    Ok(Node::Null)
}

/// Cancels a job because the one that started it was called off.
pub(crate) fn call_off(tx: &mut Tx<'_>, parent: &JobId, child: JobId) -> Result<Node, Rejection> {
    let reason = Some(format!("job {:?}, which started it, was cancelled", parent.as_str()));
    request::cancel(tx, CancelArgs { id: child, reason })
}

/// A pending job goes on: to its time when that lies ahead, else to the queue.
pub(crate) fn let_go(
    tx: &mut Tx<'_>,
    id: &JobId,
    state: JobState,
    scheduled_at: Option<Time>,
) -> Result<(), Rejection> {
    let is_early = scheduled_at.is_some_and(|at| at > tx.context.now);
    let event = if is_early { JobEvent::Postpone } else { JobEvent::Release };
    let Cell::To(next) = transition(state, event) else { return Ok(()) };
    if !is_early {
        tx.clear_fields(id, ["scheduledAt"])?;
    }
    tx.move_job(id, state, next)?;
    tx.event("job.released", id, Node::Null);
    Ok(())
}

/// Ends a job that waited for one that did not succeed, as it said it should.
pub(crate) fn break_off(tx: &mut Tx<'_>, id: &JobId, on: &JobId) -> Result<(), Rejection> {
    let job = tx.job(id)?;
    let why = format!("job {:?}, which it depends on, did not succeed", on.as_str());
    let event = match job.on_dependency_failure.unwrap_or_default() {
        DependencyPolicy::Cancel => JobEvent::AskCancel,
        DependencyPolicy::Fail | DependencyPolicy::Ignore => JobEvent::LoseDependency,
    };
    let Cell::To(next) = transition(job.state, event) else { return Ok(()) };
    if event == JobEvent::AskCancel {
        let info = CancelInfo {
            requested_at: tx.context.now,
            by: tx.context.actor.clone(),
            reason: Some(why),
            cause: CancelCause::User,
        };
        tx.put_field(id, "cancel", &info)?;
    } else {
        tx.put_field(id, "error", &JobError::new("dependency_failed", why))?;
    }
    conclude(tx, id, (job.state, next))
}

fn state_of(record: &Node) -> Option<JobState> {
    from_node(record.child("state")?).ok()
}
