//! One action on many jobs: whether it can do something to a job, and the command that does it.
//!
//! The commands are the ordinary ones, so nothing here can do what they refuse. What is decided here is only what is
//! not even tried, and why; both the dry run and the real one ask the same functions.

use crate::{
    check,
    query::Query,
    state::object,
    table::{Cell, JobEvent, transition},
};
use callboard_protocol::{
    Actor, JobId, Node,
    bulk::{BulkAction, BulkArgs, BulkValues, KIND},
    caps,
    command::{CancelArgs, Command, JobArgs},
    error::{ErrorCode, Rejection},
    from_node,
    job::{JobState, UpdateArgs, check_id},
};

/// Why nothing is done to a job that the query means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It is at its end already.
    Finished,
    /// It is not at its end yet.
    NotFinished,
    /// It cannot be moved while it runs.
    Running,
    /// It was asked to stop already.
    Stopping,
    /// It is so already.
    Unchanged,
    /// It would have more than [`caps::TAGS`] tags.
    TooManyTags,
    /// It is a bulk, which has slots in a queue of its own.
    Bulk,
}

impl Skip {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Skip::Finished => "finished",
            Skip::NotFinished => "notFinished",
            Skip::Running => "running",
            Skip::Stopping => "stopping",
            Skip::Unchanged => "unchanged",
            Skip::TooManyTags => "tooManyTags",
            Skip::Bulk => "bulk",
        }
    }
}

/// Checks what a client wants, and reads its query.
///
/// # Errors
/// `invalid_args`: the query cannot be read, or the action lacks a value or has one that it does not take.
pub fn check(args: &BulkArgs) -> Result<Query, Rejection> {
    let query = Query::parse(&args.query)?;
    let BulkValues { reason, priority, queue, add, remove } = &args.args;
    let given = [
        ("reason", reason.is_some(), BulkAction::Cancel),
        ("priority", priority.is_some(), BulkAction::Reprioritise),
        ("queue", queue.is_some(), BulkAction::Move),
        ("add", !add.is_empty(), BulkAction::Tag),
        ("remove", !remove.is_empty(), BulkAction::Tag),
    ];
    if let Some((name, _, of)) = given.iter().find(|(_, given, of)| *given && *of != args.action) {
        let (of, action) = (of.as_str(), args.action.as_str());
        return check::invalid(format!("args.{name}: it belongs to {of}, {action} does not take it"));
    }
    let missing = |what: &str| check::invalid(format!("args.{what}: {} needs it", args.action.as_str()));
    match args.action {
        BulkAction::Reprioritise if priority.is_none() => return missing("priority"),
        BulkAction::Move if queue.is_none() => return missing("queue"),
        BulkAction::Tag if add.is_empty() && remove.is_empty() => return missing("add"),
        _ => {}
    }
    check::priority(*priority)?;
    queue.as_ref().map_or(Ok(()), |queue| check_id("args.queue", queue))?;
    check::tags(add)?;
    check::tags(remove)?;
    if args.confirm.is_some() && args.action != BulkAction::Delete {
        return check::invalid("confirm: only delete takes it");
    }
    Ok(query)
}

/// Whether the action can do something to a job as it is now.
///
/// # Errors
/// Why it is passed over.
pub fn eligible(args: &BulkArgs, record: &Node) -> Result<(), Skip> {
    let state = record.child("state").and_then(Node::as_str).and_then(JobState::parse);
    let state = state.ok_or(Skip::NotFinished)?;
    let is_unfinished = transition(state, JobEvent::Edit) == Cell::Stay;
    let is = |name: &str, wanted: Node| record.child(name) == Some(&wanted);
    match args.action {
        BulkAction::Cancel => match transition(state, JobEvent::AskCancel) {
            Cell::To(_) => Ok(()),
            Cell::Stay if record.child("cancel").is_none() => Ok(()),
            Cell::Stay => Err(Skip::Stopping),
            _ => Err(Skip::Finished),
        },
        BulkAction::Retry => match transition(state, JobEvent::Redrive) {
            Cell::To(_) => Ok(()),
            _ => Err(Skip::NotFinished),
        },
        BulkAction::Delete => match transition(state, JobEvent::Delete) {
            Cell::Gone => Ok(()),
            _ => Err(Skip::NotFinished),
        },
        _ if !is_unfinished => Err(Skip::Finished),
        BulkAction::Move if state == JobState::Running => Err(Skip::Running),
        BulkAction::Move if is("kind", KIND.into()) => Err(Skip::Bulk),
        BulkAction::Reprioritise if is("priority", number(args.args.priority)) => Err(Skip::Unchanged),
        BulkAction::Move if is("queue", args.args.queue.as_deref().unwrap_or_default().into()) => {
            Err(Skip::Unchanged)
        }
        BulkAction::Tag => match tags(args, record) {
            tags if tags == tags_of(record) => Err(Skip::Unchanged),
            tags if tags.len() > caps::TAGS => Err(Skip::TooManyTags),
            _ => Ok(()),
        },
        BulkAction::Reprioritise | BulkAction::Move => Ok(()),
    }
}

