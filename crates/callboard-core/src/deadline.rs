//! What time and free slots bring: due jobs are queued, queued jobs are started.

use crate::{
    core::Core,
    input::{Context, Decided, Effect},
    state::object,
    table::{Cell, JobEvent, transition},
    tx::Tx,
};
use callboard_protocol::{JobId, Node, Time, error::Rejection, job::JobState};

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
    let job = tx.job(id)?;
    if let Cell::To(next) = transition(job.state, JobEvent::Due) {
        tx.clear_fields(id, &["scheduledAt"]);
        tx.move_job(id, job.state, next)?;
    }
    Ok(Node::Null)
}

fn start(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    let mut job = tx.job(id)?;
    let Cell::To(next) = transition(job.state, JobEvent::Claim) else {
        return Ok(Node::Null);
    };
    job.attempt += 1;
    job.started_at = Some(tx.context.now);
    tx.set_field(id, "attempt", job.attempt.into())?;
    tx.put_field::<Option<Time>>(id, "startedAt", &job.started_at)?;
    // A new attempt starts from nothing: progress and files of the last one are history.
    tx.clear_fields(id, &["progress", "artifacts"]);
    tx.move_job(id, JobState::Queued, next)?;
    tx.event("job.started", id, object([("attempt", job.attempt.into())]));
    job.state = next;
    job.progress = None;
    job.artifacts.clear();
    tx.effects.push(Effect::Start(Box::new(job)));
    Ok(Node::Null)
}
