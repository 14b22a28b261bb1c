//! Commands from outside.

use crate::{
    configure,
    core::Core,
    dispatch, domains, finish,
    index::Index,
    input::{Archived, Context, Decided, Effect},
    queues, retain, schedule,
    state::{in_domain, object},
    summary,
    table::{Cell, JobEvent, transition},
    things,
    tx::{Tx, fault, no_job},
    unique, update, workflow,
};
use callboard_protocol::{
    JobId, Key, Node,
    command::{CancelArgs, Command},
    error::{ErrorCode, Rejection},
    from_node,
    job::{CancelCause, CancelInfo, Job, JobState, clip},
};

/// Records of jobs that a command names and that only the store has.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a>(&'a [Node]);

impl<'a> Stored<'a> {
    pub(crate) const NONE: Stored<'static> = Stored(&[]);

    pub(crate) fn get(&self, id: &JobId) -> Option<&'a Node> {
        self.0.iter().find(|record| record.child("id").and_then(Node::as_str) == Some(id.as_str()))
    }
}

impl Core {
    pub(crate) fn request(
        &mut self,
        command: Command,
        stored: &[Node],
        context: &Context,
    ) -> Result<Decided, Rejection> {
        if let Command::Configure(args) = command {
            let start = self.start.clone();
            return self.change(context, |tx, _| configure::set(tx, &args, &start));
        }
        let stored = Stored(stored);
        let projections = self.projections.clone();
        self.change(context, |tx, index| match command {
            Command::Dispatch(args) => dispatch::dispatch(tx, index, *args, stored),
            Command::Cancel(args) => cancel(tx, args),
            Command::Retry(args) => redrive(tx, index, &args.id, stored),
            Command::Update(args) => update::update(tx, index, *args),
            Command::Clear(args) => retain::clear(tx, index, &args),
            Command::Delete(args) => delete(tx, index, &args.id, stored),
            Command::Bulk(_) => {
                let message = "jobs.bulk is done by a job of its own, which the board dispatches";
                Err(Rejection::new(ErrorCode::Unsupported, message))
            }
            Command::DeleteResult(args) => delete_result(tx, &args.id),
            Command::ConfigureQueue(settings) => queues::configure(tx, *settings),
            Command::PauseQueue(args) => queues::pause(tx, &args.queue, true),
            Command::ResumeQueue(args) => queues::pause(tx, &args.queue, false),
            Command::PutSchedule(args) => schedule::put(tx, *args),
            Command::DeleteSchedule(args) => schedule::delete(tx, &args.id),
            Command::TriggerSchedule(args) => schedule::trigger(tx, index, &args.id),
            Command::StartWorkflow(args) => workflow::start(tx, index, *args, stored),
            Command::CancelWorkflow(args) => workflow::cancel(tx, args),
            Command::RetryWorkflow(args) => workflow::retry(tx, index, &args),
            Command::DeleteWorkflow(args) => workflow::delete(tx, &args.id),
            Command::Write(writes) => domains::write(tx, index, &projections, writes),
            Command::ReplaceState(args) => domains::replace(tx, index, &projections, &args.state),
            Command::PutThing(domain, args) => things::put(tx, domain, *args),
            Command::SeeThing(domain, args) => things::see(tx, domain, args),
            Command::DeleteThing(domain, args) => things::delete(tx, domain, &args.id),
            Command::Configure(_) => Ok(Node::Null),
        })
    }
}

pub(crate) fn cancel(tx: &mut Tx<'_>, args: CancelArgs) -> Result<Node, Rejection> {
    let id = args.id;
    let state = tx.state(&id)?;
    let answer = |state: JobState| Ok(object([("state", state.as_str().into())]));
    let info = CancelInfo {
        requested_at: tx.context.now,
        by: tx.context.actor.clone(),
        reason: args.reason.map(|reason| clip(&reason).into()),
        cause: CancelCause::User,
    };
    match transition(state, JobEvent::AskCancel) {
        Cell::Already => answer(state),
        Cell::To(next) => {
            tx.put_field(&id, "cancel", &info)?;
            finish::conclude(tx, &id, (state, next))?;
            answer(next)
        }
        Cell::Stay => {
            finish::stop(tx, &id, &info)?;
            answer(state)
        }
        Cell::Gone | Cell::Refuse => Err(conflict(&id, state, "cancelled")),
    }
}

