//! A journal in memory: for tests, and for boards that need no disk. It grows until it is truncated, and its
//! history with every finished job.

use crate::{
    caps,
    codec::{Packer, hash},
    error::{AppendError, ReadError},
    port::{Append, Appended, Archive, JobRow, Journal, Snapshot, Tail},
    query::{Cursor, JobPage, JobQuery, Prune},
    stored::StoredSnapshot,
};
use async_trait::async_trait;
use callboard_protocol::{Commit, JobId, Node, job::Attempt};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A journal that is gone with the process. Clones are handles on the same journal, closed together.
///
/// ```
/// # use callboard_journal::MemoryJournal;
/// let first_run = MemoryJournal::new();
/// // … a board works with it and closes it …
/// let second_run = first_run.reopen(); // the same contents: a restart without a disk
/// ```
#[derive(Clone, Default)]
pub struct MemoryJournal {
    contents: Arc<Mutex<Contents>>,
    closed: Arc<AtomicBool>,
}

#[derive(Default)]
struct Contents {
    tail: Tail,
    commits: BTreeMap<u64, Arc<Commit>>,
    snapshots: BTreeMap<u64, StoredSnapshot>,
    history: History,
    packer: Packer,
}

#[derive(Default)]
struct History {
    jobs: HashMap<JobId, JobRow>,
    by_age: BTreeSet<Cursor>,
    attempts: BTreeMap<(JobId, u32), Attempt>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        MemoryJournal::default()
    }

    /// A new, open handle on the same contents; this one stays as it is.
    pub fn reopen(&self) -> Self {
        MemoryJournal { contents: self.contents.clone(), closed: Arc::default() }
    }

    fn contents(&self) -> Result<MutexGuard<'_, Contents>, ReadError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(ReadError::Closed);
        }
        Ok(self.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn contents_to_write(&self) -> Result<MutexGuard<'_, Contents>, AppendError> {
        self.contents().map_err(|error| AppendError::Rejected(error.to_string()))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, batch: Append) -> Result<Appended, AppendError> {
        self.contents_to_write()?.append(batch)
    }

    async fn tail(&self) -> Result<Tail, ReadError> {
        Ok(self.contents()?.tail.clone())
    }

    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.contents()?.read(from_seq, max)
    }

    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError> {
        self.contents()?.truncate(first_seq);
        Ok(())
    }

    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        let stored = StoredSnapshot::pack(&snapshot)?;
        self.contents_to_write()?.put_snapshot(stored)
    }

    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        let newest_first: Vec<_> = self.contents()?.snapshots.values().rev().cloned().collect();
        Ok(newest_first.into_iter().find_map(StoredSnapshot::unpack_or_warn))
    }

    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError> {
        Ok(self.contents()?.history.jobs.get(id).map(|row| row.body.clone()))
    }

    async fn jobs(&self, query: JobQuery) -> Result<JobPage, ReadError> {
        Ok(self.contents()?.history.page(&query))
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        Ok(self.contents()?.history.attempts.range(all_of(id)).map(|(_, attempt)| attempt.clone()).collect())
    }

    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError> {
        Ok(self.contents()?.history.prune(&wanted))
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl Contents {
    fn append(&mut self, batch: Append) -> Result<Appended, AppendError> {
        self.tail.check(&batch.commit)?;
        let hash = hash(&self.packer.pack(&*batch.commit, caps::BODY_BYTES)?);
        for change in &batch.archive {
            if let Archive::Job(row) = change {
                self.packer.pack(&row.body, caps::BODY_BYTES)?;
            }
        }
        self.tail = Tail::after(&batch.commit, hash.clone());
        self.commits.insert(batch.commit.seq, batch.commit);
        batch.archive.into_iter().for_each(|change| self.history.apply(change));
        Ok(Appended { hash })
    }

    fn first(&self) -> u64 {
        self.commits.keys().next().copied().unwrap_or(self.tail.seq + 1)
    }

    fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        let (from_seq, first) = (from_seq.max(1), self.first());
        if from_seq < first {
            return Err(ReadError::Compacted { first });
        }
        Ok(self
            .commits
            .range(from_seq..)
            .take(max.min(caps::PAGE_COMMITS))
            .map(|(_, one)| one.clone())
            .collect())
    }

    fn truncate(&mut self, first_seq: u64) {
        let covered = self.snapshots.keys().next().map_or(0, |oldest| oldest + 1);
        self.commits = self.commits.split_off(&first_seq.min(covered));
    }

    fn put_snapshot(&mut self, snapshot: StoredSnapshot) -> Result<(), AppendError> {
        let next = self.commits.get(&snapshot.seq.saturating_add(1)).map(|next| next.prev.as_str());
        let known = if snapshot.seq == self.tail.seq { Some(self.tail.hash.as_str()) } else { next };
        snapshot.check(&self.tail, self.first(), known)?;
        self.snapshots.insert(snapshot.seq, snapshot);
        while self.snapshots.len() > caps::SNAPSHOTS {
            self.snapshots.pop_first();
        }
        Ok(())
    }
}

