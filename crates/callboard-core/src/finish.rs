//! News from attempts: progress, files, and the end with all that follows from it.

use crate::{
    backoff,
    core::Core,
    input::{Archived, Context, Decided, Effect, End, News, Report},
    state::{in_domain, object},
    table::{Cell, JobEvent, transition},
    tx::{Tx, fault, no_job, node},
    workflow::Ended,
};
use callboard_protocol::{
    JobId, Key, Node, Time, caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::{
        Attempt, AttemptOutcome, CancelCause, CancelInfo, Job, JobError, JobState, Progress, ResultRecord,
        RetryPolicy, check_id, clip,
    },
};
use serde::Deserialize;

impl Core {
    pub(crate) fn report(&mut self, report: Report, context: &Context) -> Result<Decided, Rejection> {
        let slim = self.index.job(&report.id).ok_or_else(|| no_job(&report.id))?;
        if slim.state != JobState::Running || slim.attempt != report.attempt {
            let message = format!(
                "job {:?} is {} in attempt {}; attempt {} can change nothing any more",
                report.id.as_str(),
                slim.state.as_str(),
                slim.attempt,
                report.attempt
            );
            return Err(Rejection::new(ErrorCode::Conflict, message));
        }
        self.change(context, |tx, _| match report.news {
            News::Progress(progress) => put_progress(tx, &report.id, progress),
            News::Artifact(artifact) => {
                let mut job = tx.job(&report.id)?;
                job.artifacts.retain(|known| known.name != artifact.name);
                if job.artifacts.len() >= caps::ARTIFACTS {
                    let message = format!("a job may leave at most {} artifacts", caps::ARTIFACTS);
                    return Err(Rejection::new(ErrorCode::TooLarge, message));
                }
                job.artifacts.push(artifact);
                tx.put_field(&report.id, "artifacts", &job.artifacts)?;
                Ok(Node::Null)
            }
            News::Checkpoint { key, value } => put_checkpoint(tx, &report.id, &key, value),
            News::End(end) => put_end(tx, &report.id, *end),
        })
    }
}

/// Progress is a fraction, finite, and does not go back within an attempt (X3).
fn put_progress(tx: &mut Tx<'_>, id: &JobId, mut progress: Progress) -> Result<Node, Rejection> {
    if !progress.value.is_finite() {
        return Err(Rejection::new(ErrorCode::InvalidArgs, "progress.value must be a number within 0 to 1"));
    }
    let known = tx.record(id).and_then(|record| record.child("progress")?.child("value")?.as_f64());
    progress.value = progress.value.clamp(0.0, 1.0).max(known.unwrap_or(0.0));
    if let Some(message) = &mut progress.message {
        *message = clip(message).into();
    }
    tx.put_field(id, "progress", &progress)?;
    Ok(Node::Null)
}

/// A value that the next attempt of the job finds again.
fn put_checkpoint(tx: &mut Tx<'_>, id: &JobId, key: &str, value: Node) -> Result<Node, Rejection> {
    check_id("checkpoint key", key)?;
    let known = tx.record(id).and_then(|record| record.child("checkpoint")?.as_object().cloned());
    let mut values = known.unwrap_or_default();
    if value.is_null() {
        values.remove(key);
    } else {
        values.insert(Key::new(key), value);
    }
    let values = Node::from(values);
    if values.json_len() > caps::CHECKPOINT_BYTES || values.depth() > caps::JSON_DEPTH {
        let message = format!(
            "checkpoint {key:?}: a job's checkpoints take at most {} bytes and {} levels; keep what is large in a file",
            caps::CHECKPOINT_BYTES,
            caps::JSON_DEPTH
        );
        return Err(Rejection::new(ErrorCode::TooLarge, message));
    }
    tx.set_field(id, "checkpoint", values)?;
    Ok(Node::Null)
}

/// A result over a cap would make the whole commit impossible to store: it becomes the attempt's error.
fn within_caps(end: End) -> End {
    let what = match &end.result {
        Some(result) if result.json_len() > caps::RESULT_BYTES => format!("{} bytes", caps::RESULT_BYTES),
        Some(result) if result.depth() > caps::JSON_DEPTH => {
            format!("{} levels of nesting", caps::JSON_DEPTH)
        }
        _ => return end,
    };
    let message = format!("the result is over the limit of {what}; leave an artifact instead");
    End {
        progress: end.progress,
        ..End::failed(AttemptOutcome::Errored, JobError::new("too_large", message), false)
    }
}

