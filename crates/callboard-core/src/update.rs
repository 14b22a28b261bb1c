//! `jobs.update`: a job that is not finished is changed, released, or moved in its queue.

use crate::{
    check, depend,
    index::{Index, rank_of},
    ready::Spot,
    state::object,
    summary,
    table::{Cell, JobEvent, transition},
    tx::Tx,
};
use callboard_protocol::{
    JobId, Node, Time, bulk,
    error::{ErrorCode, Rejection},
    job::{JobState, UpdateArgs, check_duration, check_id, clip},
};

/// Jobs that one move may shift because they came in the same millisecond.
const SHIFTS: usize = 256;

/// The distance that a job is put before or after another, in the unit of ranks.
const STEP: i64 = 512;

pub(crate) fn update(tx: &mut Tx<'_>, index: &Index, args: UpdateArgs) -> Result<Node, Rejection> {
    let id = args.id.clone();
    let state = tx.state(&id)?;
    if transition(state, JobEvent::Edit) != Cell::Stay {
        return Err(conflict(&id, state, "changed"));
    }
    check_update(&args)?;
    if state == JobState::Running && touches_start(&args) {
        let message = format!(
            "job {:?} is running; only title, tags, priority, maxAttempts and retry may change now",
            id.as_str()
        );
        return Err(Rejection::new(ErrorCode::Conflict, message));
    }
    describe(tx, &args)?;
    if let Some(queue) = &args.queue {
        change_queue(tx, &id, state, queue)?;
    }
    let at = args.scheduled_at.or_else(|| args.delay_ms.map(|ms| tx.context.now.plus_ms(ms)));
    if let Some(at) = at {
        postpone(tx, &id, state, at)?;
    }
    if args.release {
        release(tx, &id, state)?;
    }
    match (&args.before, &args.after) {
        (Some(target), None) => place(tx, index, &id, (target, true))?,
        (None, Some(target)) => place(tx, index, &id, (target, false))?,
        _ => {}
    }
    tx.event("job.updated", &id, Node::Null);
    Ok(object([("id", (&id).into())]))
}

fn check_update(args: &UpdateArgs) -> Result<(), Rejection> {
    if let Some(input) = &args.args {
        check::input(input)?;
    }
    if let Some(tags) = &args.tags {
        check::tags(tags)?;
    }
    if let Some(queue) = &args.queue {
        check_id("queue", queue)?;
    }
    if let Some(retry) = &args.retry {
        check::retry(retry)?;
    }
    check::priority(args.priority)?;
    check::attempts(args.max_attempts)?;
    check_duration("timeoutMs", args.timeout_ms)?;
    check_duration("delayMs", args.delay_ms.filter(|ms| *ms > 0))?;
    check::point("scheduledAt", args.scheduled_at)?;
    let times = [args.scheduled_at.is_some(), args.delay_ms.is_some(), args.release];
    if times.iter().filter(|given| **given).count() > 1 {
        return check::invalid("scheduledAt, delayMs, release: give one of them");
    }
    if args.before.is_some() && args.after.is_some() {
        return check::invalid("before, after: give one of them");
    }
    Ok(())
}

fn touches_start(args: &UpdateArgs) -> bool {
    args.args.is_some()
        || args.queue.is_some()
        || args.timeout_ms.is_some()
        || args.scheduled_at.is_some()
        || args.delay_ms.is_some()
        || args.release
        || args.before.is_some()
        || args.after.is_some()
}

fn describe(tx: &mut Tx<'_>, args: &UpdateArgs) -> Result<(), Rejection> {
    let id = &args.id;
    if let Some(title) = &args.title {
        tx.set_field(id, "title", clip(title).into())?;
    }
    if let Some(input) = &args.args {
        tx.set_field(id, "args", input.clone())?;
    }
    match &args.tags {
        Some(tags) if tags.is_empty() => tx.clear_fields(id, ["tags"])?,
        Some(tags) => tx.put_field(id, "tags", tags)?,
        None => {}
    }
    if let Some(priority) = args.priority {
        tx.put_field(id, "priority", &priority)?;
    }
    if let Some(attempts) = args.max_attempts {
        tx.put_field(id, "maxAttempts", &attempts)?;
    }
    if let Some(retry) = &args.retry {
        tx.put_field(id, "retry", retry)?;
    }
    if let Some(ms) = args.timeout_ms {
        tx.put_field(id, "timeoutMs", &ms)?;
    }
    Ok(())
}

