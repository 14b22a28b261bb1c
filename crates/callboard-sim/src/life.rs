//! The rules of one step of a job's life: from which state to which, when, and why.

use crate::{
    cast::Returned,
    oracle::{Oracle, Seen},
    record::{self, Record},
};
use callboard_protocol::{
    Change, Node, caps,
    job::{AttemptOutcome, JobState},
};

/// A step of one job's life.
pub(crate) struct Step<'a> {
    pub(crate) id: &'a str,
    /// The document before, and the job in it.
    pub(crate) before: (&'a Node, Option<Record<'a>>),
    pub(crate) change: &'a Change,
    pub(crate) seen: Seen,
}

type Verdict = Result<(), String>;

impl Step<'_> {
    /// Whether the change tells this of the job.
    pub(crate) fn has(&self, topic: &str) -> bool {
        let is_it = |event: &callboard_protocol::Event| {
            event.topic == topic && event.job_id.as_ref().is_some_and(|id| id.as_str() == self.id)
        };
        self.change.events.iter().any(is_it)
    }

    fn must_tell(&self, topic: &str) -> Verdict {
        if self.has(topic) { Ok(()) } else { Err(format!("no event {topic}")) }
    }

    fn now(&self) -> i64 {
        self.change.at.0
    }
}

/// Whether an attempt that ended so is one of the tries that a job has.
pub(crate) fn counts(outcome: AttemptOutcome) -> bool {
    !matches!(outcome, AttemptOutcome::Lost | AttemptOutcome::Interrupted | AttemptOutcome::Snoozed)
}

/// Whether this step may be.
pub(crate) fn check(oracle: &Oracle, step: &Step<'_>, after: &Record<'_>) -> Verdict {
    use JobState::{Cancelled, Failed, Pending, Queued, Retrying, Running, Scheduled, Succeeded};
    let Some(was) = &step.before.1 else { return begin(step, after) };
    match (was.state, after.state) {
        (Queued, Running) => start(oracle, step, (was, after)),
        (Running, to) => end(oracle, step, (was, to)),
        (Pending, Queued | Scheduled) => step.must_tell("job.released"),
        (Scheduled | Retrying, Queued) => due(step, was),
        (Queued, Scheduled) => step.must_tell("job.updated").or_else(|_| step.must_tell("job.debounced")),
        (from, Failed) if !from.is_terminal() => fail_early(step, (was, after)),
        (from, Cancelled) if !from.is_terminal() => step.must_tell("job.cancelled"),
        (Succeeded | Failed | Cancelled, Queued) => step.must_tell("job.redriven"),
        _ => Err("there is no such step".into()),
    }
}

/// A job that ends may leave the live state with the very change that ends it, when it is the oldest of too many.
pub(crate) fn leave(oracle: &Oracle, step: &Step<'_>, was: &Record<'_>) -> Result<JobState, String> {
    let ends = [
        ("job.succeeded", JobState::Succeeded),
        ("job.failed", JobState::Failed),
        ("job.cancelled", JobState::Cancelled),
    ];
    let end_of = |(topic, state)| step.has(topic).then_some(state);
    let to = ends.into_iter().find_map(end_of).ok_or("its end was not told")?;
    if was.state == JobState::Running {
        end(oracle, step, (was, to))?;
    }
    Ok(to)
}

fn begin(step: &Step<'_>, after: &Record<'_>) -> Verdict {
    if step.has("job.redriven") {
        // It was in the store only.
        return if after.state == JobState::Queued { Ok(()) } else { Err("redriven to elsewhere".into()) };
    }
    step.must_tell("job.dispatched")?;
    let is_late = after.time("scheduledAt").is_some_and(|at| at > step.now());
    let waits = after.has("waitingFor") || after.has("hold");
    let right = match after.state {
        JobState::Pending => waits,
        JobState::Scheduled => !waits && is_late,
        JobState::Queued => !waits && !is_late,
        JobState::Failed => after.error_code() == Some("dependency_failed"),
        JobState::Cancelled => after.has("cancel"),
        JobState::Running | JobState::Retrying | JobState::Succeeded => false,
    };
    if right && after.attempt == 0 { Ok(()) } else { Err("it does not begin so".into()) }
}

