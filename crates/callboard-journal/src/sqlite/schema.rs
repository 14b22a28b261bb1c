//! Migrations of the database file: numbered, each in its transaction, never changed once released.

use crate::error::OpenError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};

/// "CBJ1": says that a file is a journal of ours, whatever its name.
const APPLICATION_ID: i64 = 0x4342_4a31;

/// One step of the schema; its number is its place in the list, from 1.
pub(super) struct Migration {
    pub(super) sql: &'static str,
}

/// All steps so far. Append only: a released step's text is checked against the file.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { sql: include_str!("migrations/0001_commits_and_history.sql") },
    Migration { sql: include_str!("migrations/0002_jobs_by_queue.sql") },
    Migration { sql: include_str!("migrations/0003_no_jobs_by_age.sql") },
];

/// Brings the file to the newest schema. An older one is copied to `FILE.bak-N` first.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let failed = |error| super::open::failure(path, error);
    let found = found(connection, path)?;
    let known = u32::try_from(migrations.len()).expect("a few migrations");
    if found > known {
        return Err(OpenError::Newer { found, known, path: path.to_owned() });
    }
    let (applied, missing) = migrations.split_at(found as usize);
    for (number, migration) in (1..).zip(applied) {
        verify(connection, path, number, migration)?;
    }
    if found > 0 && !missing.is_empty() {
        back_up(connection, path, found)?;
    }
    for (number, migration) in (found + 1..).zip(missing) {
        run(connection, number, migration).map_err(failed)?;
        tracing::info!(path = %path.display(), schema = number, "migrated the journal");
    }
    Ok(())
}

/// The schema of the file, 0 when it is new.
fn found(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let failed = |error| super::open::failure(path, error);
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let is_new = application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_master")? == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(damaged(path, "it is a database of another program".into()));
    }
    u32::try_from(version).map_err(|_| damaged(path, format!("its schema number is {version}")))
}

fn verify(connection: &Connection, path: &Path, number: u32, migration: &Migration) -> Result<(), OpenError> {
    let sql = "SELECT max(value) FROM meta WHERE name = ?";
    let stored: Option<String> = connection
        .query_row(sql, [meta_name(number)], |row| row.get(0))
        .map_err(|error| super::open::failure(path, error))?;
    if stored == Some(checksum(migration)) {
        return Ok(());
    }
    Err(damaged(path, format!("migration {number} ran with another text than this program's")))
}

fn run(connection: &mut Connection, number: u32, migration: &Migration) -> rusqlite::Result<()> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    step.execute_batch(migration.sql)?;
    step.execute("INSERT INTO meta VALUES (?, ?)", (meta_name(number), checksum(migration)))?;
    step.pragma_update(None, "application_id", APPLICATION_ID)?;
    step.pragma_update(None, "user_version", number)?;
    step.commit()
}

/// A copy that is whole or absent, never half.
fn back_up(connection: &Connection, path: &Path, version: u32) -> Result<(), OpenError> {
    let target = suffixed(path, &format!(".bak-{version}"));
    let partial = suffixed(&target, ".tmp");
    let io = |source| OpenError::Io { path: target.clone(), source };
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let text = partial.to_str().ok_or_else(|| io(std::io::Error::other("the path is not Unicode")))?;
    connection.execute("VACUUM INTO ?", [text]).map_err(|error| super::open::failure(&target, error))?;
    std::fs::File::open(&partial).and_then(|copy| copy.sync_all()).map_err(io)?;
    std::fs::rename(&partial, &target).map_err(io)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn meta_name(number: u32) -> String {
    format!("migration.{number}")
}

/// Over the text with `\n` line ends, so that a checkout on Windows has the same.
fn checksum(migration: &Migration) -> String {
    blake3::hash(migration.sql.replace('\r', "").as_bytes()).to_hex().to_string()
}

fn damaged(path: &Path, what: String) -> OpenError {
    OpenError::Damaged { what, path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: Migration = Migration { sql: "ALTER TABLE jobs ADD COLUMN title TEXT NOT NULL DEFAULT '';" };
    const BROKEN: Migration =
        Migration { sql: "CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);" };

    /// A file of schema 1 in a new directory.
    fn first() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("journal.sqlite");
        migrate(&mut open(&path), &path, &MIGRATIONS[..1]).expect("migrates");
        (dir, path)
    }

    fn open(path: &Path) -> Connection {
        Connection::open(path).expect("opens")
    }

    fn version(path: &Path) -> i64 {
        open(path).query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a number")
    }

    fn with(next: Migration) -> Vec<Migration> {
        MIGRATIONS[..1].iter().map(|first| Migration { sql: first.sql }).chain([next]).collect()
    }

    #[test]
    fn an_older_file_is_copied_then_migrated() {
        let (_dir, path) = first();
        let backup = suffixed(&path, ".bak-1");
        std::fs::write(suffixed(&backup, ".tmp"), "half a copy of an earlier try").expect("writes");
        migrate(&mut open(&path), &path, &with(NEXT)).expect("migrates");
        assert_eq!((version(&path), version(&backup)), (2, 1));
        open(&path).execute_batch("SELECT title FROM jobs").expect("the new column");
        open(&backup).execute_batch("SELECT title FROM jobs").expect_err("the old table");
        migrate(&mut open(&path), &path, &with(NEXT)).expect("nothing is left to do");
        let error =
            migrate(&mut open(&path), &path, &MIGRATIONS[..1]).expect_err("from the newer program's file");
        assert!(matches!(error, OpenError::Newer { found: 2, known: 1, .. }), "{error:?}");
        migrate(&mut open(&backup), &backup, &MIGRATIONS[..1]).expect("the copy serves the older program");
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let (_dir, path) = first();
        let error = migrate(&mut open(&path), &path, &with(BROKEN)).expect_err("it is broken");
        assert!(error.to_string().contains("nowhere"), "{error}");
        assert_eq!(version(&path), 1);
        open(&path).execute_batch("SELECT * FROM half").expect_err("rolled back");
        migrate(&mut open(&path), &path, &MIGRATIONS[..1]).expect("the older program goes on");
    }

    #[test]
    fn a_new_file_needs_no_copy_and_line_ends_do_not_matter() {
        let (dir, path) = first();
        assert!(!suffixed(&path, ".bak-0").exists());
        assert_eq!(std::fs::read_dir(dir.path()).expect("lists").count(), 1);
        let text = MIGRATIONS[0].sql.replace('\n', "\r\n");
        let windows = Migration { sql: Box::leak(text.into_boxed_str()) };
        assert_eq!(checksum(&windows), checksum(&MIGRATIONS[0]));
    }
}