fn change_queue(tx: &mut Tx<'_>, id: &JobId, state: JobState, queue: &str) -> Result<(), Rejection> {
    if tx.record(id).and_then(|record| record.child("kind")?.as_str()) == Some(bulk::KIND)
        && queue != bulk::QUEUE
    {
        let message = format!(
            "job {:?} is a bulk and stays in the queue {:?}, where it has a slot of its own",
            id.as_str(),
            bulk::QUEUE
        );
        return Err(Rejection::new(ErrorCode::Conflict, message));
    }
    summary::ensure_queue(tx, queue)?;
    if let Some(Node::String(old)) = tx.record(id).and_then(|record| record.child("queue")) {
        let old = old.clone();
        tx.count(&old, state, -1);
        tx.count(&queue.into(), state, 1);
    }
    tx.set_field(id, "queue", queue.into())
}

fn postpone(tx: &mut Tx<'_>, id: &JobId, state: JobState, at: Time) -> Result<(), Rejection> {
    if at <= tx.context.now && state != JobState::Pending {
        return release(tx, id, state);
    }
    tx.put_field(id, "scheduledAt", &at)?;
    match transition(state, JobEvent::Postpone) {
        // A pending job goes to its time when it is let go.
        Cell::To(next) if state != JobState::Pending => tx.move_job(id, state, next),
        _ => Ok(()),
    }
}

fn release(tx: &mut Tx<'_>, id: &JobId, state: JobState) -> Result<(), Rejection> {
    tx.clear_fields(id, ["hold", "waitingFor", "scheduledAt"])?;
    if state == JobState::Queued {
        return Ok(());
    }
    depend::let_go(tx, id, state, None)
}

/// Puts a queued job right before or after another of its queue.
fn place(
    tx: &mut Tx<'_>,
    index: &Index,
    id: &JobId,
    (target, before): (&JobId, bool),
) -> Result<(), Rejection> {
    let state = tx.state(id)?;
    let slim = index.job(target).filter(|slim| slim.state == JobState::Queued && target != id);
    let same_queue = |id: &JobId| tx.record(id).and_then(|record| record.child("queue")).cloned();
    let (Some(slim), JobState::Queued, true) = (slim, state, same_queue(id) == same_queue(target)) else {
        let message =
            format!("before, after: both jobs must wait in one queue, {:?} does not", target.as_str());
        return Err(Rejection::new(ErrorCode::Conflict, message));
    };
    let priority = tx.record(target).and_then(|record| record.child("priority")).cloned().unwrap_or_default();
    let spot = (slim.rank, target.clone());
    let (previous, next) = index.ready.neighbours(&slim.place, &spot, id);
    let (low, high) = if before { (previous, Some(spot.clone())) } else { (Some(spot.clone()), next) };
    let rank = match (&low, &high) {
        (Some(low), Some(high)) if high.0 - low.0 >= 2 => {
            if before {
                high.0 - ((high.0 - low.0) / 2).min(STEP)
            } else {
                low.0 + ((high.0 - low.0) / 2).min(STEP)
            }
        }
        (None, Some(high)) => high.0 - STEP,
        (Some(low), None) => low.0 + STEP,
        (Some(low), Some(_)) => {
            make_room(tx, index, (id, &slim.place), low)?;
            low.0 + 1
        }
        (None, None) => return Ok(()),
    };
    let priority_of = callboard_protocol::from_node(&priority).unwrap_or(0);
    tx.set_field(id, "priority", priority)?;
    set_rank(tx, id, (rank, priority_of))
}

/// Jobs of one millisecond are told apart by their ids only: shifts those after a place by the least there is.
fn make_room(
    tx: &mut Tx<'_>,
    index: &Index,
    (id, place): (&JobId, &crate::ready::Place),
    low: &Spot,
) -> Result<(), Rejection> {
    let mut taken = low.0 + 1;
    let after: Vec<Spot> = index.ready.after(place, low, SHIFTS + 2);
    for (count, (rank, other)) in after.into_iter().filter(|(_, other)| other != id).enumerate() {
        if rank > taken {
            return Ok(());
        }
        if count >= SHIFTS {
            let message = "before, after: too many jobs share this moment; change the priority instead";
            return Err(Rejection::new(ErrorCode::Conflict, message));
        }
        taken += 1;
        let priority = tx.record(&other).and_then(|record| record.child("priority")).cloned();
        let priority = priority.and_then(|node| callboard_protocol::from_node(&node).ok()).unwrap_or(0);
        set_rank(tx, &other, (taken, priority))?;
    }
    Ok(())
}

/// Writes the order that makes this rank with this priority.
fn set_rank(tx: &mut Tx<'_>, id: &JobId, (rank, priority): (i64, i32)) -> Result<(), Rejection> {
    let since = (rank - rank_of(0.0, priority)) as f64 / 1024.0;
    tx.put_field(id, "order", &since)
}

fn conflict(id: &JobId, state: JobState, done: &str) -> Rejection {
    let message = format!("job {:?} is {} and cannot be {done}", id.as_str(), state.as_str());
    Rejection::new(ErrorCode::Conflict, message)
}