/// What a run leaves in a record that the next one must not find.
const OF_THE_RUN: [&str; 13] = [
    "cancel",
    "error",
    "finishedAt",
    "progress",
    "result",
    "artifacts",
    "checkpoint",
    "rescues",
    "snoozes",
    "debounces",
    "deadline",
    "expiresAt",
    "waitingFor",
];

fn redrive(tx: &mut Tx<'_>, index: &Index, id: &JobId, stored: Stored<'_>) -> Result<Node, Rejection> {
    restore(tx, id, stored)?;
    let state = tx.state(id)?;
    let Cell::To(next) = transition(state, JobEvent::Redrive) else {
        return Err(conflict(id, state, "run again"));
    };
    let workflow = tx.record(id).and_then(|record| record.child("workflowId")?.as_str());
    if workflow.is_some_and(|workflow| workflow::is_active(tx, workflow)) {
        return Err(conflict(id, state, "run again by hand while its workflow is under way"));
    }
    if state.is_terminal() {
        let key = tx.record(id).and_then(|record| record.child("uniqueKey")?.as_str());
        unique::check_redrive(index, id, key)?;
        // From now on the record says nothing of it any more.
        if let Some(attempt) = tx.record(id).and_then(finish::successful_attempt) {
            tx.archive.push(Archived::Attempt(attempt));
        }
        tx.clear_fields(id, OF_THE_RUN)?;
        tx.clear_fields(id, ["hold", "order"])?;
        // The tries of the earlier run are history: the new run has all of its own.
        let attempt = tx.record(id).and_then(|record| record.child("attempt")?.as_u64()).unwrap_or(0);
        tx.set_field(id, "interruptions", attempt.into())?;
    }
    tx.clear_fields(id, ["scheduledAt"])?;
    tx.move_job(id, state, next)?;
    tx.event("job.redriven", id, Node::Null);
    if state.is_terminal() {
        // The stored record is no longer that of a finished job, so retention passes it by.
        let record = tx.record(id).cloned().ok_or_else(|| no_job(id))?;
        tx.archive.push(Archived::Job(id.clone(), record));
    }
    Ok(object([("id", id.into())]))
}

/// Brings a job back into the live state that only the store has.
fn restore(tx: &mut Tx<'_>, id: &JobId, stored: Stored<'_>) -> Result<(), Rejection> {
    let Some(record) = stored.get(id).filter(|_| tx.record(id).is_none()) else { return Ok(()) };
    let job: Job = from_node(record)
        .map_err(|error| fault(format!("the stored record of job {id} cannot be read: {error}")))?;
    if !job.state.is_terminal() {
        return Err(conflict(id, job.state, "brought back"));
    }
    summary::ensure_queue(tx, &job.queue)?;
    tx.put_job(&job)
}

fn delete(tx: &mut Tx<'_>, index: &Index, id: &JobId, stored: Stored<'_>) -> Result<Node, Rejection> {
    if tx.record(id).is_none() && stored.get(id).is_some() {
        // Nothing of it is in the state, but the store's row goes with a change only: this count makes one.
        let before = tx.at("/meta/deletions").and_then(Node::as_u64).unwrap_or(0);
        tx.set(in_domain("meta", Key::constant("deletions")), (before + 1).into())?;
        tx.remove_result(id);
        tx.event("job.deleted", id, Node::Null);
        tx.archive.push(Archived::Delete(id.clone()));
        tx.effects.push(Effect::Forget(id.clone()));
        return Ok(object([("id", id.into())]));
    }
    let state = tx.state(id)?;
    if transition(state, JobEvent::Delete) != Cell::Gone {
        return Err(conflict(id, state, "deleted; cancel it first"));
    }
    if index.has_waiters(id) {
        return Err(conflict(id, state, "deleted yet; jobs that depend on it have not heard of its end"));
    }
    retain::forget(tx, id);
    tx.remove_result(id);
    tx.event("job.deleted", id, Node::Null);
    Ok(object([("id", id.into())]))
}

fn delete_result(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    if !tx.remove_result(id) {
        let message = format!("there is no result {:?} in the live state", id.as_str());
        return Err(Rejection::new(ErrorCode::NotFound, message));
    }
    tx.event("result.deleted", id, Node::Null);
    Ok(object([("id", id.into())]))
}

fn conflict(id: &JobId, state: JobState, done: &str) -> Rejection {
    let message = format!("job {:?} is {} and cannot be {done}", id.as_str(), state.as_str());
    Rejection::new(ErrorCode::Conflict, message)
}
