//! Looking things up: live state first, then the store.

use crate::{Board, LogFilter};
use callboard_journal::{Cursor, JobQuery, ReadError};
use callboard_protocol::{
    JobId, Node, Time, caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::{Attempt, JobState},
    log::LogEntry,
};

/// What jobs are looked for.
#[derive(Clone, Debug, Default)]
pub struct JobListingQuery {
    /// In these states; empty: in all.
    pub states: Vec<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// After this position of an earlier listing.
    pub cursor: Option<String>,
    /// At most so many, up to [`caps::PAGE_ROWS`].
    pub limit: usize,
}

/// Jobs, the newest first.
#[derive(Clone, Debug)]
pub struct JobListing {
    /// Their records.
    pub jobs: Vec<Node>,
    /// Where the next page starts, when there is one.
    pub next: Option<String>,
}

/// Lines of a log, the oldest first.
#[derive(Clone, Debug)]
pub struct LogListing {
    /// The lines.
    pub entries: Vec<LogEntry>,
    /// Lines between what was asked for and the first one are gone.
    pub truncated: bool,
    /// Ask with this to go on.
    pub next_seq: u64,
}

impl Board {
    /// A job's record: live, or from the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn job(&self, id: &JobId) -> Result<Option<Node>, Rejection> {
        if let Some(record) = self.live_job(id) {
            return Ok(Some(record));
        }
        self.shared.journal.job(id).await.map_err(unreadable)
    }

    /// The ended attempts of a job, the first one first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, Rejection> {
        self.shared.journal.attempts(id).await.map_err(unreadable)
    }

    /// Jobs by state and kind, the newest first: those that are not finished from the live state, the finished
    /// ones from the store.
    ///
    /// # Errors
    /// `invalid_args` for a bad cursor; when the store cannot be read.
    pub async fn jobs(&self, query: JobListingQuery) -> Result<JobListing, Rejection> {
        let before = query.cursor.as_deref().map(Cursor::parse).transpose().map_err(|error| {
            Rejection::new(
                ErrorCode::InvalidArgs,
                format!("cursor: {error}; use the nextCursor of an earlier page"),
            )
        })?;
        let limit = query.limit.clamp(1, caps::PAGE_ROWS);
        let mut rows = self.live_rows(&query, before.as_ref());
        let stored =
            JobQuery { states: query.states.clone(), kind: query.kind.clone(), before, limit: limit + 1 };
        let page = self.shared.journal.jobs(stored).await.map_err(unreadable)?;
        // A finished job that runs again is live; its stored row is what it was.
        let stored = page.jobs.into_iter().filter_map(|record| Some((position(&record)?, record)));
        rows.extend(stored.filter(|((_, id), _)| self.live_job(id).is_none()));
        rows.sort_by(|a, b| b.0.cmp(&a.0));
        rows.dedup_by(|a, b| a.0 == b.0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|((at, id), _)| Cursor { created_at: *at, id: id.clone() }.to_string());
        Ok(JobListing { jobs: rows.into_iter().map(|(_, record)| record).collect(), next })
    }

    fn live_rows(&self, query: &JobListingQuery, before: Option<&Cursor>) -> Vec<((Time, JobId), Node)> {
        let head = self.shared.head();
        let jobs = head.document.child("jobs").and_then(Node::as_object).cloned().unwrap_or_default();
        let state = |record: &Node| JobState::parse(record.child("state")?.as_str()?);
        let fits = |record: &Node| {
            let state = state(record);
            let kind = record.child("kind").and_then(Node::as_str);
            (query.states.is_empty() || state.is_some_and(|state| query.states.contains(&state)))
                && query.kind.as_deref().is_none_or(|wanted| kind == Some(wanted))
        };
        let rows = jobs.iter().filter(|(_, record)| fits(record));
        let rows = rows.filter_map(|(_, record)| Some((position(record)?, record.clone())));
        rows.filter(|(at, _)| before.is_none_or(|cursor| (at.0, &at.1) < (cursor.created_at, &cursor.id)))
            .collect()
    }

    /// Lines of a job's log: those after `since`, or the newest when it is `None`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn job_log(
        &self,
        id: &JobId,
        since: Option<u64>,
        limit: usize,
    ) -> Result<LogListing, Rejection> {
        callboard_protocol::job::check_id("id", id)?;
        let limit = limit.clamp(1, caps::LOG_QUERY_LINES);
        let logs = self.shared.logs.clone();
        let id = id.clone();
        let read = tokio::task::spawn_blocking(move || logs.read_job(&id, since, limit)).await;
        let entries = read.map_err(|error| Rejection::new(ErrorCode::Internal, error.to_string()))?;
        let entries = entries.map_err(|error| {
            Rejection::new(ErrorCode::Internal, format!("the job's log cannot be read: {error}"))
        })?;
        let next_seq = entries.last().map_or(since.unwrap_or(0), |entry| entry.seq);
        Ok(LogListing { truncated: false, next_seq, entries })
    }

    /// Lines of the board's ring: those after `since`, or the newest when it is `None`.
    pub fn board_log(&self, since: Option<u64>, limit: usize) -> LogListing {
        self.board_log_of(since, limit, &LogFilter::default())
    }

    /// [`Board::board_log`] of the lines that pass a filter.
    pub fn board_log_of(&self, since: Option<u64>, limit: usize, filter: &LogFilter) -> LogListing {
        let limit = limit.clamp(1, caps::LOG_QUERY_LINES);
        let page = match since {
            Some(since) => self.shared.logs.since(since, limit, filter),
            None => self.shared.logs.latest(limit, filter),
        };
        LogListing { entries: page.entries, truncated: page.truncated, next_seq: page.to_seq }
    }
}

fn position(record: &Node) -> Option<(Time, JobId)> {
    let id = JobId::new(record.child("id")?.as_str()?);
    Some((from_node(record.child("createdAt")?).ok()?, id))
}

pub(crate) fn unreadable(error: ReadError) -> Rejection {
    Rejection::new(ErrorCode::Internal, format!("the store cannot be read: {error}"))
}