impl History {
    fn apply(&mut self, change: Archive) {
        match change {
            Archive::Job(row) => {
                self.remove(&row.id);
                self.by_age.insert(place(&row));
                self.jobs.insert(row.id.clone(), row);
            }
            Archive::Attempt(attempt) => {
                self.attempts.insert((attempt.job_id.clone(), attempt.attempt), attempt);
            }
            Archive::DeleteJob(id) => {
                self.remove(&id);
                let numbers: Vec<_> = self.attempts.range(all_of(&id)).map(|(key, _)| key.clone()).collect();
                numbers.iter().for_each(|key| drop(self.attempts.remove(key)));
            }
        }
    }

    fn prune(&mut self, wanted: &Prune) -> Vec<JobId> {
        let fits = |row: &&JobRow| {
            row.state == wanted.state
                && row.finished_at.is_some_and(|at| at <= wanted.until)
                && wanted.kind.as_ref().is_none_or(|kind| *kind == row.kind)
                && wanted.queue.as_ref().is_none_or(|queue| *queue == row.queue)
        };
        let rows = self.by_age.iter().filter_map(|place| self.jobs.get(&place.id));
        let ids: Vec<JobId> = rows.filter(fits).take(wanted.limit).map(|row| row.id.clone()).collect();
        ids.iter().for_each(|id| self.apply(Archive::DeleteJob(id.clone())));
        ids
    }

    fn remove(&mut self, id: &JobId) {
        if let Some(row) = self.jobs.remove(id) {
            self.by_age.remove(&place(&row));
        }
    }

    fn page(&self, query: &JobQuery) -> JobPage {
        let older: Box<dyn Iterator<Item = &Cursor>> = match &query.before {
            Some(place) => Box::new(self.by_age.range(..place.clone()).rev()),
            None => Box::new(self.by_age.iter().rev()),
        };
        let mut found = older.filter_map(|place| self.jobs.get(&place.id)).filter(|row| {
            (query.states.is_empty() || query.states.contains(&row.state))
                && query.kind.as_ref().is_none_or(|kind| *kind == row.kind)
                && query.created_from.is_none_or(|from| row.created_at >= from)
        });
        let mut rows: Vec<&JobRow> = found.by_ref().take(query.rows()).collect();
        let next = found.next().and_then(|_| rows.last().map(|row| place(row)));
        let looked = rows.len();
        rows.retain(|row| query.queue.as_ref().is_none_or(|queue| *queue == row.queue));
        let passed = looked - rows.len();
        JobPage { jobs: rows.into_iter().map(|row| row.body.clone()).collect(), next, passed }
    }
}

fn place(row: &JobRow) -> Cursor {
    Cursor { created_at: row.created_at, id: row.id.clone() }
}

fn all_of(id: &JobId) -> std::ops::RangeInclusive<(JobId, u32)> {
    (id.clone(), 0)..=(id.clone(), u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Site, conformance};

    #[derive(Default)]
    struct Memory(Mutex<MemoryJournal>);

    #[async_trait]
    impl Site for Memory {
        async fn handle(&self) -> Result<Arc<dyn Journal>, String> {
            Ok(Arc::new(self.0.lock().expect("no panic").clone()))
        }

        async fn restart(&self) -> Result<(), String> {
            let mut open = self.0.lock().expect("no panic");
            *open = open.reopen();
            Ok(())
        }

        async fn damage_newest_snapshot(&self) -> Result<bool, String> {
            let open = self.0.lock().expect("no panic");
            let mut contents = open.contents.lock().expect("no panic");
            contents.snapshots.last_entry().expect("a snapshot").get_mut().body[50] ^= 1;
            Ok(true)
        }
    }

    #[tokio::test]
    async fn memory_keeps_the_contract() {
        let failures = conformance(|| Ok(Box::new(Memory::default()))).await;
        assert!(failures.is_empty(), "{failures:#?}");
    }
}