/// The command that does it to a job.
pub fn command(args: &BulkArgs, id: &JobId, record: &Node) -> Command {
    let id = id.clone();
    let update = |id| UpdateArgs {
        id,
        title: None,
        tags: None,
        priority: None,
        max_attempts: None,
        retry: None,
        args: None,
        queue: None,
        timeout_ms: None,
        scheduled_at: None,
        delay_ms: None,
        release: false,
        before: None,
        after: None,
    };
    match args.action {
        BulkAction::Cancel => Command::Cancel(CancelArgs { id, reason: args.args.reason.clone() }),
        BulkAction::Retry => Command::Retry(JobArgs { id }),
        BulkAction::Delete => Command::Delete(JobArgs { id }),
        BulkAction::Reprioritise => {
            Command::Update(Box::new(UpdateArgs { priority: args.args.priority, ..update(id) }))
        }
        BulkAction::Move => {
            Command::Update(Box::new(UpdateArgs { queue: args.args.queue.clone(), ..update(id) }))
        }
        BulkAction::Tag => {
            Command::Update(Box::new(UpdateArgs { tags: Some(tags(args, record)), ..update(id) }))
        }
    }
}

/// Whether it was done to a job by `actor` before a crash took its answer away: `attempt` is the job's attempt from
/// before, and the record is as it is now.
pub fn was_done(args: &BulkArgs, actor: &Actor, attempt: u64, record: Option<&Node>) -> bool {
    let Some(record) = record else { return args.action == BulkAction::Delete };
    match args.action {
        BulkAction::Cancel => record.at("/cancel/by").and_then(Node::as_str) == Some(actor.as_str()),
        // A job keeps the number of its last attempt until it starts again.
        BulkAction::Retry => {
            let is_waiting = eligible(args, record) == Err(Skip::NotFinished);
            is_waiting || record.child("attempt").and_then(Node::as_u64) != Some(attempt)
        }
        BulkAction::Delete => false,
        _ => eligible(args, record) == Err(Skip::Unchanged),
    }
}

/// The tags that a job would have: those that it keeps, then the new ones.
fn tags(args: &BulkArgs, record: &Node) -> Vec<String> {
    let mut tags = tags_of(record);
    tags.retain(|tag| !args.args.remove.contains(tag));
    for tag in &args.args.add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

fn tags_of(record: &Node) -> Vec<String> {
    record.child("tags").and_then(|tags| from_node(tags).ok()).unwrap_or_default()
}

fn number(priority: Option<i32>) -> Node {
    Node::float(f64::from(priority.unwrap_or_default())).unwrap_or_default()
}

/// What somebody must say who wants so many jobs deleted.
///
/// # Errors
/// `conflict` when it was not said.
pub fn check_confirmed(args: &BulkArgs, eligible: u64) -> Result<(), Rejection> {
    if args.action != BulkAction::Delete
        || eligible <= caps::BULK_UNCONFIRMED
        || args.confirm == Some(eligible)
    {
        return Ok(());
    }
    let said = args.confirm.map_or("it is missing".into(), |confirm| format!("it is {confirm}"));
    let message =
        format!("confirm: {eligible} jobs would be deleted for good, and confirm must say so; {said}");
    let details = Some(object([("eligible", eligible.into())]));
    Err(Rejection { details, ..Rejection::new(ErrorCode::Conflict, message) })
}

/// How many jobs it may do something to.
pub fn limit(args: &BulkArgs) -> u64 {
    match args.action {
        BulkAction::Delete => args.confirm.unwrap_or(0).max(caps::BULK_UNCONFIRMED),
        _ => u64::MAX,
    }
}
