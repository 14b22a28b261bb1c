//! Handles of jobs: they settle exactly once, whatever happens to the job (S2.15, W2.1).

use crate::{Board, typed::JobEnd};
use callboard_protocol::{
    Actor, Commit, JobId, Node, Op,
    command::{CancelArgs, Command},
    error::{ErrorCode, Rejection},
    from_node,
    job::{self, JobState, Progress},
};
use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::sync::{oneshot, watch};

/// Who listens to which job in this process. Bounded by the handles that the process itself holds.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<Listeners>);

#[derive(Default)]
struct Listeners {
    jobs: HashMap<JobId, Watched>,
    /// The version of the last commit that was seen.
    version: u64,
    /// While changes are told as events: the version up to which they were. Ends wait for it (invariant 6).
    told: Option<u64>,
    /// Ends that wait until the changes up to their version are told.
    held: VecDeque<(u64, oneshot::Sender<Node>, Node)>,
    /// The writer has ended: no version follows the present one.
    is_over: bool,
}

struct Watched {
    progress: watch::Sender<Option<Progress>>,
    end: Vec<oneshot::Sender<Node>>,
}

impl Watchers {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listen(&self, id: &JobId) -> (oneshot::Receiver<Node>, watch::Receiver<Option<Progress>>) {
        let (sender, end) = oneshot::channel();
        let mut listeners = self.listeners();
        let watched = listeners
            .jobs
            .entry(id.clone())
            .or_insert_with(|| Watched { progress: watch::Sender::default(), end: Vec::new() });
        watched.end.push(sender);
        (end, watched.progress.subscribe())
    }

    /// Takes note that a handle has gone.
    pub(crate) fn unlisten(&self, id: &JobId) {
        let mut listeners = self.listeners();
        if let Some(watched) = listeners.jobs.get_mut(id) {
            watched.end.retain(|sender| !sender.is_closed());
            if watched.end.is_empty() {
                listeners.jobs.remove(id);
            }
        }
    }

    /// Shows the progress in a durable commit to those who listen.
    pub(crate) fn see(&self, commit: &Commit) {
        let mut listeners = self.listeners();
        listeners.version = commit.head_version();
        if listeners.jobs.is_empty() {
            return;
        }
        for op in commit.entries.iter().flat_map(|change| &change.ops) {
            let (Op::Add { path, value } | Op::Replace { path, value }) = op else { continue };
            if let [domain, id, field] = path.segments()
                && domain.as_str() == "jobs"
                && field.as_str() == "progress"
                && let Some(watched) = listeners.jobs.get(id.as_str())
                && let Ok(progress) = from_node::<Progress>(value)
            {
                watched.progress.send_replace(Some(progress));
            }
        }
    }

    /// The writer has ended. `true` when nothing is left to be told, so that all may be closed at once.
    pub(crate) fn end(&self) -> bool {
        let mut listeners = self.listeners();
        listeners.is_over = true;
        listeners.told.is_none()
    }

    /// Whether the writer has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.listeners().is_over
    }

    /// The board has stopped: whoever still waits hears it, for no job ends any more.
    pub(crate) fn close(&self) {
        self.listeners().jobs.clear();
    }

    /// Tells those who wait for a job's end, after the events of its change.
    pub(crate) fn settle(&self, id: &JobId, record: &Node) {
        let mut listeners = self.listeners();
        let Some(watched) = listeners.jobs.remove(id) else { return };
        let version = listeners.version;
        let is_told = listeners.told.is_none_or(|told| version <= told);
        for sender in watched.end {
            if is_told {
                // Nobody has to wait for it.
                let _ = sender.send(record.clone());
            } else {
                listeners.held.push_back((version, sender, record.clone()));
            }
        }
    }

    /// From now on changes are told as events; up to `version` they need not be.
    pub(crate) fn start_telling(&self, version: u64) {
        self.listeners().told = Some(version);
    }

    /// The changes up to this version were told.
    pub(crate) fn told(&self, version: u64) {
        let mut listeners = self.listeners();
        listeners.told = Some(version);
        while listeners.held.front().is_some_and(|(held, ..)| *held <= version)
            && let Some((_, sender, record)) = listeners.held.pop_front()
        {
            let _ = sender.send(record);
        }
    }

    /// Changes are told no more; no end waits for that. `true` when the writer had ended before.
    pub(crate) fn stop_telling(&self) -> bool {
        let mut listeners = self.listeners();
        listeners.told = None;
        for (_, sender, record) in listeners.held.drain(..) {
            let _ = sender.send(record);
        }
        listeners.is_over
    }
}

/// A handle of a job of any kind. Dropping it does not cancel the job.
pub struct RawHandle {
    board: Board,
    id: JobId,
    end: oneshot::Receiver<Node>,
    progress: watch::Receiver<Option<Progress>>,
}

impl RawHandle {
    pub(crate) fn listen(board: Board, id: JobId) -> Self {
        let (end, progress) = board.shared.watchers.listen(&id);
        RawHandle { board, id, end, progress }
    }

    /// A handle of a job that exists; it settles at once when the job has ended.
    pub(crate) async fn of(board: &Board, id: &JobId) -> Result<Self, Rejection> {
        // It listens before it looks, so that it cannot miss the end in between.
        let handle = RawHandle::listen(board.clone(), id.clone());
        let Some(record) = board.job(id).await? else {
            let message = format!("there is no job {:?}", id.as_str());
            return Err(Rejection::new(ErrorCode::NotFound, message));
        };
        let state = record.child("state").and_then(|state| JobState::parse(state.as_str()?));
        if state.is_some_and(|state| state.is_terminal()) {
            board.shared.watchers.settle(id, &record);
        }
        Ok(handle)
    }

    /// The job's name.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// The progress; a late reader first sees the last value. It closes when the job has ended.
    pub fn progress(&self) -> watch::Receiver<Option<Progress>> {
        self.progress.clone()
    }

    /// Asks for the job to stop; [`RawHandle::end`] says when it has.
    ///
    /// # Errors
    /// When the job has ended already.
    pub async fn cancel(&self, reason: &str) -> Result<(), Rejection> {
        let args = CancelArgs { id: self.id.clone(), reason: Some(reason.into()) };
        self.board.send(Command::Cancel(args), Actor::new("handle"), None).await.map(drop)
    }

    /// Waits for the job's end and returns its record.
    ///
    /// # Errors
    /// When the board stops first.
    pub async fn end(mut self) -> Result<job::Job, JobEnd> {
        std::future::poll_fn(|context| self.poll_end(context)).await
    }

    /// To be polled until it is ready, and not after that.
    pub(crate) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Result<job::Job, JobEnd>> {
        Pin::new(&mut self.end).poll(context).map(|record| {
            let record = record.map_err(|_| JobEnd::BoardStopped)?;
            from_node(&record).map_err(|error| JobEnd::Unreadable(error.to_string()))
        })
    }

    /// Whether the job has ended, or its board has stopped.
    pub fn has_ended(&self) -> bool {
        !self.end.is_empty() || self.progress.has_changed().is_err()
    }
}

impl Drop for RawHandle {
    fn drop(&mut self) {
        self.end.close();
        self.board.shared.watchers.unlisten(&self.id);
    }
}
