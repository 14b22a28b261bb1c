//! Rows of the history, written in the transaction of their commit.

use super::rows::Failure;
use crate::{
    caps::BODY_BYTES,
    codec::Packer,
    port::{Archive, JobRow},
    query::Prune,
};
use callboard_protocol::{JobId, job::Attempt};
use rusqlite::Connection;

const PUT_JOB: &str = "\
    INSERT INTO jobs (id, kind, queue, state, created_at, finished_at, body) VALUES (?, ?, ?, ?, ?, ?, ?) \
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, queue = excluded.queue, state = excluded.state, \
    created_at = excluded.created_at, finished_at = excluded.finished_at, body = excluded.body";

/// Carries out the changes in order.
pub(super) fn apply(
    connection: &Connection,
    packer: &mut Packer,
    changes: &[Archive],
) -> Result<(), Failure> {
    for change in changes {
        match change {
            Archive::Job(row) => put_job(connection, packer, row)?,
            Archive::Attempt(attempt) => put_attempt(connection, packer, attempt)?,
            Archive::DeleteJob(id) => {
                connection.prepare_cached("DELETE FROM jobs WHERE id = ?")?.execute([id.as_str()])?;
                connection.prepare_cached("DELETE FROM attempts WHERE job_id = ?")?.execute([id.as_str()])?;
            }
        }
    }
    Ok(())
}

/// Nothing ends before it is accepted, so the index of states by age finds what is old enough; those that were
/// accepted long ago and ended lately are passed by.
const OLD: &str = "SELECT id FROM jobs WHERE state = ?1 AND created_at <= ?2 AND finished_at <= ?2 \
    AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR queue = ?4) ORDER BY created_at, id LIMIT ?5";

/// Jobs that are to go.
pub(super) fn that_fit(connection: &Connection, wanted: &Prune) -> Result<Vec<JobId>, Failure> {
    let id = |row: &rusqlite::Row<'_>| Ok(JobId::from(row.get::<_, String>(0)?));
    let Prune { state, until, kind, queue, limit } = wanted;
    let mut statement = connection.prepare_cached(OLD)?;
    let ids = statement.query_map((state.as_str(), until.0, kind, queue, limit), id)?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn put_job(connection: &Connection, packer: &mut Packer, row: &JobRow) -> Result<(), Failure> {
    let body = packer.pack(&row.body, BODY_BYTES)?;
    let finished_at = row.finished_at.map(|at| at.0);
    let JobRow { id, kind, queue, state, created_at, .. } = row;
    connection.prepare_cached(PUT_JOB)?.execute((
        id.as_str(),
        kind,
        queue,
        state.as_str(),
        created_at.0,
        finished_at,
        body,
    ))?;
    Ok(())
}

fn put_attempt(connection: &Connection, packer: &mut Packer, attempt: &Attempt) -> Result<(), Failure> {
    let body = packer.pack(attempt, BODY_BYTES)?;
    connection.prepare_cached("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)")?.execute((
        attempt.job_id.as_str(),
        attempt.attempt,
        body,
    ))?;
    Ok(())
}
