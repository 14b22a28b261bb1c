//! `uniqueKey`: at most one job waits with a key, and at most one runs.

use crate::{
    finish::{self, conclude},
    index::Index,
    state::object,
    table::{Cell, JobEvent, transition},
    tx::Tx,
};
use callboard_protocol::{
    JobId, Node, Time,
    error::{ErrorCode, Rejection},
    job::{CancelCause, CancelInfo, DispatchArgs, JobState, UniquePolicy, clip},
};

/// How long a debounced job waits unless it says so, ms.
const DEBOUNCE_MS: u64 = 1000;

/// What becomes of a dispatch.
pub(crate) enum Unique {
    /// It makes a new job, which starts no earlier than this.
    New { not_before: Option<Time> },
    /// A job that waits has taken over what it says.
    TakenOver(JobId),
}

/// Applies the unique policy of a dispatch.
///
/// # Errors
/// `conflict` when there is such a job and the policy is to refuse then.
pub(crate) fn admit(
    tx: &mut Tx<'_>,
    index: &Index,
    args: &DispatchArgs,
    id: &JobId,
) -> Result<Unique, Rejection> {
    let Some(key) = &args.unique_key else { return Ok(Unique::New { not_before: None }) };
    let others: Vec<JobId> = index.with_unique(key).cloned().collect();
    match args.unique_policy.unwrap_or_default() {
        UniquePolicy::Reject => {
            others.first().map_or(Ok(Unique::New { not_before: None }), |other| Err(taken(key, other)))
        }
        UniquePolicy::Replace => {
            let why = format!("job {id} took its place");
            others.iter().try_for_each(|other| supersede(tx, other, &why))?;
            Ok(Unique::New { not_before: None })
        }
        UniquePolicy::Debounce => {
            let until = tx.context.now.plus_ms(args.debounce_ms.unwrap_or(DEBOUNCE_MS));
            let waits = |other: &&JobId| index.job(other).is_some_and(|job| job.attempt == 0);
            match others.iter().find(waits) {
                Some(other) => take_over(tx, other, args, until),
                None => Ok(Unique::New { not_before: Some(until) }),
            }
        }
    }
}

/// Whether another unfinished job has the key of a job that is to run again.
pub(crate) fn check_redrive(index: &Index, id: &JobId, key: Option<&str>) -> Result<(), Rejection> {
    let Some(key) = key else { return Ok(()) };
    index.with_unique(key).find(|other| *other != id).map_or(Ok(()), |other| Err(taken(key, other)))
}

fn taken(key: &str, other: &JobId) -> Rejection {
    let message = format!("uniqueKey: job {:?} has the key {key:?} and is not finished", other.as_str());
    let details = Some(object([("id", other.into())]));
    Rejection { details, ..Rejection::new(ErrorCode::Conflict, message) }
}

/// Another job takes the place of this one.
pub(crate) fn supersede(tx: &mut Tx<'_>, id: &JobId, why: &str) -> Result<(), Rejection> {
    let state = tx.state(id)?;
    let info = CancelInfo {
        requested_at: tx.context.now,
        by: tx.context.actor.clone(),
        reason: Some(clip(why).into()),
        cause: CancelCause::Superseded,
    };
    match transition(state, JobEvent::AskCancel) {
        Cell::To(next) => {
            tx.put_field(id, "cancel", &info)?;
            conclude(tx, id, (state, next))
        }
        Cell::Stay => finish::stop(tx, id, &info),
        Cell::Gone | Cell::Already | Cell::Refuse => Ok(()),
    }
}

/// A job that has not started takes over what a newer dispatch says, and waits anew. That is counted, so that it is
/// a change, whose key is remembered, even when the newer one says the same in the same millisecond.
fn take_over(tx: &mut Tx<'_>, id: &JobId, args: &DispatchArgs, until: Time) -> Result<Unique, Rejection> {
    let state = tx.state(id)?;
    let input = args.args.clone().unwrap_or_else(Node::object);
    let title = args.title.clone().unwrap_or_else(|| crate::dispatch::title_of(&args.kind, &input));
    tx.set_field(id, "args", input)?;
    tx.set_field(id, "title", clip(&title).into())?;
    tx.put_field(id, "scheduledAt", &until)?;
    let before = tx.record(id).and_then(|record| record.child("debounces")?.as_u64()).unwrap_or(0);
    tx.set_field(id, "debounces", (before + 1).into())?;
    if state != JobState::Pending
        && let Cell::To(next) = transition(state, JobEvent::Postpone)
    {
        tx.move_job(id, state, next)?;
    }
    tx.event("job.debounced", id, Node::Null);
    Ok(Unique::TakenOver(id.clone()))
}
