//! Questions to the history: every page is a few index ranges, however deep it lies.

use super::rows::Failure;
use crate::{
    caps::BODY_BYTES,
    codec::unpack,
    query::{Cursor, JobPage, JobQuery},
};
use callboard_protocol::{
    JobId, Node, Time,
    job::{Attempt, JobState},
};
use rusqlite::{Connection, OptionalExtension, Params};

const OF_STATE: &str = "SELECT created_at, id FROM jobs WHERE state = ?5 \
    AND (created_at, id) < (?1, ?2) AND created_at >= ?3 ORDER BY created_at DESC, id DESC LIMIT ?4";
const OF_KIND: &str = "SELECT created_at, id FROM jobs WHERE kind = ?6 AND state = ?5 \
    AND (created_at, id) < (?1, ?2) AND created_at >= ?3 ORDER BY created_at DESC, id DESC LIMIT ?4";

const OF_QUEUE: &str = "SELECT created_at, id FROM jobs WHERE queue = ?6 AND state = ?5 \
    AND (created_at, id) < (?1, ?2) AND created_at >= ?3 ORDER BY created_at DESC, id DESC LIMIT ?4";

/// The place of the row that many rows into the range of a kind or a queue. Of two ranges the one that comes to it
/// later, or never, is the wider apart: less of it is read for the same span of time.
const FAR_OF_KIND: &str = "SELECT created_at, id FROM jobs WHERE kind = ?5 AND state = ?4 \
    AND (created_at, id) < (?1, ?2) AND created_at >= ?3 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 255";
const FAR_OF_QUEUE: &str = "SELECT created_at, id FROM jobs WHERE queue = ?5 AND state = ?4 \
    AND (created_at, id) < (?1, ?2) AND created_at >= ?3 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 255";

/// The record of a job.
pub(super) fn job(view: &Connection, id: &JobId) -> Result<Option<Node>, Failure> {
    let mut statement = view.prepare_cached("SELECT body FROM jobs WHERE id = ?")?;
    let body: Option<Vec<u8>> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
    Ok(body.map(|body| unpack(&body, BODY_BYTES)).transpose()?)
}

/// The attempts of a job, first to last.
pub(super) fn attempts(view: &Connection, id: &JobId) -> Result<Vec<Attempt>, Failure> {
    let mut statement = view.prepare_cached("SELECT body FROM attempts WHERE job_id = ? ORDER BY attempt")?;
    let mut found = statement.query([id.as_str()])?;
    let mut attempts = Vec::new();
    while let Some(row) = found.next()? {
        attempts.push(unpack(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, BODY_BYTES)?);
    }
    Ok(attempts)
}

/// A page of records.
pub(super) fn page(view: &Connection, query: &JobQuery) -> Result<JobPage, Failure> {
    let mut places = places(view, query)?;
    places.sort_unstable_by(|left, right| right.cmp(left));
    let more = places.len() > query.rows();
    places.truncate(query.rows());
    let mut statement = view.prepare_cached(
        "SELECT body FROM jobs WHERE id = ?1 AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3)",
    )?;
    let mut jobs = Vec::with_capacity(places.len());
    for place in &places {
        let params = (place.id.as_str(), query.queue.as_deref(), query.kind.as_deref());
        let body: Option<Vec<u8>> = statement.query_row(params, |row| row.get(0)).optional()?;
        jobs.extend(body.map(|body| unpack(&body, BODY_BYTES)).transpose()?);
    }
    let passed = places.len() - jobs.len();
    Ok(JobPage { jobs, next: if more { places.pop() } else { None }, passed })
}

/// The first places of each index range that the query touches: at least one more than the page in all, if there are.
fn places(view: &Connection, query: &JobQuery) -> rusqlite::Result<Vec<Cursor>> {
    let before = query.before.clone().unwrap_or_else(|| Cursor::at_end_of(Time(i64::MAX)));
    let (at, id, limit) = (before.created_at.0, before.id.as_str(), query.rows() + 1);
    let from = query.created_from.map_or(i64::MIN, |from| from.0);
    let mut places = Vec::new();
    for state in JobState::ALL {
        if !query.states.is_empty() && !query.states.contains(&state) {
            continue;
        }
        let state = state.as_str();
        // Of a kind that is asked for in one queue, the rows of the wider range that are not of the other are passed over.
        let by_queue = match (&query.kind, &query.queue) {
            (Some(kind), Some(queue)) => is_narrower(view, (at, id, from, state), (queue, kind))?,
            (kind, _) => kind.is_none(),
        };
        places.extend(match (&query.kind, &query.queue) {
            (_, Some(queue)) if by_queue => range(view, OF_QUEUE, (at, id, from, limit, state, queue))?,
            (Some(kind), _) => range(view, OF_KIND, (at, id, from, limit, state, kind))?,
            _ => range(view, OF_STATE, (at, id, from, limit, state))?,
        });
    }
    Ok(places)
}

