//! `jobs.dispatch`: a new job.

use crate::{
    check, depend,
    index::Index,
    request::Stored,
    state::object,
    summary,
    tx::Tx,
    unique::{self, Unique},
};
use callboard_protocol::{
    CommandKey, JobId, LongKey, Node, Time, caps,
    error::{ErrorCode, Rejection},
    job::{DispatchArgs, Job, JobState, clip},
};

/// How long an idempotency key is remembered unless it says so, ms.
const IDEMPOTENCY_MS: u64 = 86_400_000;

pub(crate) fn dispatch(
    tx: &mut Tx<'_>,
    index: &Index,
    args: DispatchArgs,
    stored: Stored<'_>,
) -> Result<Node, Rejection> {
    check::dispatch(&args)?;
    let Some(id) = args.id.clone() else {
        return check::invalid("id: the board must give every job an id before it is decided");
    };
    if index.job(&id).is_some() || stored.get(&id).is_some() {
        return Err(Rejection::new(ErrorCode::Conflict, format!("there is a job {:?} already", id.as_str())));
    }
    if index.active() >= caps::ACTIVE_JOBS {
        let message = format!("{} jobs wait or run already; try again when some are done", caps::ACTIVE_JOBS);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    }
    check_parent(index, &args)?;
    let needs = depend::needs(tx, &id, &args, stored)?;
    summary::ensure_queue(tx, args.queue.as_deref().unwrap_or(DEFAULT_QUEUE))?;
    tx.long_key = args.idempotency_key.as_deref().map(|key| LongKey {
        key: CommandKey::from(key),
        until: tx.context.now.plus_ms(args.idempotency_ttl_ms.unwrap_or(IDEMPOTENCY_MS)),
    });
    let not_before = match unique::admit(tx, index, &args, &id)? {
        Unique::TakenOver(other) => return Ok(object([("id", (&other).into()), ("debounced", true.into())])),
        Unique::New { not_before } => not_before,
    };
    let job = describe(tx, args, &needs, not_before);
    tx.put_job(&job)?;
    tx.count(&job.queue.as_str().into(), job.state, 1);
    tx.event("job.dispatched", &id, object([("kind", job.kind.as_str().into())]));
    if let Some(broken) = needs.broken {
        depend::break_off(tx, &id, &broken)?;
    }
    Ok(object([("id", (&id).into())]))
}

/// A job that has ended, or that is to stop, starts no others: a cancel could not reach them.
fn check_parent(index: &Index, args: &DispatchArgs) -> Result<(), Rejection> {
    let Some(parent) = &args.parent_id else { return Ok(()) };
    match index.job(parent) {
        None => {
            let message = format!("parentId: there is no job {:?} in the live state", parent.as_str());
            Err(Rejection::new(ErrorCode::NotFound, message))
        }
        Some(slim) if slim.is_open => Ok(()),
        Some(_) => {
            let message =
                format!("parentId: job {:?} has ended or is to stop and starts no others", parent.as_str());
            Err(Rejection::new(ErrorCode::Conflict, message))
        }
    }
}

/// Where a job waits that does not say where.
pub(crate) const DEFAULT_QUEUE: &str = "default";

/// The record of a new job.
fn describe(tx: &Tx<'_>, args: DispatchArgs, needs: &depend::Needs, not_before: Option<Time>) -> Job {
    let now = tx.context.now;
    let asked = args.scheduled_at.or_else(|| args.delay_ms.map(|ms| now.plus_ms(ms)));
    let scheduled_at = asked.max(not_before).filter(|at| *at > now);
    let state = match () {
        () if args.hold || !needs.waiting_for.is_empty() || needs.broken.is_some() => JobState::Pending,
        () if scheduled_at.is_some() => JobState::Scheduled,
        () => JobState::Queued,
    };
    let input = args.args.unwrap_or_else(Node::object);
    let title = args.title.unwrap_or_else(|| title_of(&args.kind, &input));
    let tries = args.max_attempts.or_else(|| args.max_retries.map(|retries| retries + 1));
    Job {
        id: args.id.unwrap_or_else(|| JobId::new("")),
        kind: args.kind,
        queue: args.queue.unwrap_or_else(|| DEFAULT_QUEUE.into()),
        state,
        priority: args.priority.unwrap_or(0),
        title: clip(&title).into(),
        args: input,
        tags: args.tags,
        attempt: 0,
        max_attempts: tries.unwrap_or(1),
        rescues: 0,
        interruptions: 0,
        snoozes: 0,
        debounces: 0,
        retry: args.retry,
        timeout_ms: args.timeout_ms,
        deadline: args.deadline.or_else(|| args.deadline_ms.map(|ms| now.plus_ms(ms))),
        expires_at: args.ttl_ms.map(|ms| scheduled_at.unwrap_or(now).plus_ms(ms)),
        order: None,
        concurrency_key: args.concurrency_key,
        unique_key: args.unique_key,
        hold: args.hold,
        depends_on: args.depends_on,
        waiting_for: needs.waiting_for.clone(),
        on_dependency_failure: args.on_dependency_failure,
        parent_id: args.parent_id,
        schedule_id: None,
        workflow_id: None,
        workflow_step: None,
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
    }
}

/// A title for people: the prompt, name or path in the arguments, the command line, or the kind.
pub fn title_of(kind: &str, args: &Node) -> String {
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
