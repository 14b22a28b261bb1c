//! Commands from outside.

use crate::{
    core::Core,
    index::Index,
    input::{Archived, Context, Decided, Effect},
    state::object,
    table::{Cell, JobEvent, transition},
    tx::{Tx, no_job},
};
use callboard_protocol::{
    JobId, Node, Time, caps,
    command::{CancelArgs, Command},
    error::{ErrorCode, Rejection},
    job::{CancelInfo, DispatchArgs, Job, JobState, check_id, clip},
};

impl Core {
    pub(crate) fn request(&mut self, command: Command, context: &Context) -> Result<Decided, Rejection> {
        self.change(context, |tx, index| match command {
            Command::Dispatch(args) => dispatch(tx, index, *args),
            Command::Cancel(args) => cancel(tx, args),
            Command::Retry(args) => redrive(tx, &args.id),
            Command::Delete(args) => delete(tx, &args.id),
            Command::DeleteResult(args) => delete_result(tx, &args.id),
        })
    }
}

fn dispatch(tx: &mut Tx<'_>, index: &Index, args: DispatchArgs) -> Result<Node, Rejection> {
    let id = check_dispatch(index, &args)?;
    let now = tx.context.now;
    let scheduled_at = args.scheduled_at.filter(|at| *at > now);
    let state = if scheduled_at.is_some() { JobState::Scheduled } else { JobState::Queued };
    let input = args.args.unwrap_or_else(Node::object);
    let title = args.title.unwrap_or_else(|| title_of(&args.kind, &input));
    let job = Job {
        id: id.clone(),
        kind: args.kind,
        queue: args.queue.unwrap_or_else(|| "default".into()),
        state,
        priority: args.priority.unwrap_or(0),
        title: clip(&title).into(),
        args: input,
        tags: args.tags,
        attempt: 0,
        max_attempts: args.max_attempts.unwrap_or(1),
        rescues: 0,
        interruptions: 0,
        retry: args.retry,
        timeout_ms: args.timeout_ms,
        scheduled_at,
        created_at: now,
        created_by: tx.context.actor.clone(),
        started_at: None,
        finished_at: None,
        cancel: None,
        progress: None,
        result: None,
        artifacts: Vec::new(),
        checkpoint: None,
        error: None,
    };
    tx.put_job(&job)?;
    tx.count(state, 1)?;
    tx.event("job.dispatched", &id, object([("kind", job.kind.as_str().into())]));
    Ok(object([("id", (&id).into())]))
}

/// Everything that can be wrong with a dispatch, found before anything is written.
fn check_dispatch(index: &Index, args: &DispatchArgs) -> Result<JobId, Rejection> {
    let invalid = |message: String| Err(Rejection::new(ErrorCode::InvalidArgs, message));
    let too_large = |message: String| Err(Rejection::new(ErrorCode::TooLarge, message));
    let Some(id) = args.id.clone() else {
        return invalid("id: the board must give every job an id before it is decided".into());
    };
    check_id("id", &id)?;
    check_id("kind", &args.kind)?;
    if let Some(queue) = &args.queue {
        check_id("queue", queue)?;
    }
    if index.job(&id).is_some() {
        return Err(Rejection::new(ErrorCode::Conflict, format!("there is a job {:?} already", id.as_str())));
    }
    if index.active() >= caps::ACTIVE_JOBS {
        let message = format!("{} jobs wait or run already; try again when some are done", caps::ACTIVE_JOBS);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    }
    let size = args.args.as_ref().map_or(2, Node::json_len);
    if size > caps::ARGS_BYTES {
        return too_large(format!("args: about {size} bytes; the limit is {}", caps::ARGS_BYTES));
    }
    if args.args.as_ref().is_some_and(|args| args.depth() > caps::JSON_DEPTH) {
        return too_large(format!("args: they nest deeper than {} levels", caps::JSON_DEPTH));
    }
    if args.tags.len() > caps::TAGS
        || args.tags.iter().any(|tag| tag.is_empty() || tag.len() > caps::ID_BYTES)
    {
        return invalid(format!("tags: at most {} of 1 to {} bytes each", caps::TAGS, caps::ID_BYTES));
    }
    if let Some(attempts) = args.max_attempts.filter(|attempts| !(1..=caps::MAX_ATTEMPTS).contains(attempts))
    {
        return invalid(format!("maxAttempts: {attempts} is not within 1 to {}", caps::MAX_ATTEMPTS));
    }
    if args.timeout_ms == Some(0) {
        return invalid("timeoutMs: 0 leaves no time; leave it out for no limit".into());
    }
    if args.scheduled_at.is_some_and(|at| at > Time::MAX) {
        return invalid("scheduledAt: it must not be after the year 9999".into());
    }
    if args.retry.as_ref().is_some_and(|retry| retry.max_ms > caps::RETRY_MS) {
        return invalid(format!("retry.maxMs: the longest delay is {} ms, a year", caps::RETRY_MS));
    }
    let fits = |retry: &callboard_protocol::job::RetryPolicy| {
        retry.factor >= 1.0 && (0.0..=1.0).contains(&retry.jitter) && retry.initial_ms <= retry.max_ms
    };
    match &args.retry {
        Some(retry) if !fits(retry) => {
            invalid("retry: factor must be at least 1, jitter within 0 to 1, initialMs at most maxMs".into())
        }
        _ => Ok(id),
    }
}

