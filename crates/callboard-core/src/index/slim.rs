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
        let time = |name: &str| record.child(name).and_then(|at| from_node::<Time>(at).ok());
        let text = |name: &str| match record.child(name) {
            Some(Node::String(text)) => Some(text.clone()),
            _ => None,
        };
        let state = JobState::parse(record.child("state")?.as_str()?)?;
        let attempt = from_node(record.child("attempt")?).ok()?;
        let at = match state {
            JobState::Pending | JobState::Queued => Some(Time::default()),
            JobState::Scheduled | JobState::Retrying => time("scheduledAt"),
            JobState::Running => time("startedAt"),
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => time("finishedAt"),
        };
        let rank = match state {
            JobState::Queued => {
                let order = record.child("order").and_then(Node::as_f64);
                let since = order.or_else(|| time("createdAt").map(|at| at.0 as f64))?;
                rank_of(since, from_node(record.child("priority")?).ok()?)
            }
            _ => 0,
        };
        let waits = match (state, record.child("waitingFor")) {
            (JobState::Pending, Some(Node::Array(waits))) => Some(waits.clone()),
            _ => None,
        };
        let may_expire =
            attempt == 0 && matches!(state, JobState::Pending | JobState::Scheduled | JobState::Queued);
        let may_be_late = !state.is_terminal() && record.child("cancel").is_none();
        Some(Slim {
            state,
            attempt,
            place: Place {
                queue: text("queue")?,
                kind: text("kind")?,
                key: text("concurrencyKey").unwrap_or_default(),
            },
            rank,
            unique: text("uniqueKey"),
            at: at.unwrap_or_default(),
            expires: may_expire.then(|| time("expiresAt")).flatten(),
            deadline: may_be_late.then(|| time("deadline")).flatten(),
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
