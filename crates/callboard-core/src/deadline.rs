//! What time and free slots bring: due jobs are queued, queued jobs are started.

use crate::{
    core::Core,
    input::{Context, Decided, Effect, Start},
    request::state_of,
    state::object,
    table::{Cell, JobEvent, transition},
    tx::{Tx, fault, no_job},
};
use callboard_protocol::{JobId, Node, error::Rejection};

impl Core {
    pub(crate) fn advance_one(&mut self, context: &Context) -> Option<Decided> {
        if let Some((_, id)) = self.index.next_due().filter(|(at, _)| *at <= context.now) {
            return self.step(context, |tx| release(tx, &id));
        }
        if self.index.running().len() >= self.limits.concurrency {
            return None;
        }
        let id = self.index.next_ready()?;
        self.step(context, |tx| start(tx, &id))
    }

    /// A step that the index says is possible; that it is refused would be a fault of ours.
    fn step(
        &mut self,
        context: &Context,
        decide: impl FnOnce(&mut Tx<'_>) -> Result<Node, Rejection>,
    ) -> Option<Decided> {
        let decided = self.change(context, |tx, _| decide(tx));
        debug_assert!(decided.is_ok(), "the index agrees with the document: {decided:?}");
        decided.ok().filter(|decided| decided.change.is_some())
    }
}

fn release(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = state_of(tx, id)?;
    if let Cell::To(next) = transition(state, JobEvent::Due) {
        tx.clear_fields(id, &["scheduledAt"]);
        tx.move_job(id, state, next)?;
    }
    Ok(Node::Null)
}

fn start(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = state_of(tx, id)?;
    let Cell::To(next) = transition(state, JobEvent::Claim) else {
        return Ok(Node::Null);
    };
    let start = next_attempt(tx, id)?;
    tx.set_field(id, "attempt", start.attempt.into())?;
    tx.put_field(id, "startedAt", &tx.context.now)?;
    // A new attempt starts from nothing: progress and files of the last one are history.
    tx.clear_fields(id, &["progress", "artifacts"]);
    tx.move_job(id, state, next)?;
    tx.event("job.started", id, object([("attempt", start.attempt.into())]));
    tx.effects.push(Effect::Start(start));
    Ok(Node::Null)
}

/// What the next attempt of a job needs. Most of a record stays unread, for this is done for every start.
fn next_attempt(tx: &Tx<'_>, id: &JobId) -> Result<Start, Rejection> {
    let record = tx.record(id).ok_or_else(|| no_job(id))?;
    let number = |name: &str| record.child(name).and_then(Node::as_u64);
    let Some(Node::String(kind)) = record.child("kind") else {
        return Err(fault(format!("the record of job {id} names no kind")));
    };
    Ok(Start {
        id: id.clone(),
        kind: kind.clone(),
        attempt: u32::try_from(number("attempt").unwrap_or(0)).unwrap_or(u32::MAX).saturating_add(1),
        args: record.child("args").cloned().unwrap_or_default(),
        timeout_ms: number("timeoutMs"),
        checkpoint: record.child("checkpoint").cloned().unwrap_or_default(),
    })
}
