//! Schedules: put, deleted, triggered, and fired when their time has come.
//!
//! The next time is a member of the record, so it survives restarts, and a clock that jumps is nothing but time that
//! passed: what was missed is made up for as the schedule says.

mod times;

use crate::{
    check, dispatch,
    index::Index,
    request::Stored,
    state::{in_domain, object},
    tx::{Tx, fault},
    unique,
};
use callboard_protocol::{
    JobId, Key, Node, Object, Time, caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::{DispatchArgs, check_duration, check_id, clip},
    schedule::{CatchUp, Overlap, Schedule, ScheduleArgs},
    to_node,
};
use times::Times;

const SCHEDULES: &str = "schedules";

/// A time that is this old is missed, not just late.
const LATE_MS: u64 = 60_000;

/// The id of a job ends in its time, which takes 25 bytes of what an id may have.
const NAME_BYTES: usize = caps::ID_BYTES - 26;

pub(crate) fn put(tx: &mut Tx<'_>, args: ScheduleArgs) -> Result<Node, Rejection> {
    check_put(&args)?;
    let old = read(tx, &args.id).ok();
    let count = tx.document().child(SCHEDULES).and_then(Node::as_object).map_or(0, Object::len);
    if old.is_none() && count >= caps::SCHEDULES {
        let message = format!("there are {} schedules already", caps::SCHEDULES);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    }
    let now = tx.context.now;
    let mut schedule = Schedule {
        id: args.id,
        cron: args.cron,
        every_ms: args.every_ms,
        time_zone: args.time_zone.unwrap_or_else(|| "UTC".into()),
        job: args.job,
        overlap: args.overlap,
        catch_up: args.catch_up,
        paused: args.paused,
        next_at: None,
        last_at: old.as_ref().and_then(|old| old.last_at),
        last_job: old.as_ref().and_then(|old| old.last_job.clone()),
        runs: old.as_ref().map_or(0, |old| old.runs),
        skipped: old.as_ref().map_or(0, |old| old.skipped),
        error: None,
        created_at: old.as_ref().map_or(now, |old| old.created_at),
        created_by: old.map_or_else(|| tx.context.actor.clone(), |old| old.created_by),
    };
    let next = Times::of(&schedule)?.after(now);
    if next.is_none() {
        return check::invalid("cron: there is no time to come that fits it");
    }
    schedule.next_at = next.filter(|_| !schedule.paused);
    write(tx, &schedule)?;
    let next = to_node(&schedule.next_at).map_err(|error| fault(error.to_string()))?;
    tx.board_event("schedule.put", object([("id", schedule.id.as_str().into())]));
    Ok(object([("id", schedule.id.as_str().into()), ("nextAt", next)]))
}

