//! The suite is worth something: a journal with one flaw does not pass it.

use async_trait::async_trait;
use callboard_journal::{
    Append, AppendError, Appended, JobPage, JobQuery, Journal, MemoryJournal, Prune, ReadError, Snapshot,
    Tail,
    conformance::{Site, conformance},
};
use callboard_protocol::{Commit, JobId, Node, job::Attempt};
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    ForgetsTheHistory,
    StoresAnywhere,
    ArchivesWhatItRefuses,
    ServesOldTails,
    SkipsCommits,
    NeverCompacts,
    CompactsTooMuch,
    ListsOldestFirst,
    IgnoresTheCursor,
    IgnoresStates,
    IgnoresTheQueue,
    IgnoresTheTime,
    ForgetsSnapshots,
    AcceptsAnySnapshot,
    ForgetsOnRestart,
    NeverCloses,
}

const FLAWS: [Flaw; 16] = [
    Flaw::ForgetsTheHistory,
    Flaw::StoresAnywhere,
    Flaw::ArchivesWhatItRefuses,
    Flaw::ServesOldTails,
    Flaw::SkipsCommits,
    Flaw::NeverCompacts,
    Flaw::CompactsTooMuch,
    Flaw::ListsOldestFirst,
    Flaw::IgnoresTheCursor,
    Flaw::IgnoresStates,
    Flaw::IgnoresTheQueue,
    Flaw::IgnoresTheTime,
    Flaw::ForgetsSnapshots,
    Flaw::AcceptsAnySnapshot,
    Flaw::ForgetsOnRestart,
    Flaw::NeverCloses,
];

#[derive(Clone)]
struct Flawed {
    journal: MemoryJournal,
    flaw: Flaw,
}

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// The batch on top of whatever is there.
    async fn forced(&self, batch: Append) -> Append {
        let tail = self.journal.tail().await.unwrap_or_default();
        let commit = Commit {
            seq: tail.seq + 1,
            prev: tail.hash,
            base_version: tail.version,
            ..(*batch.commit).clone()
        };
        Append { commit: Arc::new(commit), archive: batch.archive }
    }
}

#[async_trait]
impl Journal for Flawed {
    async fn append(&self, mut batch: Append) -> Result<Appended, AppendError> {
        if self.has(Flaw::ForgetsTheHistory) {
            batch.archive.clear();
        }
        if self.has(Flaw::StoresAnywhere) {
            batch = self.forced(batch).await;
        }
        let result = self.journal.append(batch.clone()).await;
        if self.has(Flaw::ArchivesWhatItRefuses) && matches!(result, Err(AppendError::Conflict { .. })) {
            self.journal.append(self.forced(batch).await).await?;
        }
        result
    }

    async fn tail(&self) -> Result<Tail, ReadError> {
        let mut tail = self.journal.tail().await?;
        if self.has(Flaw::ServesOldTails) && tail.seq > 2 {
            tail.seq -= 1;
        }
        Ok(tail)
    }

    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        let mut page = self.journal.read(from_seq, max).await?;
        if self.has(Flaw::SkipsCommits) && page.len() > 2 {
            page.remove(1);
        }
        Ok(page)
    }

    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError> {
        if self.has(Flaw::CompactsTooMuch) {
            return self.journal.truncate(first_seq.saturating_add(1)).await;
        }
        if self.has(Flaw::NeverCompacts) { Ok(()) } else { self.journal.truncate(first_seq).await }
    }

    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        let result = self.journal.put_snapshot(snapshot).await;
        if self.has(Flaw::AcceptsAnySnapshot) { Ok(()) } else { result }
    }

    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        let found = self.journal.latest_snapshot().await?;
        Ok(found.filter(|_| !self.has(Flaw::ForgetsSnapshots)))
    }

    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError> {
        self.journal.job(id).await
    }

    async fn jobs(&self, mut query: JobQuery) -> Result<JobPage, ReadError> {
        if self.has(Flaw::IgnoresTheCursor) {
            query.before = None;
        }
        if self.has(Flaw::IgnoresStates) {
            query.states.clear();
        }
        if self.has(Flaw::IgnoresTheQueue) {
            query.queue = None;
        }
        if self.has(Flaw::IgnoresTheTime) {
            query.created_from = None;
        }
        let mut page = self.journal.jobs(query).await?;
        if self.has(Flaw::ListsOldestFirst) {
            page.jobs.reverse();
        }
        Ok(page)
    }

    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError> {
        self.journal.prune(wanted).await
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        self.journal.attempts(id).await
    }

    async fn close(&self) {
        if !self.has(Flaw::NeverCloses) {
            self.journal.close().await;
        }
    }
}

struct Flaws(Mutex<Flawed>);

#[async_trait]
impl Site for Flaws {
    async fn handle(&self) -> Result<Arc<dyn Journal>, String> {
        Ok(Arc::new(self.0.lock().expect("no panic").clone()))
    }

    async fn restart(&self) -> Result<(), String> {
        let mut open = self.0.lock().expect("no panic");
        open.journal =
            if open.has(Flaw::ForgetsOnRestart) { MemoryJournal::new() } else { open.journal.reopen() };
        Ok(())
    }
}

#[tokio::test]
async fn every_flaw_is_found() {
    let failures = async |flaw| {
        let flawed = move || Flawed { journal: MemoryJournal::new(), flaw };
        conformance(move || Ok(Box::new(Flaws(Mutex::new(flawed()))))).await
    };
    assert_eq!(failures(Flaw::None).await, []);
    for flaw in FLAWS {
        let found = failures(flaw).await;
        assert!(!found.is_empty(), "{flaw:?} passed the suite");
    }
}
