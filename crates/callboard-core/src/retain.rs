//! Finished jobs go: after their time, in small steps, or on request.

use crate::{
    core::Core,
    index::Index,
    input::{Archived, Effect},
    ready::Text,
    state::object,
    tx::Tx,
};
use callboard_protocol::{
    JobId, Node, Time, caps,
    error::Rejection,
    job::{ClearArgs, JobState},
    workflow::WorkflowState,
};

/// How long finished jobs are kept, live and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Those that succeeded, ms.
    pub succeeded_ms: u64,
    /// Those that failed, ms.
    pub failed_ms: u64,
    /// Those that were cancelled, ms.
    pub cancelled_ms: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            succeeded_ms: caps::RETAIN_MS,
            failed_ms: caps::RETAIN_FAILED_MS,
            cancelled_ms: caps::RETAIN_MS,
        }
    }
}

impl Retention {
    /// How long a job with this outcome is kept, ms.
    pub fn of(&self, state: JobState) -> u64 {
        match state {
            JobState::Succeeded => self.succeeded_ms,
            JobState::Failed => self.failed_ms,
            _ => self.cancelled_ms,
        }
    }
}

/// The terminal states.
pub(crate) const FINISHED: [JobState; 3] = [JobState::Succeeded, JobState::Failed, JobState::Cancelled];

impl Core {
    /// The finished job of the live state that goes first, and when.
    pub(crate) fn next_retired(&self) -> Option<(Time, JobId)> {
        let first = |state: JobState| {
            let (at, id) = self.index.finished_of(state).next()?;
            Some((at.plus_ms(self.limits.retention.of(state)), id))
        };
        FINISHED.into_iter().filter_map(first).min().map(|(at, id)| (at, id.clone()))
    }

    /// The finished workflow that goes first, and when: each is kept as long as a job with its outcome.
    pub(crate) fn next_retired_workflow(&self) -> Option<(Time, Text)> {
        let keep = |state: WorkflowState| {
            self.limits.retention.of(match state {
                WorkflowState::Succeeded => JobState::Succeeded,
                WorkflowState::Failed => JobState::Failed,
                _ => JobState::Cancelled,
            })
        };
        self.index.workflows.next_retired(keep).map(|(at, id)| (at, id.clone()))
    }
}

/// Takes a job away whose time is over. Its result stays in the gallery, which has a limit of its own.
pub(crate) fn retire(tx: &mut Tx<'_>, id: &JobId) -> Result<Node, Rejection> {
    forget(tx, id);
    tx.event("job.deleted", id, Node::Null);
    Ok(Node::Null)
}

/// Deletes finished jobs of the live state that fit, the one that ended first at the front, in one small step.
pub(crate) fn clear(tx: &mut Tx<'_>, index: &Index, args: &ClearArgs) -> Result<Node, Rejection> {
    if let Some(state) = args.states.iter().find(|state| !state.is_terminal()) {
        let message = format!("states: {} is not a terminal state; cancel such jobs first", state.as_str());
        return crate::check::invalid(message);
    }
    callboard_protocol::job::check_duration("olderThanMs", args.older_than_ms.filter(|ms| *ms > 0))?;
    let until = Time(tx.context.now.0.saturating_sub_unsigned(args.older_than_ms.unwrap_or(0)));
    let fits = |id: &JobId| {
        let slim = index.job(id);
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        slim.is_some_and(|slim| is(&args.queue, &slim.place.queue) && is(&args.kind, &slim.place.kind))
    };
    let wanted = FINISHED.into_iter().filter(|state| args.states.is_empty() || args.states.contains(state));
    let old = wanted.flat_map(|state| index.finished_of(state).take_while(|(at, _)| *at <= until));
    let mut found: Vec<JobId> =
        old.map(|(_, id)| id).filter(|id| fits(id)).take(caps::CLEAR_STEP + 1).cloned().collect();
    let more = found.len() > caps::CLEAR_STEP;
    found.truncate(caps::CLEAR_STEP);
    for id in &found {
        forget(tx, id);
        tx.event("job.deleted", id, Node::Null);
    }
    Ok(object([("deleted", (found.len() as u64).into()), ("more", more.into())]))
}

/// Takes a job out of the live state and the store, with what it left on disk.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &JobId) {
    tx.remove_job(id);
    tx.archive.push(Archived::Delete(id.clone()));
    tx.effects.push(Effect::Forget(id.clone()));
}