/// The members of a record that decide what the end of an attempt is for its job.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trying {
    attempt: u32,
    max_attempts: u32,
    #[serde(default)]
    rescues: u32,
    #[serde(default)]
    interruptions: u32,
    #[serde(default)]
    snoozes: u32,
    #[serde(default)]
    retry: Option<RetryPolicy>,
    created_at: Time,
    #[serde(default)]
    started_at: Option<Time>,
    #[serde(default)]
    cancel: Option<CancelInfo>,
}

impl Trying {
    /// Attempts that count: neither lost, nor interrupted, nor snoozed.
    fn tries(&self) -> u32 {
        self.attempt.saturating_sub(self.rescues + self.interruptions + self.snoozes)
    }
}

fn put_end(tx: &mut Tx<'_>, id: &JobId, end: End) -> Result<Node, Rejection> {
    let end = within_caps(end);
    let job: Trying = tx.read(id)?;
    if let Some(progress) = end.progress.clone() {
        put_progress(tx, id, progress)?;
    }
    let event = event_of(&job, &end);
    if event != JobEvent::Succeed {
        tx.archive.push(Archived::Attempt(Attempt {
            job_id: id.clone(),
            attempt: job.attempt,
            started_at: job.started_at.unwrap_or(job.created_at),
            finished_at: tx.context.now,
            outcome: end.outcome,
            error: end.error.clone(),
        }));
    }
    if end.stuck {
        count_stuck(tx, id, job.attempt)?;
    }
    let Cell::To(next) = transition(JobState::Running, event) else {
        return Err(fault(format!("the table has no way out of running for {event:?}")));
    };
    if let Some(error) = &end.error {
        tx.put_field(id, "error", error)?;
    }
    match event {
        JobEvent::Succeed => {
            tx.clear_fields(id, ["error", "checkpoint"])?;
            if let Some(result) = end.result {
                tx.set_field(id, "result", result)?;
            }
        }
        // How far it came, as it says itself; the late result of one that did not stop is discarded.
        JobEvent::HonourCancel if end.outcome == AttemptOutcome::Cancelled => {
            if let Some(result) = end.result {
                tx.set_field(id, "result", result)?;
            }
        }
        JobEvent::FailWithRetry => {
            return retry_later(tx, id, &job, (next, end.after_ms));
        }
        JobEvent::Snooze => {
            return snooze(tx, id, &job, (next, end.after_ms));
        }
        JobEvent::FailForGood if is_late(job.cancel.as_ref()) => {
            tx.put_field(id, "error", &deadline_error())?;
        }
        JobEvent::Interrupt => {
            tx.put_field(id, "interruptions", &(job.interruptions + 1))?;
            return requeue(tx, id, next, "job.interrupted");
        }
        _ => {}
    }
    conclude(tx, id, (JobState::Running, next))?;
    Ok(Node::Null)
}

/// What the end of an attempt is for its job. After a stop was asked for, a later result is discarded (X5, W0.7).
fn event_of(job: &Trying, end: &End) -> JobEvent {
    match end.outcome {
        _ if is_late(job.cancel.as_ref()) => JobEvent::FailForGood,
        _ if job.cancel.is_some() => JobEvent::HonourCancel,
        AttemptOutcome::Succeeded => JobEvent::Succeed,
        AttemptOutcome::Cancelled => JobEvent::HonourCancel,
        AttemptOutcome::Interrupted => JobEvent::Interrupt,
        AttemptOutcome::Snoozed => JobEvent::Snooze,
        AttemptOutcome::Lost if job.rescues < caps::RESCUES => JobEvent::Lose,
        _ if end.retryable && job.tries() < job.max_attempts => JobEvent::FailWithRetry,
        _ => JobEvent::FailForGood,
    }
}

/// Somebody who keeps a slot although it was asked to stop is a fault that people should see.
fn count_stuck(tx: &mut Tx<'_>, id: &JobId, attempt: u32) -> Result<(), Rejection> {
    let before = tx.at("/meta/stuck").and_then(Node::as_u64).unwrap_or(0);
    tx.set(in_domain("meta", Key::constant("stuck")), (before + 1).into())?;
    tx.event("attempt.stuck", id, object([("attempt", attempt.into())]));
    Ok(())
}

/// Whether the attempt was stopped because the time of the whole job was over.
pub(crate) fn is_late(cancel: Option<&CancelInfo>) -> bool {
    cancel.is_some_and(|cancel| cancel.cause == CancelCause::Deadline)
}

/// `after` is the delay that the attempt asked for; otherwise the policy has one.
fn retry_later(
    tx: &mut Tx<'_>,
    id: &JobId,
    job: &Trying,
    (next, after): (JobState, Option<u64>),
) -> Result<Node, Rejection> {
    let policy = job.retry.clone().unwrap_or_default();
    let usual = || backoff::delay_ms(&policy, job.tries(), tx.context.chance);
    let delay = after.map_or_else(usual, |after| after.min(caps::RETRY_MS));
    tx.put_field(id, "scheduledAt", &tx.context.now.plus_ms(delay))?;
    tx.clear_fields(id, ["progress"])?;
    tx.move_job(id, JobState::Running, next)?;
    tx.event("job.retrying", id, object([("attempt", job.attempt.into()), ("delayMs", delay.into())]));
    Ok(Node::Null)
}

