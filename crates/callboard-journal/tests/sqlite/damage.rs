//! Files that are not what they should be.

use crate::support::{database, fill, open, raw, snapshot};
use callboard_journal::{Journal, OpenError, ReadError, SqliteJournal};
use std::{fs, path::Path};
use tempfile::TempDir;

async fn filled(count: u64) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    fill(&journal, count).await;
    journal.close().await;
    dir
}

/// Opening says that the file is damaged, names it, and says why.
fn is_damaged(dir: &Path, why: &str) {
    match SqliteJournal::open(dir) {
        Ok(_) => panic!("opened a file with {why}"),
        Err(OpenError::Damaged { what, path }) => {
            assert_eq!(path, database(dir), "{what}");
            assert!(what.contains(why), "expected {why:?} in {what:?}");
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn garbage_is_no_journal() {
    let dir = tempfile::tempdir().expect("a directory");
    let header = b"SQLite format 3\0\x10\0\x02\x02\0@  ".iter().copied();
    let noise = |length: usize| (0..length).map(|at| (at * 131 % 251) as u8);
    let files: [(Vec<u8>, &str); 4] = [
        (b"{\"jobs\": []}".to_vec(), "not a database"),
        (noise(100_000).collect(), "not a database"),
        (vec![0; 8192], "not a database"),
        (header.chain(noise(4076)).collect(), ""),
    ];
    for (bytes, why) in files {
        fs::write(database(dir.path()), &bytes).expect("writes");
        is_damaged(dir.path(), why);
        assert_eq!(fs::read(database(dir.path())).expect("reads"), bytes, "it was left alone");
    }
}

#[tokio::test]
async fn a_torn_file_is_no_journal() {
    let dir = filled(200).await;
    let whole = fs::read(database(dir.path())).expect("reads");
    for keep in [512, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(database(dir.path()), &whole[..keep]).expect("writes");
        is_damaged(dir.path(), "");
    }
    fs::write(database(dir.path()), &whole).expect("writes");
    assert_eq!(open(dir.path()).tail().await.expect("reads").seq, 200);
}

#[tokio::test]
async fn flipped_bytes_are_an_error_and_never_a_panic() {
    let dir = filled(60).await;
    let whole = fs::read(database(dir.path())).expect("reads");
    let mut wrong = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        let from = round * 7919 % (bytes.len() - 64);
        bytes[from..from + 64].iter_mut().for_each(|byte| *byte ^= 0x5a);
        fs::write(database(dir.path()), &bytes).expect("writes");
        match SqliteJournal::open(dir.path()) {
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
                wrong += 1;
            }
            Ok(journal) => match journal.read(1, 100).await {
                Ok(commits) => assert_eq!(commits.len(), 60, "the damage is elsewhere"),
                Err(error) => {
                    assert!(matches!(error, ReadError::Damaged(_)), "{error:?}");
                    wrong += 1;
                }
            },
        }
    }
    assert!(wrong > 10, "only {wrong} rounds hit something");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let other = raw(dir.path());
    other.execute_batch("CREATE TABLE photos (id INTEGER); PRAGMA user_version = 1;").expect("writes");
    drop(other);
    is_damaged(dir.path(), "another program");
}

#[tokio::test]
async fn head_and_commits_must_agree() {
    for (damage, why) in [
        ("DELETE FROM commits WHERE seq = 5", "head is at commit 5, its last commit is 4"),
        ("UPDATE head SET hash = 'aa'", "hash"),
        ("UPDATE commits SET body = x'01' WHERE seq = 5", "hash"),
        ("UPDATE meta SET value = 'aa' WHERE name = 'migration.1'", "migration 1"),
        ("DELETE FROM meta", "migration 1"),
        ("DROP TABLE head", "head"),
    ] {
        let dir = filled(5).await;
        raw(dir.path()).execute_batch(damage).expect("writes");
        is_damaged(dir.path(), why);
    }
}

#[tokio::test]
async fn a_damaged_commit_is_named_and_the_rest_is_served() {
    for (damage, named) in [
        ("UPDATE commits SET body = zeroblob(50) WHERE seq = 3", "commit 3"),
        ("DELETE FROM commits WHERE seq = 3", "commit 3"),
        (
            "UPDATE commits SET (hash, body) = (SELECT hash, body FROM commits WHERE seq = 2) WHERE seq = 3",
            "commit 3",
        ),
        ("UPDATE commits SET hash = 'aa' WHERE seq = 3", "commit 3"),
    ] {
        let dir = filled(5).await;
        raw(dir.path()).execute_batch(damage).expect("writes");
        let journal = open(dir.path());
        match journal.read(1, 10).await {
            Err(ReadError::Damaged(what)) => assert!(what.contains(named), "{what}"),
            other => panic!("{damage}: {other:?}"),
        }
        assert_eq!(journal.read(1, 2).await.expect("reads").len(), 2);
        assert_eq!(fill(&journal, 1).await.seq, 6);
    }
}

#[tokio::test]
async fn all_snapshots_damaged_is_no_snapshot() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    for _ in 0..2 {
        journal.put_snapshot(snapshot(&fill(&journal, 1).await)).await.expect("stores");
    }
    journal.close().await;
    raw(dir.path()).execute_batch("UPDATE snapshots SET version = version + 1").expect("writes");
    assert_eq!(open(dir.path()).latest_snapshot().await, Ok(None));
}