/// Whether there is less to read in the range of the queue than in that of the kind, from here on.
fn is_narrower(
    view: &Connection,
    (at, id, from, state): (i64, &str, i64, &str),
    (queue, kind): (&str, &str),
) -> rusqlite::Result<bool> {
    let far = |sql, of| range(view, sql, (at, id, from, state, of)).map(|mut found| found.pop());
    let (queue, kind) = (far(FAR_OF_QUEUE, queue)?, far(FAR_OF_KIND, kind)?);
    // `None`, the end, is before every place.
    Ok(queue < kind)
}

fn range(view: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Cursor>> {
    let place = |row: &rusqlite::Row<'_>| {
        let id: String = row.get(1)?;
        Ok(Cursor { created_at: Time(row.get(0)?), id: id.into() })
    };
    view.prepare_cached(sql)?.query_map(params, place)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    #[test]
    fn no_listing_sorts_or_scans() {
        let mut connection = Connection::open_in_memory().expect("memory");
        schema::migrate(&mut connection, "memory".as_ref(), schema::MIGRATIONS).expect("migrates");
        for (sql, index) in [
            (OF_STATE, "jobs_by_state"),
            (OF_KIND, "jobs_by_kind"),
            (OF_QUEUE, "jobs_by_queue"),
            (FAR_OF_KIND, "jobs_by_kind"),
            (FAR_OF_QUEUE, "jobs_by_queue"),
        ] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("sql");
            let mut plan = explain.raw_query();
            let mut steps: Vec<String> = Vec::new();
            while let Some(step) = plan.next().expect("runs") {
                steps.push(step.get(3).expect("a text"));
            }
            assert_eq!(steps.len(), 1, "{steps:?}");
            assert!(steps[0].starts_with(&format!("SEARCH jobs USING COVERING INDEX {index}")), "{steps:?}");
            // Both ends of the time are ends of what is read.
            assert!(
                steps[0].contains("created_at>?") && steps[0].contains("(created_at,id)<(?,?)"),
                "{steps:?}"
            );
        }
    }

    /// A kind and a queue together: the range that is read is the narrower one, whichever that is.
    #[test]
    fn a_kind_in_a_queue_reads_the_narrower_of_the_two() {
        let mut connection = Connection::open_in_memory().expect("memory");
        schema::migrate(&mut connection, "memory".as_ref(), schema::MIGRATIONS).expect("migrates");
        let body = crate::codec::Packer::default().pack(&Node::object(), BODY_BYTES).expect("packs");
        let mut put = connection
            .prepare("INSERT INTO jobs (id, kind, queue, state, created_at, body) VALUES (?, ?, ?, 'failed', ?, ?)")
            .expect("sql");
        for n in 0..2000 {
            // Few of the queue `rare` and of the kind `odd`, all over the time; two of both.
            let queue = if n % 400 == 0 { "rare" } else { "wide" };
            let kind = if n % 800 == 0 { "odd" } else { "plain" };
            put.execute((format!("j{n:04}"), kind, queue, n, &body)).expect("stored");
        }
        drop(put);
        let page = |kind: &str, queue: &str| {
            let query = JobQuery {
                kind: Some(kind.into()),
                queue: Some(queue.into()),
                limit: 100,
                ..JobQuery::default()
            };
            page(&connection, &query).expect("a page")
        };
        let found = |kind, queue| (page(kind, queue).jobs.len(), page(kind, queue).passed);
        assert_eq!(found("plain", "rare"), (2, 3), "five of the queue are read, not 1997 of the kind");
        assert_eq!(found("odd", "wide"), (0, 3), "three of the kind are read, not 1995 of the queue");
        assert_eq!(found("odd", "rare"), (3, 0));
        assert_eq!(found("plain", "wide"), (100, 0));
    }
}
