//! What time and free slots bring: due jobs are queued, late ones fail, dependents go on, queued jobs are started.

use crate::{
    core::Core,
    depend,
    finish::{self, conclude},
    index::Due,
    input::{Context, Decided, Effect, Start},
    retain, schedule,
    state::object,
    table::{Cell, JobEvent, transition},
    things,
    tx::{Tx, fault, no_job, node},
    workflow,
};
use callboard_protocol::{
    JobId, Node,
    error::Rejection,
    job::{CancelCause, CancelInfo, JobError, JobState},
};

impl Core {
    pub(crate) fn advance_one(&mut self, context: &Context) -> Option<Decided> {
        self.index.ready.tick(context.now);
        if let Some((_, due)) = self.index.next_due().filter(|(at, _)| *at <= context.now) {
            let due = due.clone();
            return self.step(context, |tx, index| match &due {
                Due::Release(id) => release(tx, id),
                Due::Expire(id) => expire(tx, id),
                Due::Deadline(id) => miss_deadline(tx, id),
                Due::Fire(name) => schedule::fire(tx, index, name),
                Due::Overdue(id) => workflow::miss_deadline(tx, index, id),
                Due::Lose(domain, id) => things::lose(tx, domain, id),
            });
        }
        if let Some((parent, child)) = self.index.next_orphan() {
            let (parent, child) = (parent.clone(), child.clone());
            return self.step(context, |tx, _| depend::call_off(tx, &parent, child));
        }
        if let Some((on, waiter)) = self.index.next_waiter() {
            let (on, waiter) = (on.clone(), waiter.clone());
            return self.step(context, |tx, _| depend::settle(tx, &on, &waiter));
        }
        if let Some(id) = self.index.workflows.next_open() {
            let id = id.clone();
            return self.step(context, |tx, index| workflow::proceed(tx, index, &id));
        }
        if let Some((_, id)) = self.next_retired_workflow().filter(|(at, _)| *at <= context.now) {
            return self.step(context, |tx, _| workflow::retire(tx, &id));
        }
        if let Some((_, id)) = self.next_retired().filter(|(at, _)| *at <= context.now) {
            return self.step(context, |tx, _| retain::retire(tx, &id));
        }
        let id = self.index.next_ready(self.limits.concurrency)?.clone();
        self.step(context, |tx, _| start(tx, &id))
    }

    /// A step that the index says is possible; that it is refused would be a fault of ours.
    fn step(
        &mut self,
        context: &Context,
        decide: impl FnOnce(&mut Tx<'_>, &crate::index::Index) -> Result<Node, Rejection>,
    ) -> Option<Decided> {
        let decided = self.change(context, decide);
        debug_assert!(decided.is_ok(), "the index agrees with the document: {decided:?}");
        decided.ok().filter(|decided| decided.change.is_some())
    }
}

fn release(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = tx.state(id)?;
    if let Cell::To(next) = transition(state, JobEvent::Due) {
        tx.clear_fields(id, ["scheduledAt"])?;
        if state == JobState::Scheduled {
            // It has waited for its turn since now, not since somebody thought of it.
            tx.put_field(id, "order", &tx.context.now.0)?;
        }
        tx.move_job(id, state, next)?;
    }
    Ok(Node::Null)
}

fn expire(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = tx.state(id)?;
    if let Cell::To(next) = transition(state, JobEvent::Expire) {
        tx.put_field(id, "error", &JobError::new("expired", "it was not started within its ttl"))?;
        conclude(tx, id, (state, next))?;
    }
    Ok(Node::Null)
}

fn miss_deadline(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = tx.state(id)?;
    match transition(state, JobEvent::MissDeadline) {
        Cell::To(next) => {
            tx.put_field(id, "error", &finish::deadline_error())?;
            conclude(tx, id, (state, next))?;
        }
        Cell::Stay => {
            let info = CancelInfo {
                requested_at: tx.context.now,
                by: tx.context.actor.clone(),
                reason: Some("its deadline has passed".into()),
                cause: CancelCause::Deadline,
            };
            finish::stop(tx, id, &info)?;
        }
        Cell::Gone | Cell::Already | Cell::Refuse => {}
    }
    Ok(Node::Null)
}

fn start(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let state = tx.state(id)?;
    let Cell::To(next) = transition(state, JobEvent::Claim) else {
        return Ok(Node::Null);
    };
    let start = next_attempt(tx, id)?;
    // A new attempt starts from nothing: progress and files of the last one are history.
    let fields = [
        ("attempt", Some(start.attempt.into())),
        ("startedAt", Some(node(&tx.context.now)?)),
        ("progress", None),
        ("artifacts", None),
    ];
    tx.move_job_with(id, (state, next), fields)?;
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
