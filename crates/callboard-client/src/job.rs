//! A job as a handle: its progress, its lines, its end.

use crate::{Client, ClientError, Code, LogEvent, LogStream, View, client::Watch};
use callboard_protocol::{
    JobId,
    command::{Accepted, CancelArgs},
    error::ErrorCode,
    frame::StatePosition,
    job::{Job, Progress},
    log::LogEntry,
    to_node,
};
use std::{sync::Arc, time::Duration};

/// A job on the board. Dropping the handle cancels nothing.
#[derive(Clone)]
pub struct JobHandle {
    client: Client,
    id: JobId,
    /// Where its record can be seen; `None` for a job that was there before: then in any mirror that is live.
    since: Option<StatePosition>,
}

/// How long to wait before the server is asked again for a record that the mirror does not have.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What the mirror says of a job.
enum Seen {
    Record(Box<Job>),
    /// It is not in the mirror, although it should be: pruned, deleted, or of another history.
    Missing,
    /// The mirror does not reach to where it can be seen.
    NotYet,
}

impl JobHandle {
    pub(crate) fn new(client: Client, id: JobId, since: Option<StatePosition>) -> Self {
        JobHandle { client, id, since }
    }

    /// Its name.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Its record, if the mirror has it.
    pub fn record(&self) -> Option<Job> {
        self.client.job(&self.id)
    }

    /// Waits until nothing more happens to the job by itself, and returns its record: `succeeded`, `failed` or
    /// `cancelled`. A record that the mirror no longer has is fetched.
    ///
    /// # Errors
    /// `not_found` when the job was deleted; why the client is closed; `unsupported` without a mirror.
    pub async fn wait(&self) -> Result<Job, ClientError> {
        if !self.client.has_mirror() {
            let message = "waiting for a job needs a client with a mirror";
            return Err(ClientError::new(Code::Server(ErrorCode::Unsupported), message));
        }
        let mut views = self.client.follow();
        loop {
            match self.seen(&views.get()) {
                Seen::Record(job) if job.state.is_terminal() => return Ok(*job),
                Seen::Missing => {
                    if let Some(job) = self.fetch().await? {
                        return Ok(job);
                    }
                    // Not finished, or not to be had now: look again later, or when something changes.
                    if let Ok(false) = tokio::time::timeout(ASK_AGAIN, views.changed()).await {
                        return Err(self.client.closed());
                    }
                }
                Seen::Record(_) | Seen::NotYet => {
                    if !views.changed().await {
                        return Err(self.client.closed());
                    }
                }
            }
        }
    }

    /// Follows the progress. The first item is the last known one; several may become one.
    pub fn progress(&self) -> ProgressStream {
        ProgressStream { handle: self.clone(), views: self.client.follow(), started: false, last: None }
    }

    /// The job's log lines as they arrive, beginning with those that the client has kept.
    pub fn logs(&self) -> JobLogs {
        JobLogs { id: self.id.clone(), stream: self.client.logs() }
    }

    /// Asks for the job to be stopped, whatever it is doing. Asking again does no harm.
    ///
    /// # Errors
    /// As [`Client::command`]; `conflict` when it is over already.
    pub async fn cancel(&self, reason: Option<&str>) -> Result<Accepted, ClientError> {
        let args = CancelArgs { id: self.id.clone(), reason: reason.map(str::to_owned) };
        let args = to_node(&args)
            .map_err(|error| ClientError::new(Code::Server(ErrorCode::InvalidArgs), error.to_string()))?;
        let key = format!("cancel:{}", uuid::Uuid::now_v7());
        self.client.command("jobs.cancel", args, Some(key)).await
    }

    fn seen(&self, view: &View) -> Seen {
        let reached = self.since.as_ref().map_or(view.live, |since| view.shows(since));
        match view.job(&self.id) {
            _ if !reached => Seen::NotYet,
            Some(job) => Seen::Record(Box::new(job)),
            None if view.live => Seen::Missing,
            None => Seen::NotYet,
        }
    }

    /// The record from the store if the job is finished; nothing if that cannot be said now.
    async fn fetch(&self) -> Result<Option<Job>, ClientError> {
        match self.client.http().get_json::<Job>(&format!("/api/jobs/{}", self.id)).await {
            Ok(job) => Ok(Some(job).filter(|job| job.state.is_terminal())),
            Err(error) if error.is_retryable() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The progress of a job.
pub struct ProgressStream {
    handle: JobHandle,
    views: Watch<View>,
    started: bool,
    last: Option<(u32, Progress)>,
}

impl ProgressStream {
    /// The next progress that differs from the one before; `None` once the job is over, gone, or the client is
    /// closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Progress> {
        loop {
            if std::mem::replace(&mut self.started, true) && !self.views.changed().await {
                return None;
            }
            let job = match self.handle.seen(&self.views.get()) {
                Seen::Record(job) => job,
                Seen::NotYet => continue,
                Seen::Missing => return None,
            };
            let now = job.progress.map(|progress| (job.attempt, progress));
            if now.is_some() && now != self.last {
                // The last progress of a finished job is told too; then the stream ends.
                self.started = !job.state.is_terminal();
                self.last.clone_from(&now);
                return now.map(|(_, progress)| progress);
            }
            if job.state.is_terminal() {
                return None;
            }
        }
    }
}

/// The log lines of one job.
pub struct JobLogs {
    id: JobId,
    stream: LogStream,
}

impl JobLogs {
    /// The next event that concerns the job; `None` once the client is closed. Gaps may have hit other jobs only.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<LogEvent> {
        loop {
            let lines = match self.stream.next().await? {
                LogEvent::Lines(lines) => lines,
                other => return Some(other),
            };
            let own = |entry: &&LogEntry| entry.job_id.as_ref() == Some(&self.id);
            let lines: Arc<[LogEntry]> = lines.iter().filter(own).cloned().collect();
            if !lines.is_empty() {
                return Some(LogEvent::Lines(lines));
            }
        }
    }
}

impl std::fmt::Debug for JobHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("JobHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
