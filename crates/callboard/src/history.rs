//! Looking things up: live state first, then the store.

use crate::{Board, LogFilter, search::Scan};
use callboard_core::{Query, successful_attempt};
use callboard_journal::{Cursor, ReadError};
use callboard_protocol::{
    JobId, Node, caps,
    error::{ErrorCode, Rejection},
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
    /// And meant by this query.
    pub query: Query,
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
    /// The page ended before it was full because it had looked at enough ([`caps::SEARCH_ROWS`]): what it found is
    /// all until there, and `next` goes on.
    pub cut: bool,
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
        // The record first: whoever runs the job again meanwhile stores what it said as a row.
        let last = self.job(id).await?.as_ref().and_then(successful_attempt);
        let mut attempts = self.shared.journal.attempts(id).await.map_err(unreadable)?;
        attempts
            .extend(last.filter(|last| attempts.last().is_none_or(|stored| stored.attempt < last.attempt)));
        Ok(attempts)
    }

    /// Jobs by state, kind and query, the newest first: those that are not finished from the live state, the finished
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
        // Where an index answers, a page costs as much as it has rows; else records are read until enough fit.
        let (rows, _turn) = match query.query.is_narrow() {
            true => (limit + 1, None),
            // The semaphore is never closed.
            false => (caps::PAGE_ROWS, self.shared.searches.acquire().await.ok()),
        };
        let wanted =
            query.kind.iter().fold(query.query.in_states(&query.states), |all, kind| all.of_kind(kind));
        let mut scan = Scan::open(self, wanted, (before, self.shared.clock.now()), rows).await?;
        let (mut jobs, mut last, mut cut) = (Vec::new(), None, false);
        let next = loop {
            let Some(found) = scan.next().await? else { break None };
            if found.fits && jobs.len() == limit {
                break last;
            }
            if found.fits {
                jobs.push(found.record);
                last = Some(found.place.clone());
            }
            if scan.is_spent() {
                cut = jobs.len() < limit;
                break if cut { Some(found.place) } else { last };
            }
        };
        Ok(JobListing { jobs, next: next.map(|place| place.to_string()), cut })
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

pub(crate) fn unreadable(error: ReadError) -> Rejection {
    Rejection::new(ErrorCode::Internal, format!("the store cannot be read: {error}"))
}
