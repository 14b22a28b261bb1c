//! The board's own comings and goings.

use crate::{
    finish::{conclude, deadline_error, is_late, lost_error, requeue},
    input::{Archived, BreakerNote, LogMeta},
    state::{in_domain, object},
    summary,
    table::{Cell, JobEvent, transition},
    tx::{Tx, fault},
};
use callboard_protocol::{
    Event, JobId, Key, Node, caps,
    error::Rejection,
    job::{Attempt, AttemptOutcome, JobError, JobState},
    to_node,
};

/// Writes who serves this journal now.
pub(crate) fn boot(tx: &mut Tx<'_>, build: &str, node: &str) -> Result<Node, Rejection> {
    let boots = tx.at("/meta/boots").and_then(Node::as_u64).unwrap_or(0) + 1;
    let started_at = to_node(&tx.context.now).map_err(|error| fault(error.to_string()))?;
    for (member, value) in [
        ("startedAt", started_at),
        ("build", build.into()),
        ("node", node.into()),
        ("boots", boots.into()),
        ("status", "ready".into()),
    ] {
        tx.set(in_domain("meta", Key::constant(member)), value)?;
    }
    if tx.at("/meta/stuck").is_some() {
        // They ended with the process that they were stuck in.
        tx.set(in_domain("meta", Key::constant("stuck")), 0u32.into())?;
    }
    summary::complete(tx)?;
    tx.events.push(Event {
        topic: "board.started".into(),
        job_id: None,
        data: object([("boots", boots.into()), ("build", build.into())]),
    });
    Ok(Node::Null)
}

/// Takes back an attempt of an earlier process. It is an orphan by proof, not by timeout: one process at a time
/// holds the journal (design: jobs 3).
pub(crate) fn rescue(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let job = tx.job(id)?;
    if job.state != JobState::Running {
        return Ok(Node::Null);
    }
    let gone = JobError::new("lost", "the server ended while this attempt was running");
    tx.archive.push(Archived::Attempt(Attempt {
        job_id: id.clone(),
        attempt: job.attempt,
        started_at: job.started_at.unwrap_or(job.created_at),
        finished_at: tx.context.now,
        outcome: AttemptOutcome::Lost,
        error: Some(gone),
    }));
    let event = match () {
        () if is_late(job.cancel.as_ref()) => JobEvent::FailForGood,
        () if job.cancel.is_some() => JobEvent::HonourCancel,
        () if job.rescues < caps::RESCUES => JobEvent::Lose,
        () => JobEvent::FailForGood,
    };
    let Cell::To(next) = transition(job.state, event) else {
        return Err(fault(format!("the table has no way out of running for {event:?}")));
    };
    if event == JobEvent::Lose {
        tx.put_field(id, "rescues", &(job.rescues + 1))?;
        return requeue(tx, id, next, "job.rescued");
    }
    if event == JobEvent::FailForGood {
        let error = if is_late(job.cancel.as_ref()) { deadline_error() } else { lost_error() };
        tx.put_field(id, "error", &error)?;
    }
    conclude(tx, id, (job.state, next))?;
    Ok(Node::Null)
}

/// Ring metadata into the state (S3.18).
pub(crate) fn logs(tx: &mut Tx<'_>, meta: &LogMeta) -> Result<Node, Rejection> {
    for (member, value) in
        [("nextSeq", meta.next_seq), ("capacity", meta.capacity), ("size", meta.size), ("head", meta.head)]
    {
        tx.set(in_domain("logs", Key::constant(member)), value.into())?;
    }
    Ok(Node::Null)
}

/// Records that a reaction loop was stopped: how many so far, and the last one (X8).
pub(crate) fn breaker(tx: &mut Tx<'_>, note: &BreakerNote) -> Result<Node, Rejection> {
    let opened = tx.at("/meta/breakersOpened").and_then(Node::as_u64).unwrap_or(0) + 1;
    let data = to_node(note).map_err(|error| fault(error.to_string()))?;
    tx.set(in_domain("meta", Key::constant("breakersOpened")), opened.into())?;
    tx.set(in_domain("meta", Key::constant("lastBreaker")), data.clone())?;
    tx.events.push(Event { topic: "breaker.opened".into(), job_id: None, data });
    Ok(Node::Null)
}

/// Says that the board is leaving.
pub(crate) fn drain(tx: &mut Tx<'_>) -> Result<Node, Rejection> {
    tx.set(in_domain("meta", Key::constant("status")), "draining".into())?;
    Ok(Node::Null)
}