/// A slot, a turn, a try, and time must be left.
fn start(oracle: &Oracle, step: &Step<'_>, (was, after): (&Record<'_>, &Record<'_>)) -> Verdict {
    step.must_tell("job.started")?;
    if after.attempt != was.attempt + 1 {
        return Err(format!("attempt {} follows {}", after.attempt, was.attempt));
    }
    if let Some(past) = oracle.past.get(step.id)
        && u64::from(past.tries) >= was.number("maxAttempts").unwrap_or(1)
    {
        return Err(format!("{} tries are used", past.tries));
    }
    if was.time("deadline").is_some_and(|at| at <= step.now()) {
        return Err("its deadline has passed".into());
    }
    if was.attempt == 0 && was.time("expiresAt").is_some_and(|at| at <= step.now()) {
        return Err("its ttl has passed".into());
    }
    room(oracle, step.before.0, was)
}

/// Whether one more job like this may run, by the limits in the document.
pub(crate) fn room(oracle: &Oracle, document: &Node, was: &Record<'_>) -> Verdict {
    let running = |fits: &dyn Fn(&Record<'_>) -> bool| {
        record::jobs(document).filter(|(_, job)| job.state == JobState::Running && fits(job)).count() as u64
    };
    let limit = |queue: &str, name: &str| {
        document.child("queues").and_then(|queues| queues.child(queue)?.child(name)?.as_u64())
    };
    let is_paused = |queue: &str| {
        let settings = document.child("queues").and_then(|queues| queues.child(queue));
        settings.and_then(|settings| settings.child("paused")) == Some(&Node::from(true))
    };
    let queue = was.text("queue").unwrap_or_default();
    let kind = was.text("kind").unwrap_or_default();
    let mut full = vec![("the queue", limit(queue, "concurrency"), running(&|job| job.same(was, "queue")))];
    if was.has("concurrencyKey") {
        let of_key = running(&|job| job.same(was, "queue") && job.same(was, "concurrencyKey"));
        full.push(("its key", limit(queue, "keyConcurrency"), of_key));
    }
    if was.has("uniqueKey") {
        full.push(("its unique key", Some(1), running(&|job| job.same(was, "uniqueKey"))));
    }
    let kinds =
        document.child("queues").and_then(|queues| queues.child("*")?.child("kinds")?.child(kind)?.as_u64());
    full.push(("its kind", kinds, running(&|job| job.same(was, "kind"))));
    if was.is_bulk() {
        full.push(("bulks", Some(u64::from(caps::BULK_SLOTS)), running(&|job| job.is_bulk())));
    } else {
        let ordinary = running(&|job| !job.is_bulk());
        full.push(("the board", Some(oracle.slots as u64), ordinary));
        full.push(("the board, as configured", limit("*", "concurrency"), ordinary));
        if is_paused("*") {
            return Err("the board is paused".into());
        }
    }
    if is_paused(queue) {
        return Err(format!("queue {queue} is paused"));
    }
    match full.iter().find(|(_, limit, count)| limit.is_some_and(|limit| *count >= limit)) {
        Some((what, limit, count)) => Err(format!("{what} has no room: {count} run, the limit is {limit:?}")),
        None => Ok(()),
    }
}

/// The time of a job that waits must have come, unless somebody lets it go.
fn due(step: &Step<'_>, was: &Record<'_>) -> Verdict {
    let by_hand = ["job.released", "job.updated", "job.redriven"].iter().any(|topic| step.has(topic));
    match was.time("scheduledAt") {
        _ if by_hand => Ok(()),
        Some(at) if at <= step.now() => Ok(()),
        at => Err(format!("it is due at {at:?}, now is {}", step.now())),
    }
}

/// A job that was not started fails for a reason that is true.
fn fail_early(step: &Step<'_>, (was, after): (&Record<'_>, &Record<'_>)) -> Verdict {
    step.must_tell("job.failed")?;
    let passed = |name: &str| was.time(name).is_some_and(|at| at <= step.now());
    let right = match after.error_code() {
        Some("expired") => passed("expiresAt") && was.attempt == 0,
        Some("deadline") => passed("deadline"),
        Some("dependency_failed") => was.has("waitingFor"),
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("the error {:?} is not true", after.error_code())) }
}