/// The attempt did not count, and the job waits as long as it said.
fn snooze(
    tx: &mut Tx<'_>,
    id: &JobId,
    job: &Trying,
    (next, after_ms): (JobState, Option<u64>),
) -> Result<Node, Rejection> {
    let delay = after_ms.unwrap_or(0).clamp(caps::SNOOZE_MS_MIN, caps::DURATION_MS);
    tx.put_field(id, "snoozes", &(job.snoozes + 1))?;
    tx.put_field(id, "scheduledAt", &tx.context.now.plus_ms(delay))?;
    tx.clear_fields(id, ["progress"])?;
    tx.move_job(id, JobState::Running, next)?;
    tx.event("job.snoozed", id, object([("attempt", job.attempt.into()), ("delayMs", delay.into())]));
    Ok(Node::Null)
}

/// Asks the attempt under way to stop, once.
pub(crate) fn stop(tx: &mut Tx<'_>, id: &JobId, info: &CancelInfo) -> Result<(), Rejection> {
    let record = tx.record(id);
    if record.is_some_and(|record| record.child("cancel").is_some()) {
        return Ok(());
    }
    let attempt = record.and_then(|record| record.child("attempt")?.as_u64()).unwrap_or(0) as u32;
    tx.put_field(id, "cancel", info)?;
    tx.event("job.cancelling", id, Node::Null);
    tx.effects.push(Effect::Stop { id: id.clone(), attempt, cause: info.cause });
    Ok(())
}

/// Back to the queue without having used a try.
pub(crate) fn requeue(tx: &mut Tx<'_>, id: &JobId, next: JobState, topic: &str) -> Result<Node, Rejection> {
    tx.clear_fields(id, ["progress"])?;
    tx.move_job(id, JobState::Running, next)?;
    tx.event(topic, id, Node::Null);
    Ok(Node::Null)
}

/// The one terminal transition: the record is completed, stored, shown in the results, and its handles are told.
pub(crate) fn conclude(
    tx: &mut Tx<'_>,
    id: &JobId,
    (from, to): (JobState, JobState),
) -> Result<(), Rejection> {
    let fields = [("finishedAt", Some(node(&tx.context.now)?)), ("scheduledAt", None)];
    tx.move_job_with(id, (from, to), fields)?;
    let record = tx.record(id).cloned().ok_or_else(|| no_job(id))?;
    let error = record.child("error").cloned().unwrap_or_default();
    let (topic, data) = match to {
        JobState::Succeeded => ("job.succeeded", Node::Null),
        JobState::Cancelled => ("job.cancelled", Node::Null),
        _ => ("job.failed", error),
    };
    tx.event(topic, id, data);
    if to == JobState::Succeeded && (record.child("result").is_some() || record.child("artifacts").is_some())
    {
        let job: Job = from_node(&record).map_err(|error| fault(error.to_string()))?;
        let entry = ResultRecord {
            id: id.clone(),
            kind: job.kind,
            title: job.title,
            created_at: tx.context.now,
            result: job.result,
            artifacts: job.artifacts,
        };
        tx.put_result(id, node(&entry)?)?;
    }
    if let Some(Node::String(workflow)) = record.child("workflowId") {
        tx.ended.push(Ended { workflow: workflow.clone(), record: record.clone() });
    }
    tx.archive.push(Archived::Job(id.clone(), record.clone()));
    tx.effects.push(Effect::Settle { id: id.clone(), record });
    Ok(())
}

/// The attempt with which a job succeeded: its record says all of it, so it is not stored a second time.
pub fn successful_attempt(record: &Node) -> Option<Attempt> {
    let job: Job = from_node(record).ok().filter(|job: &Job| job.state == JobState::Succeeded)?;
    Some(Attempt {
        job_id: job.id,
        attempt: job.attempt,
        started_at: job.started_at.unwrap_or(job.created_at),
        finished_at: job.finished_at?,
        outcome: AttemptOutcome::Succeeded,
        error: None,
    })
}

/// The error of a job that was not done in time.
pub(crate) fn deadline_error() -> JobError {
    JobError::new("deadline", "it was not done by its deadline")
}

/// The error of a job whose server or worker was gone too often.
pub(crate) fn lost_error() -> JobError {
    JobError::new(
        "lost",
        format!("the server was gone during {} starts; it is not started again", caps::RESCUES + 1),
    )
}