/// A title for people: the prompt, name or path in the arguments, the command line, or the kind.
fn title_of(kind: &str, args: &Node) -> String {
    let named = ["title", "prompt", "name", "path", "url"].iter().find_map(|name| args.child(name)?.as_str());
    if let Some(text) = named {
        return text.lines().next().unwrap_or_default().chars().take(120).collect();
    }
    if let Some(Node::Array(argv)) = args.child("argv") {
        return argv
            .iter()
            .filter_map(Node::as_str)
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(120)
            .collect();
    }
    kind.into()
}

fn cancel(tx: &mut Tx<'_>, args: CancelArgs) -> Result<Node, Rejection> {
    let id = args.id;
    let state = state_of(tx, &id)?;
    let answer = |state: JobState| Ok(object([("state", state.as_str().into())]));
    let info = CancelInfo {
        requested_at: tx.context.now,
        by: tx.context.actor.clone(),
        reason: args.reason.map(|reason| clip(&reason).into()),
    };
    match transition(state, JobEvent::AskCancel) {
        Cell::Already => answer(state),
        Cell::To(next) => {
            tx.put_field(&id, "cancel", &info)?;
            crate::finish::conclude(tx, &id, (state, next))?;
            answer(next)
        }
        Cell::Stay => {
            let record = tx.record(&id);
            if record.is_some_and(|record| record.child("cancel").is_some()) {
                return answer(state);
            }
            let attempt = record.and_then(|record| record.child("attempt")?.as_u64()).unwrap_or(0) as u32;
            tx.put_field(&id, "cancel", &info)?;
            tx.event("job.cancelling", &id, Node::Null);
            tx.effects.push(Effect::Stop { id, attempt });
            answer(state)
        }
        Cell::Gone | Cell::Refuse => Err(conflict(&id, state, "cancelled")),
    }
}

fn redrive(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = state_of(tx, id)?;
    let Cell::To(next) = transition(state, JobEvent::Redrive) else {
        return Err(conflict(id, state, "run again"));
    };
    if state.is_terminal() {
        tx.clear_fields(id, &["cancel", "error", "finishedAt", "progress", "result", "artifacts"]);
        // The tries of the earlier run are history: the new run has all of its own.
        let attempt = tx.record(id).and_then(|record| record.child("attempt")?.as_u64()).unwrap_or(0);
        tx.set_field(id, "interruptions", attempt.into())?;
        tx.clear_fields(id, &["rescues"]);
    }
    tx.clear_fields(id, &["scheduledAt"]);
    tx.move_job(id, state, next)?;
    tx.event("job.redriven", id, Node::Null);
    Ok(object([("id", id.into())]))
}

fn delete(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = state_of(tx, id)?;
    if transition(state, JobEvent::Delete) != Cell::Gone {
        return Err(conflict(id, state, "deleted; cancel it first"));
    }
    tx.remove_job(id);
    tx.remove_result(id);
    tx.archive.push(Archived::Delete(id.clone()));
    tx.effects.push(Effect::Forget(id.clone()));
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

pub(crate) fn state_of(tx: &Tx<'_>, id: &JobId) -> Result<JobState, Rejection> {
    let state = tx.record(id).and_then(|record| JobState::parse(record.child("state")?.as_str()?));
    state.ok_or_else(|| no_job(id))
}

fn conflict(id: &JobId, state: JobState, done: &str) -> Rejection {
    let message = format!("job {:?} is {} and cannot be {done}", id.as_str(), state.as_str());
    Rejection::new(ErrorCode::Conflict, message)
}
