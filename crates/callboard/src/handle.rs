//! Handles of jobs: they settle exactly once, whatever happens to the job (S2.15, W2.1).

use crate::{Board, typed::JobEnd};
use callboard_protocol::{
    Actor, Commit, JobId, Node, Op,
    command::{CancelArgs, Command},
    error::Rejection,
    from_node,
    job::{self, Progress},
};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::sync::{oneshot, watch};

/// Who listens to which job in this process. Bounded by the handles that the process itself holds.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<HashMap<JobId, Watched>>);

struct Watched {
    progress: watch::Sender<Option<Progress>>,
    end: Vec<oneshot::Sender<Node>>,
}

impl Watchers {
    fn map(&self) -> MutexGuard<'_, HashMap<JobId, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, id: &JobId) -> (oneshot::Receiver<Node>, watch::Receiver<Option<Progress>>) {
        let (sender, end) = oneshot::channel();
        let mut map = self.map();
        let watched = map
            .entry(id.clone())
            .or_insert_with(|| Watched { progress: watch::Sender::default(), end: Vec::new() });
        watched.end.push(sender);
        (end, watched.progress.subscribe())
    }

    /// Takes note that a handle has gone.
    fn unlisten(&self, id: &JobId) {
        let mut map = self.map();
        if let Some(watched) = map.get_mut(id) {
            watched.end.retain(|sender| !sender.is_closed());
            if watched.end.is_empty() {
                map.remove(id);
            }
        }
    }

    /// Shows the progress in a durable commit to those who listen.
    pub(crate) fn see(&self, commit: &Commit) {
        let map = self.map();
        if map.is_empty() {
            return;
        }
        for op in commit.entries.iter().flat_map(|change| &change.ops) {
            let (Op::Add { path, value } | Op::Replace { path, value }) = op else { continue };
            if let [domain, id, field] = path.segments()
                && domain.as_str() == "jobs"
                && field.as_str() == "progress"
                && let Some(watched) = map.get(id.as_str())
                && let Ok(progress) = from_node::<Progress>(value)
            {
                watched.progress.send_replace(Some(progress));
            }
        }
    }

    /// The board has stopped: whoever still waits hears it, for no job ends any more.
    pub(crate) fn close(&self) {
        self.map().clear();
    }

    /// Tells those who wait for a job's end.
    pub(crate) fn settle(&self, id: &JobId, record: &Node) {
        for sender in self.map().remove(id).into_iter().flat_map(|watched| watched.end) {
            // Nobody has to wait for it.
            let _ = sender.send(record.clone());
        }
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
