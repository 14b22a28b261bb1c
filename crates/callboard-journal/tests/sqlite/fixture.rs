//! Files that earlier schemas wrote must open for ever.

use crate::support::{count, database, fill, open, snapshot};
use callboard_journal::{Append, Archive, JobQuery, JobRow, Journal};
use callboard_protocol::{
    Node, Time,
    job::{Attempt, AttemptOutcome, JobState},
};
use std::{fs, path::PathBuf};

fn fixture(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/journal-v{version}.sqlite"))
}

#[tokio::test]
async fn a_file_of_schema_1_opens() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::copy(fixture(1), database(dir.path())).expect("copies");
    let journal = open(dir.path());
    let tail = journal.tail().await.expect("reads");
    assert_eq!((tail.seq, tail.version, tail.hash.len()), (7, 7, 32));
    assert_eq!(count(&journal, 3).await, 5);
    assert_eq!(journal.latest_snapshot().await.expect("reads").map(|snapshot| snapshot.seq), Some(6));
    let page = journal.jobs(JobQuery::default()).await.expect("reads");
    assert_eq!(page.jobs, vec![Node::from("the record of b"), Node::from("the record of a")]);
    assert_eq!(journal.attempts(&"a".into()).await.expect("reads").len(), 1);
    assert_eq!(fill(&journal, 1).await.seq, 8);
}

/// How the fixture was made. With `CALLBOARD_WRITE_FIXTURE` set, when a schema is released, it is written; a released one is
/// never written again.
#[tokio::test]
async fn the_fixture_can_be_made_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    journal.put_snapshot(snapshot(&fill(&journal, 2).await)).await.expect("stores");
    fill(&journal, 3).await;
    let rows = [("a", 1), ("b", 2)].map(|(id, at)| {
        Archive::Job(JobRow {
            id: id.into(),
            kind: "echo".into(),
            queue: "default".into(),
            state: JobState::Succeeded,
            created_at: Time(at),
            finished_at: Some(Time(at + 1)),
            body: Node::from(format!("the record of {id}")),
        })
    });
    let attempt = Attempt {
        job_id: "a".into(),
        attempt: 1,
        started_at: Time(1),
        finished_at: Time(2),
        outcome: AttemptOutcome::Succeeded,
        error: None,
    };
    let commit = crate::support::commit(&journal.tail().await.expect("reads"), 5000);
    let archive = rows.into_iter().chain([Archive::Attempt(attempt)]).collect();
    journal.append(Append { archive, ..commit.into() }).await.expect("appends");
    journal.put_snapshot(snapshot(&journal.tail().await.expect("reads"))).await.expect("stores");
    fill(&journal, 1).await;
    journal.truncate(3).await.expect("truncates");
    journal.close().await;
    if std::env::var_os("CALLBOARD_WRITE_FIXTURE").is_some() {
        fs::copy(database(dir.path()), fixture(1)).expect("copies");
    }
}
