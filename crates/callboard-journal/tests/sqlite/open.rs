//! Directories, locks, schemas.

use crate::support::{database, fill, open, raw};
use callboard_journal::{Journal, OpenError, SqliteJournal};
use std::{fs, path::Path};

fn refused(dir: &Path) -> OpenError {
    match SqliteJournal::open(dir) {
        Ok(_) => panic!("opened {}", dir.display()),
        Err(error) => error,
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_a_new_directory() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().expect("a directory");
    let dir = parent.path().join("a/b");
    let journal = open(&dir);
    fill(&journal, 1).await;
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for name in ["lock", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_second_open_is_told_who_has_it() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("lock"), "99999999\n").expect("a stale lock file");
    let first = open(dir.path());
    for _ in 0..2 {
        let error = refused(dir.path());
        let OpenError::Locked { path, pid } = &error else { panic!("{error:?}") };
        assert_eq!((path.as_path(), *pid), (dir.path(), Some(std::process::id())));
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }
    let tail = fill(&first, 1).await;
    first.close().await;
    let second = open(dir.path());
    assert_eq!(second.tail().await, Ok(tail));
    drop(second);
    drop(open(dir.path()));
}

#[tokio::test]
async fn several_journals_live_in_one_process() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().expect("a directory"));
    let journals = dirs.each_ref().map(|dir| open(dir.path()));
    for (count, journal) in (1..).zip(&journals) {
        assert_eq!(fill(journal, count).await.seq, count);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    fill(&journal, 2).await;
    journal.close().await;
    raw(dir.path()).pragma_update(None, "user_version", 99).expect("writes");
    let before = fs::read(database(dir.path())).expect("reads");
    let error = refused(dir.path());
    let OpenError::Newer { found: 99, known: 3, path } = &error else { panic!("{error:?}") };
    assert_eq!(*path, database(dir.path()));
    for part in ["99", "3", "journal.sqlite"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(fs::read(database(dir.path())).expect("reads"), before);
}

#[test]
fn a_path_that_cannot_be_a_directory_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "text").expect("writes");
    let error = refused(&file.join("below"));
    assert!(matches!(&error, OpenError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("file"), "{error}");
    fs::create_dir(database(dir.path())).expect("a directory in the file's place");
    let error = refused(dir.path());
    assert!(matches!(&error, OpenError::Io { path, .. } if *path == database(dir.path())), "{error:?}");
}
