//! Disks that are full or refuse.

use crate::{
    child,
    support::{append, count, database, fill, open, snapshot},
};
use callboard_journal::{AppendError, Journal, Options, SqliteJournal};
use std::{fs, path::Path};

const CAP: u64 = 1024 * 1024;

fn capped(dir: &Path) -> SqliteJournal {
    SqliteJournal::open_with(dir, Options { max_bytes: Some(CAP) }).expect("opens")
}

/// Appends until the journal says no; the last number.
async fn exhaust(journal: &dyn Journal) -> u64 {
    for _ in 0..1000 {
        if let Err(error) = append(journal, 20_000).await {
            assert!(matches!(error, AppendError::Rejected(_)), "{error:?}");
            return journal.tail().await.expect("reads").seq;
        }
    }
    panic!("the cap was not reached");
}

#[tokio::test]
async fn a_full_journal_rejects_and_still_reads() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = capped(dir.path());
    let last = exhaust(&journal).await;
    assert!(last > 10, "it took {last}");
    assert!(
        matches!(append(&journal, 20_000).await, Err(AppendError::Rejected(text)) if text.contains("full"))
    );
    assert_eq!(count(&journal, 1).await, last);
    assert_eq!(journal.tail().await.expect("reads").seq, last);
    journal.close().await;
    assert!(fs::metadata(database(dir.path())).expect("is there").len() <= CAP);
    let roomier = open(dir.path());
    assert_eq!(fill(&roomier, 1).await.seq, last + 1);
}

#[tokio::test]
async fn truncation_makes_room_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = capped(dir.path());
    append(&journal, 200_000).await.expect("appends");
    journal.put_snapshot(snapshot(&fill(&journal, 1).await)).await.expect("stores");
    let full = exhaust(&journal).await;
    journal.truncate(u64::MAX).await.expect("truncates");
    for seq in full + 1..full + 5 {
        assert_eq!(append(&journal, 20_000).await.expect("has room").seq, seq);
    }
    assert_eq!(count(&journal, 3).await, full + 2);
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_to_write_costs_no_acknowledged_commit() {
    let dir = tempfile::tempdir().expect("a directory");
    // A file may grow to 1000 blocks (512 bytes each); then writing fails, as with a broken disk.
    let name = "full::under_a_file_size_limit";
    let mut process = child::command("trap '' XFSZ; ulimit -f 1000;", name, dir.path());
    let output = process.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("stood the limit"), "{text}");
}

/// The child of the test above; alone it does nothing.
#[tokio::test]
async fn under_a_file_size_limit() {
    let Some(dir) = child::dir() else { return };
    let journal = open(&dir);
    let mut stored = 0;
    let refused = loop {
        match append(&journal, 30_000).await {
            Ok(tail) => stored = tail.seq,
            Err(error) => break error,
        }
        assert!(stored < 1000, "the limit was not reached");
    };
    assert!(matches!(refused, AppendError::Rejected(_) | AppendError::Unknown(_)), "{refused:?}");
    assert_eq!(journal.tail().await.expect("reads").seq, stored, "{refused}");
    assert_eq!(count(&journal, 1).await, stored);
    stored = append(&journal, 30_000).await.expect("the log was emptied when it was opened again").seq;
    journal.close().await;
    assert_eq!(count(&open(&dir), 1).await, stored, "after a restart");
    println!("\nstood the limit after {stored} commits: {refused}");
}
