//! SQLite keeps the contract (memory runs the same cases beside its code).

use async_trait::async_trait;
use callboard_journal::{
    Journal, SqliteJournal,
    conformance::{CASES, Site, conformance},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

struct InDir {
    dir: TempDir,
    open: Mutex<Option<Arc<dyn Journal>>>,
}

#[async_trait]
impl Site for InDir {
    async fn handle(&self) -> Result<Arc<dyn Journal>, String> {
        let mut open = self.open.lock().expect("no panic");
        if let Some(journal) = &*open {
            return Ok(journal.clone());
        }
        let journal = SqliteJournal::open(self.dir.path()).map_err(|error| error.to_string())?;
        Ok(open.insert(Arc::new(journal)).clone())
    }

    async fn restart(&self) -> Result<(), String> {
        let open = self.open.lock().expect("no panic").take();
        if let Some(journal) = open {
            journal.close().await;
        }
        Ok(())
    }

    async fn damage_newest_snapshot(&self) -> Result<bool, String> {
        let damage = "UPDATE snapshots SET body = zeroblob(100) WHERE seq = (SELECT max(seq) FROM snapshots)";
        let connection = rusqlite::Connection::open(self.dir.path().join("journal.sqlite"));
        let rows = connection.and_then(|file| file.execute(damage, [])).map_err(|error| error.to_string())?;
        Ok(rows == 1)
    }
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let new_site = || -> Result<Box<dyn Site>, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        Ok(Box::new(InDir { dir, open: Mutex::default() }))
    };
    let failures = conformance(new_site).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_case_has_its_own_name() {
    let names: HashSet<_> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len());
    assert!(CASES.len() >= 28, "a case was lost: {CASES:?}");
}