fn check_put(args: &ScheduleArgs) -> Result<(), Rejection> {
    check_id("id", &args.id)?;
    if args.id.len() > NAME_BYTES {
        return check::invalid(format!("id: at most {NAME_BYTES} bytes, its jobs are named after it"));
    }
    if args.cron.is_some() == args.every_ms.is_some() {
        return check::invalid("cron, everyMs: give one of them");
    }
    check_duration("everyMs", args.every_ms)?;
    if args.every_ms.is_some_and(|ms| ms < 1000) {
        return check::invalid("everyMs: it must be at least 1000");
    }
    if args.job.id.is_some() || args.job.scheduled_at.is_some() || args.job.deadline.is_some() {
        return check::invalid(
            "job: leave id, scheduledAt and deadline out; each time makes a job of its own",
        );
    }
    if !args.job.depends_on.is_empty() || args.job.idempotency_key.is_some() {
        return check::invalid("job: dependsOn and idempotencyKey would let it run once; leave them out");
    }
    if args.job.parent_id.is_some() {
        return check::invalid("job: parentId names a job that ends; leave it out");
    }
    check::dispatch(&args.job)
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<Node, Rejection> {
    read(tx, id)?;
    tx.remove(in_domain(SCHEDULES, Key::new(id)));
    tx.schedules.push(Key::new(id));
    tx.board_event("schedule.deleted", object([("id", id.into())]));
    Ok(object([("id", id.into())]))
}

/// Dispatches the job of a schedule now; its times stay as they are.
pub(crate) fn trigger(tx: &mut Tx<'_>, index: &Index, id: &str) -> Result<Node, Rejection> {
    let mut schedule = read(tx, id)?;
    let mut at = tx.context.now;
    // A second trigger in one millisecond, or at a time of its own, needs another name.
    while index.job(&job_name(&schedule.id, at)).is_some() {
        at = at.plus_ms(1);
    }
    let job = start(tx, index, &mut schedule, at)?;
    write(tx, &schedule)?;
    Ok(object([("id", id.into()), ("job", (&job).into())]))
}

/// The time of a schedule has come.
pub(crate) fn fire(tx: &mut Tx<'_>, index: &Index, id: &str) -> Result<Node, Rejection> {
    let mut schedule = read(tx, id)?;
    let now = tx.context.now;
    let Some(due) = schedule.next_at.filter(|at| *at <= now) else { return Ok(Node::Null) };
    let times = Times::of(&schedule)?;
    let (at, missed) = match schedule.catch_up {
        CatchUp::All => times.made_up_for(due, now),
        CatchUp::Skip | CatchUp::One => times.latest(due, now),
    };
    schedule.skipped += missed;
    schedule.next_at = match schedule.catch_up {
        CatchUp::All => times.after(at),
        CatchUp::Skip | CatchUp::One => times.after(now.max(at)),
    };
    let is_missed = now.since_ms(at) > LATE_MS && schedule.catch_up == CatchUp::Skip;
    if is_missed || !may_start(tx, index, &schedule)? {
        schedule.skipped += 1;
        tx.board_event("schedule.skipped", object([("id", id.into())]));
    } else if let Err(rejection) = start(tx, index, &mut schedule, at) {
        schedule.skipped += 1;
        schedule.error = Some(clip(&rejection.message).into());
        tx.board_event("schedule.refused", object([("id", id.into()), ("error", rejection.message.into())]));
    }
    write(tx, &schedule)?;
    Ok(Node::Null)
}

/// Applies the overlap policy to the job of the last time.
fn may_start(tx: &mut Tx<'_>, index: &Index, schedule: &Schedule) -> Result<bool, Rejection> {
    let unfinished = |id: &&JobId| index.job(id).is_some_and(|job| !job.state.is_terminal());
    let Some(last) = schedule.last_job.as_ref().filter(unfinished) else { return Ok(true) };
    match schedule.overlap {
        Overlap::Skip => Ok(false),
        Overlap::Queue => Ok(true),
        Overlap::CancelPrevious => {
            unique::supersede(tx, last, &format!("the schedule {:?} started it anew", schedule.id))?;
            Ok(true)
        }
    }
}

fn start(tx: &mut Tx<'_>, index: &Index, schedule: &mut Schedule, at: Time) -> Result<JobId, Rejection> {
    let id = job_name(&schedule.id, at);
    let args = DispatchArgs { id: Some(id.clone()), ..schedule.job.clone() };
    let answer = dispatch::dispatch(tx, index, args, Stored::NONE)?;
    // A debounced dispatch is taken over by a job that waits already.
    let id = answer.child("id").and_then(Node::as_str).map_or(id, JobId::from);
    if tx.record(&id).is_some() {
        tx.set_field(&id, "scheduleId", schedule.id.as_str().into())?;
    }
    schedule.runs += 1;
    schedule.last_at = Some(at);
    schedule.last_job = Some(id.clone());
    schedule.error = None;
    let event = [("id", schedule.id.as_str().into()), ("job", (&id).into())];
    tx.board_event("schedule.fired", object(event));
    Ok(id)
}

fn job_name(schedule: &str, at: Time) -> JobId {
    JobId::new(format!("{schedule}:{at}"))
}

fn read(tx: &Tx<'_>, id: &str) -> Result<Schedule, Rejection> {
    let record = tx.document().child(SCHEDULES).and_then(|schedules| schedules.child(id));
    let Some(record) = record else {
        let shown: String = id.chars().take(40).collect();
        return Err(Rejection::new(ErrorCode::NotFound, format!("there is no schedule {shown:?}")));
    };
    from_node(record).map_err(|error| fault(format!("schedule {id} cannot be read: {error}")))
}

fn write(tx: &mut Tx<'_>, schedule: &Schedule) -> Result<(), Rejection> {
    let record = to_node(schedule).map_err(|error| fault(error.to_string()))?;
    tx.put_in(SCHEDULES, Key::new(&schedule.id), record)?;
    tx.schedules.push(Key::new(&schedule.id));
    Ok(())
}