/// An attempt has ended: by what its executor returned, by a stop, or with its process.
fn end(oracle: &Oracle, step: &Step<'_>, (was, to): (&Record<'_>, JobState)) -> Verdict {
    let past = oracle.past.get(step.id).ok_or("it was never started")?;
    let by_record = (to == JobState::Succeeded).then_some(AttemptOutcome::Succeeded);
    let outcome = past.outcomes.get(&was.attempt).copied().or(by_record).ok_or("its attempt has no row")?;
    let attempt = (step.id.to_owned(), was.attempt);
    check_outcome(oracle, step, (was, outcome))?;
    let (asked, late) = (was.has("cancel"), was.is_late());
    let returned = oracle.cast.returned(&attempt);
    let is_last = u64::from(past.tries) + 1 >= was.number("maxAttempts").unwrap_or(1);
    let failed =
        matches!(outcome, AttemptOutcome::Errored | AttemptOutcome::TimedOut | AttemptOutcome::Crashed);
    let for_good = matches!(returned, Some(Returned::Fatal | Returned::TooLarge)) || was.is_bulk();
    let rescues = was.number("rescues").unwrap_or(0);
    let is_right = match to {
        JobState::Succeeded => outcome == AttemptOutcome::Succeeded && !asked && step.has("job.succeeded"),
        JobState::Cancelled => {
            let by_itself = outcome == AttemptOutcome::Cancelled;
            (by_itself || (asked && !late)) && step.has("job.cancelled")
        }
        JobState::Retrying => failed && !asked && !is_last && step.has("job.retrying"),
        JobState::Scheduled => outcome == AttemptOutcome::Snoozed && !asked && step.has("job.snoozed"),
        JobState::Queued => match outcome {
            AttemptOutcome::Lost => !asked && rescues < u64::from(caps::RESCUES) && step.has("job.rescued"),
            AttemptOutcome::Interrupted => !asked && step.has("job.interrupted"),
            _ => false,
        },
        JobState::Failed => {
            let lost = outcome == AttemptOutcome::Lost && rescues >= u64::from(caps::RESCUES);
            let failed = failed && !asked && (is_last || for_good);
            (late || lost || failed) && step.has("job.failed")
        }
        JobState::Pending | JobState::Running => false,
    };
    if is_right {
        return Ok(());
    }
    Err(format!(
        "its attempt {} ended {outcome:?} and returned {returned:?}, tries {}",
        was.attempt, past.tries
    ))
}

/// The row of an attempt says what has happened to it.
fn check_outcome(oracle: &Oracle, step: &Step<'_>, (was, outcome): (&Record<'_>, AttemptOutcome)) -> Verdict {
    let attempt = (step.id.to_owned(), was.attempt);
    let returned = oracle.cast.returned(&attempt);
    let began = oracle.cast.entered(&attempt);
    if was.is_bulk() {
        return Ok(());
    }
    let is_true = match outcome {
        AttemptOutcome::Succeeded => returned == Some(Returned::Success),
        AttemptOutcome::Errored => {
            matches!(returned, Some(Returned::Retryable | Returned::Fatal | Returned::TooLarge))
        }
        AttemptOutcome::Crashed => returned == Some(Returned::Panic),
        AttemptOutcome::Snoozed => returned == Some(Returned::Snooze),
        AttemptOutcome::TimedOut => was.has("timeoutMs") || was.has("deadline"),
        AttemptOutcome::Cancelled => was.has("cancel") || returned == Some(Returned::Cancelled),
        AttemptOutcome::Interrupted => step.seen.is_draining,
        // It had begun in an earlier process, or the process was gone before it could.
        AttemptOutcome::Lost => began.is_none_or(|boot| boot < step.seen.boot),
    };
    if is_true { Ok(()) } else { Err(format!("its row says {outcome:?}; it returned {returned:?}")) }
}
