//! What the journal tells of durable jobs, as events on the board's bus.

use super::{Cause, DataSource, DomainEvent, Signal};
use crate::{cache::Lru, clock, shared::Shared, typed::new_id};
use callboard_protocol::{Actor, Change, Event, JobId, Node, caps};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A change in the life of a durable job, or of its board: `job.dispatched`, `job.started`, `job.retrying`,
/// `job.succeeded`, `job.failed`, `job.cancelled` and so on. Its signal has the job's id as correlation id and whoever
/// dispatched the job as origin, also after a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEvent {
    /// What happened.
    pub topic: String,
    /// To which job.
    pub job_id: Option<JobId>,
    /// Facts.
    pub data: Node,
    /// The version of the state after it.
    pub version: u64,
}

/// Events of the journal that are no longer in memory: whoever tells them was too slow (X9). The state has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalEventsMissed {
    /// The last version that was told.
    pub from: u64,
    /// The version from which it goes on.
    pub to: u64,
}

impl DomainEvent for JournalEvent {
    fn topic(&self) -> &str {
        &self.topic
    }
}

impl DomainEvent for JournalEventsMissed {
    fn topic(&self) -> &str {
        "journal.missed"
    }
}

/// Where durable jobs come from that this process has dispatched. The oldest are forgotten first.
pub(crate) struct Origins(Mutex<Lru<Origin>>);

#[derive(Clone)]
struct Origin {
    actor: Actor,
    cause: Cause,
}

impl Default for Origins {
    fn default() -> Self {
        Origins(Mutex::new(Lru::new()))
    }
}

impl Origins {
    pub(crate) fn keep(&self, id: &JobId, actor: Actor, cause: Cause) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(id, Origin { actor, cause });
        if kept.len() > caps::ORIGINS {
            kept.pop_oldest();
        }
    }

    fn get(&self, id: &JobId) -> Option<Origin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).touch(id).cloned()
    }
}

/// Tells everything after `version` on the board's bus, until its writer has ended and all was told. A follower like
/// any other: no listener's code runs in the writer.
pub(crate) async fn tell(board: Weak<Shared>, mut version: u64) {
    let Some(mut head) = board.upgrade().map(|shared| shared.version.subscribe()) else { return };
    let _telling = Telling(board.clone());
    loop {
        let Some(shared) = board.upgrade() else { return };
        let to = match shared.since(version) {
            Some(window) => {
                for (version, change) in window.changes() {
                    change.events.iter().for_each(|event| emit(&shared, version, change, event));
                }
                window.to
            }
            None => {
                let to = *shared.version.borrow();
                let missed = JournalEventsMissed { from: version, to };
                shared.dispatcher.bus().emit(Signal::new(missed, Actor::new("board")));
                to
            }
        };
        version = to;
        shared.watchers.told(version);
        head.borrow_and_update();
        let is_over = shared.watchers.is_over();
        // What came in between is seen by the next look, for the version is compared, not the wake-up.
        let is_all = *shared.version.borrow() == version;
        drop(shared);
        if is_all && (is_over || head.changed().await.is_err()) {
            return;
        }
    }
}

fn emit(shared: &Shared, version: u64, change: &Change, event: &Event) {
    let bus = shared.dispatcher.bus();
    if !bus.is_heard() {
        return;
    }
    let kept = event.job_id.as_ref().and_then(|id| shared.origins.get(id));
    let id = event.job_id.clone().unwrap_or_else(new_id);
    let (origin, cause) = match kept {
        Some(kept) => (kept.actor, kept.cause),
        None => {
            let head = shared.head();
            let record = head.document.child("jobs").and_then(|jobs| jobs.child(&id));
            let by = record.and_then(|record| record.child("createdBy")?.as_str()).map(Actor::from);
            let origin = by.unwrap_or_else(|| change.actor.clone());
            shared.origins.keep(&id, origin.clone(), Cause::root(id.clone()));
            (origin, Cause::root(id.clone()))
        }
    };
    let event = JournalEvent {
        topic: event.topic.clone(),
        job_id: event.job_id.clone(),
        data: event.data.clone(),
        version,
    };
    let (kind, source) = (None, DataSource::Fresh);
    bus.emit(Signal { correlation_id: id, origin, kind, source, at: clock::wall(), cause, event });
}

/// However telling ends, no handle waits for it any more, and nobody waits for what a stopped board would tell.
struct Telling(Weak<Shared>);

impl Drop for Telling {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade()
            && shared.watchers.stop_telling()
        {
            shared.close();
        }
    }
}

impl Shared {
    /// Starts telling, once.
    pub(crate) fn tell_journal(self: &Arc<Self>) {
        self.telling.call_once(|| {
            let version = *self.version.borrow();
            self.watchers.start_telling(version);
            tokio::spawn(tell(Arc::downgrade(self), version));
        });
    }
}
