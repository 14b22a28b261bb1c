//! Processes that end without saying goodbye.

use crate::{
    child,
    support::{append, commit, count, database, fill, open, snapshot},
};
use callboard_journal::Journal;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
};

/// What a crash leaves: the database and its log, as they are now. (`-shm` is rebuilt from the log.)
fn copy(from: &Path, to: &Path) {
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        fs::copy(from.join(name), to.join(name)).expect("copies");
    }
}

#[tokio::test]
async fn a_copy_without_goodbye_has_every_acknowledged_commit() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    for round in 1..=5 {
        let tail = fill(&journal, 20).await;
        let after_crash = tempfile::tempdir().expect("a directory");
        copy(dir.path(), after_crash.path());
        let recovered = open(after_crash.path());
        assert_eq!(recovered.tail().await, Ok(tail));
        assert_eq!(count(&recovered, 1).await, round * 20);
        assert_eq!(fill(&recovered, 1).await.seq, round * 20 + 1);
    }
}

#[tokio::test]
async fn a_log_torn_at_any_place_keeps_a_prefix() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    fill(&journal, 30).await;
    let log = fs::read(dir.path().join("journal.sqlite-wal")).expect("a log");
    for tenth in 0..10 {
        let torn = tempfile::tempdir().expect("a directory");
        fs::copy(database(dir.path()), database(torn.path())).expect("copies");
        fs::write(torn.path().join("journal.sqlite-wal"), &log[..log.len() * tenth / 10]).expect("writes");
        let recovered = open(torn.path());
        let tail = recovered.tail().await.expect("reads");
        assert_eq!(count(&recovered, 1).await, tail.seq, "no gap and no half commit");
        fill(&recovered, 1).await;
    }
}

#[tokio::test]
async fn a_killed_process_keeps_every_acknowledged_commit() {
    if let Some(dir) = child::dir() {
        return append_for_ever(&dir).await;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let mut acknowledged = 0;
    for round in 1..=3_u64 {
        let name = "crash::a_killed_process_keeps_every_acknowledged_commit";
        let mut process = child::command("", name, dir.path()).spawn().expect("starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        for line in lines.map_while(Result::ok) {
            if let Some(seq) = line.strip_prefix("stored ") {
                acknowledged = seq.parse().expect("a number");
            }
            if acknowledged >= round * 100 {
                process.kill().expect("ours");
            }
        }
        process.wait().expect("ends");
        let journal = open(dir.path());
        let tail = journal.tail().await.expect("reads").seq;
        assert!(tail == acknowledged || tail == acknowledged + 1, "{tail} of {acknowledged}");
        assert_eq!(count(&journal, 1).await, tail);
        assert!(acknowledged >= round * 100, "it was killed in round {round}, not earlier");
    }
}

async fn append_for_ever(dir: &Path) {
    let journal = open(dir);
    for _ in 0..100_000 {
        // On a line of its own: the harness writes to the same pipe.
        let tail = append(&journal, 300).await.expect("appends");
        writeln!(std::io::stdout(), "\nstored {}", tail.seq).expect("the parent reads");
    }
}

#[tokio::test]
async fn dropping_finishes_what_was_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    let tail = fill(&journal, 3).await;
    {
        let mut asked = Box::pin(journal.append(commit(&tail, 10).into()));
        let waker = std::task::Waker::noop();
        let polled = asked.as_mut().poll(&mut std::task::Context::from_waker(waker));
        assert!(polled.is_pending());
    }
    drop(journal);
    assert_eq!(open(dir.path()).tail().await.expect("reads").seq, 4);
}

#[tokio::test]
async fn a_long_truncation_leaves_what_it_should() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    let covered = fill(&journal, 1203).await;
    journal.put_snapshot(snapshot(&covered)).await.expect("stores");
    fill(&journal, 2).await;
    let (truncated, tail) = tokio::join!(journal.truncate(1200), append(&journal, 10));
    truncated.expect("truncates");
    assert_eq!(tail.expect("appends between the steps").seq, 1206);
    assert_eq!(count(&journal, 1200).await, 7);
}
