//! A data folder with a long history: what a board leaves that has finished many jobs.

use crate::Done;
use callboard_journal::{Append, Archive, JobQuery, JobRow, Journal as _, SqliteJournal};
use callboard_protocol::{Commit, CommitKind, JobId, Key, Node, Time, job::Attempt, job::JobState};
use std::{path::Path, sync::Arc};

/// Rows in one transaction.
const CHUNK: u64 = 5_000;

/// Stores `rows` more finished jobs in the folder of a board that has at least one, each like the newest there. The commits that
/// carry them change nothing of the live state.
pub(crate) async fn fill(folder: &Path, rows: u64) -> Done {
    let journal = SqliteJournal::open(&folder.join("journal"))?;
    let page = journal.jobs(JobQuery { limit: 1, ..JobQuery::default() }).await?;
    let pattern = page.jobs.into_iter().next().ok_or("there is no finished job to copy")?;
    let attempts = journal.attempts(&JobId::new(text(&pattern, "id"))).await?;
    for first in (0..rows).step_by(CHUNK as usize) {
        let numbers = first..(first + CHUNK).min(rows);
        let archive = numbers.flat_map(|number| copies(&pattern, &attempts, number)).collect();
        let tail = journal.tail().await?;
        let commit = Commit {
            seq: tail.seq + 1,
            epoch: tail.epoch.ok_or("the journal has no history")?,
            node: tail.node,
            base_version: tail.version,
            at: time(&pattern, "finishedAt")?,
            prev: tail.hash,
            kind: CommitKind::Batch,
            entries: Vec::new(),
        };
        journal.append(Append { commit: Arc::new(commit), archive }).await?;
    }
    journal.close().await;
    Ok(())
}

/// The rows of one more job like the pattern.
fn copies<'a>(pattern: &'a Node, attempts: &'a [Attempt], number: u64) -> impl Iterator<Item = Archive> + 'a {
    // In the order of their making, as the ids of a board are.
    let id = JobId::new(format!("0197a3c8-{number:08}-7f3c-9d6a-2f1b3c4d5e6f"));
    let attempts = attempts.iter().map({
        let id = id.clone();
        move |attempt| Archive::Attempt(Attempt { job_id: id.clone(), ..attempt.clone() })
    });
    let row = || {
        let Node::Object(mut body) = pattern.clone() else { return None };
        body.insert(Key::new("id"), Node::from(id.as_str()));
        Some(Archive::Job(JobRow {
            kind: text(pattern, "kind").into(),
            queue: text(pattern, "queue").into(),
            state: JobState::Succeeded,
            created_at: time(pattern, "createdAt").ok()?,
            finished_at: time(pattern, "finishedAt").ok(),
            body: Node::Object(body),
            id,
        }))
    };
    attempts.chain(row())
}

fn text<'a>(record: &'a Node, member: &str) -> &'a str {
    record.child(member).and_then(Node::as_str).unwrap_or_default()
}

fn time(record: &Node, member: &str) -> Done<Time> {
    let at = record.child(member).ok_or_else(|| format!("the record has no {member}"))?;
    Ok(callboard_protocol::from_node(at)?)
}
