//! What the index knows of a job.

use super::Due;
use crate::ready::{Place, Text};
use callboard_protocol::{JobId, Node, Time, caps, from_node, job::JobState};
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slim {
    pub(crate) state: JobState,
    pub(crate) attempt: u32,
    pub(crate) place: Place,
    /// Lower is earlier; see [`rank_of`].
    pub(crate) rank: i64,
    pub(crate) unique: Option<Text>,
    /// The time that matters in its state: when it is due, started or ended; zero where no time does.
    pub(super) at: Time,
    expires: Option<Time>,
    deadline: Option<Time>,
    /// The job that started it.
    pub(super) parent: Option<JobId>,
    /// It has not ended, and nobody asked it to stop.
    pub(crate) is_open: bool,
    /// It was cancelled, or is to be: so are the jobs that it started.
    pub(super) is_called_off: bool,
    /// What a pending job waits for.
    waits: Option<Arc<Vec<Node>>>,
}

/// The members of a job that the index looks at. A change of others need not be shown to it.
pub(crate) const INDEXED: [&str; 12] = [
    "state",
    "attempt",
    "startedAt",
    "finishedAt",
    "scheduledAt",
    "priority",
    "order",
    "waitingFor",
    "cancel",
    "queue",
    "deadline",
    "expiresAt",
];

/// Fractions of a millisecond that an order by hand can tell apart.
const STEPS: f64 = 1024.0;

/// A place in the order of jobs that wait, in 1/1024 ms: the time since which it waits, and a minute for each step of
/// priority. So a low priority that has waited long is before a high one that has just come, and the comparison of two
/// jobs never changes while they wait.
pub(crate) fn rank_of(since_ms: f64, priority: i32) -> i64 {
    let ageing = i64::from(priority) * caps::AGEING_MS * STEPS as i64;
    ((since_ms * STEPS) as i64).saturating_add(ageing)
}

impl Slim {
    pub(super) fn read(record: &Node) -> Option<Self> {
        let members = Members::of(record)?;
        let time = |at: Option<&Node>| at.and_then(|at| from_node::<Time>(at).ok());
        let text = |node: Option<&Node>| match node {
            Some(Node::String(text)) => Some(text.clone()),
            _ => None,
        };
        let state = JobState::parse(members.state?.as_str()?)?;
        let attempt = from_node(members.attempt?).ok()?;
        let at = match state {
            JobState::Pending | JobState::Queued => None,
            JobState::Scheduled | JobState::Retrying => members.scheduled_at,
            JobState::Running => members.started_at,
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => members.finished_at,
        };
        let rank = match state {
            JobState::Queued => {
                let order = members.order.and_then(Node::as_f64);
                let since = order.or_else(|| time(members.created_at).map(|at| at.0 as f64))?;
                rank_of(since, from_node(members.priority?).ok()?)
            }
            _ => 0,
        };
        let waits = match (state, members.waiting_for) {
            (JobState::Pending, Some(Node::Array(waits))) => Some(waits.clone()),
            _ => None,
        };
        let may_expire =
            attempt == 0 && matches!(state, JobState::Pending | JobState::Scheduled | JobState::Queued);
        let cancel = members.cancel.map(|cancel| cancel.child("cause").and_then(Node::as_str));
        let is_open = !state.is_terminal() && cancel.is_none();
        Some(Slim {
            state,
            attempt,
            place: Place {
                queue: text(members.queue)?,
                kind: text(members.kind)?,
                key: text(members.concurrency_key).unwrap_or_default(),
            },
            rank,
            unique: text(members.unique_key),
            at: time(at).unwrap_or_default(),
            expires: members.expires_at.filter(|_| may_expire).and_then(|at| time(Some(at))),
            parent: members.parent_id.and_then(Node::as_str).map(JobId::from),
            is_open,
            // One that misses its deadline fails; what it started goes on.
            is_called_off: cancel.is_some_and(|cause| cause != Some("deadline")),
            deadline: members.deadline.filter(|_| is_open).and_then(|at| time(Some(at))),
            waits,
        })
    }

    /// Whether both are the same attempt under way.
    pub(super) fn is_same_start(&self, next: &Slim) -> bool {
        let both_run = self.state == JobState::Running && next.state == JobState::Running;
        both_run && self.attempt == next.attempt && self.place == next.place
    }

    pub(super) fn dues(&self, id: &JobId) -> impl Iterator<Item = (Time, Due)> {
        let is_timed = matches!(self.state, JobState::Scheduled | JobState::Retrying);
        let release = is_timed.then(|| (self.at, Due::Release(id.clone())));
        let expire = self.expires.map(|at| (at, Due::Expire(id.clone())));
        let deadline = self.deadline.map(|at| (at, Due::Deadline(id.clone())));
        [release, expire, deadline].into_iter().flatten()
    }

    pub(super) fn waits_for(&self) -> impl Iterator<Item = JobId> + use<> {
        let waits = self.waits.clone().unwrap_or_default();
        (0..waits.len()).filter_map(move |index| waits[index].as_str().map(JobId::from))
    }
}

/// The members that are looked at, found in one pass: this is done for every change of a job.
#[derive(Default)]
struct Members<'a> {
    state: Option<&'a Node>,
    attempt: Option<&'a Node>,
    queue: Option<&'a Node>,
    kind: Option<&'a Node>,
    priority: Option<&'a Node>,
    order: Option<&'a Node>,
    concurrency_key: Option<&'a Node>,
    unique_key: Option<&'a Node>,
    created_at: Option<&'a Node>,
    started_at: Option<&'a Node>,
    finished_at: Option<&'a Node>,
    scheduled_at: Option<&'a Node>,
    expires_at: Option<&'a Node>,
    deadline: Option<&'a Node>,
    cancel: Option<&'a Node>,
    waiting_for: Option<&'a Node>,
    parent_id: Option<&'a Node>,
}

impl<'a> Members<'a> {
    fn of(record: &'a Node) -> Option<Self> {
        let mut found = Members::default();
        for (key, value) in record.as_object()?.iter() {
            let place = match key.as_str() {
                "state" => &mut found.state,
                "attempt" => &mut found.attempt,
                "queue" => &mut found.queue,
                "kind" => &mut found.kind,
                "priority" => &mut found.priority,
                "order" => &mut found.order,
                "concurrencyKey" => &mut found.concurrency_key,
                "uniqueKey" => &mut found.unique_key,
                "createdAt" => &mut found.created_at,
                "startedAt" => &mut found.started_at,
                "finishedAt" => &mut found.finished_at,
                "scheduledAt" => &mut found.scheduled_at,
                "expiresAt" => &mut found.expires_at,
                "deadline" => &mut found.deadline,
                "cancel" => &mut found.cancel,
                "waitingFor" => &mut found.waiting_for,
                "parentId" => &mut found.parent_id,
                _ => continue,
            };
            *place = Some(value);
        }
        Some(found)
    }
}
