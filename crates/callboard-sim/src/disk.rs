//! The journal of a simulated board: one in memory that outlives the process, writes that take time, and the crash
//! points around the moment that counts.

use crate::{
    faults::{Fate, Faults},
    invariant::Invariant,
    ledger::Ledger,
    stage::Stage,
};
use async_trait::async_trait;
use callboard_journal::{
    Append, AppendError, Appended, JobPage, JobQuery, Journal, MemoryJournal, Prune, ReadError, Snapshot,
    Tail,
};
use callboard_protocol::{Commit, JobId, Node, job::Attempt};
use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// See the module.
pub(crate) struct Disk {
    memory: MemoryJournal,
    pub(crate) ledger: Arc<Ledger>,
    stage: Arc<Stage>,
    faults: Mutex<Faults>,
}

impl Disk {
    pub(crate) fn new(seed: u64, ledger: Arc<Ledger>, stage: Arc<Stage>) -> Self {
        Disk { memory: MemoryJournal::new(), ledger, stage, faults: Mutex::new(Faults::new(seed)) }
    }

    /// The disk as a new process finds it.
    pub(crate) fn mount(self: &Arc<Self>) -> Arc<SimJournal> {
        self.ledger.forget_write();
        Arc::new(SimJournal { disk: self.clone(), memory: self.memory.reopen() })
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes of one run; it must have come to its end before.
const WRITES: u64 = 5_000;

/// One process's handle of the disk.
pub(crate) struct SimJournal {
    disk: Arc<Disk>,
    memory: MemoryJournal,
}

impl SimJournal {
    fn stage(&self) -> &Stage {
        &self.disk.stage
    }

    /// A process that is dead does nothing more.
    async fn live(&self) {
        if self.stage().is_dark() {
            pending::<()>().await;
        }
    }

    async fn pause(&self, time: Duration) {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        self.live().await;
    }

    async fn die(&self, at: &str) {
        self.stage().crash(at);
        pending::<()>().await;
    }

    /// The moment that counts: all of it is stored, or nothing.
    async fn store(&self, batch: Append) -> Result<Appended, AppendError> {
        let (commit, archive) = (batch.commit.clone(), batch.archive.clone());
        let appended = self.memory.append(batch).await?;
        self.disk.ledger.stored(&commit, &archive);
        self.stage().say(&format!("stored {} v{} {}", commit.seq, commit.head_version(), appended.hash));
        Ok(appended)
    }
}

#[async_trait]
impl Journal for SimJournal {
    async fn append(&self, batch: Append) -> Result<Appended, AppendError> {
        self.live().await;
        let ledger = &self.disk.ledger;
        if !ledger.begin_write() {
            self.stage().breach(Invariant::OneWriter, "a commit was sent while another was on its way");
        }
        if ledger.book().writes > WRITES {
            self.stage().breach(Invariant::Bounded, format!("{WRITES} writes, and no end of it"));
            return pending().await;
        }
        let plan = self.disk.faults().next();
        self.pause(plan.before).await;
        let stored = match plan.fate {
            Fate::CrashBefore => {
                self.die("before a write").await;
                Err(AppendError::Unknown(String::new()))
            }
            Fate::Rejected => Err(AppendError::Rejected("the disk is full".into())),
            Fate::UnknownLost => Err(AppendError::Unknown("the answer was lost".into())),
            Fate::UnknownStored => {
                self.store(batch).await.and(Err(AppendError::Unknown("the answer was lost".into())))
            }
            Fate::CrashAfter => {
                let stored = self.store(batch).await;
                self.die("after a write, before its answer").await;
                stored
            }
            Fate::CrashOnAnswer => {
                let stored = self.store(batch).await;
                self.stage().crash("after the answer to a write");
                stored
            }
            Fate::Lied => Ok(Appended { hash: batch.commit.prev.clone() }),
            Fate::Stored => self.store(batch).await,
        };
        if let Err(error) = &stored {
            self.stage().say(&format!("not stored: {error}"));
        }
        if plan.fate == Fate::Stored {
            self.pause(plan.after).await;
        }
        ledger.end_write();
        stored
    }

    async fn tail(&self) -> Result<Tail, ReadError> {
        self.memory.tail().await
    }

    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.memory.read(from_seq, max).await
    }

    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError> {
        self.live().await;
        self.memory.truncate(first_seq).await
    }

    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        let took = self.disk.faults().next();
        self.pause(took.before).await;
        match took.fate {
            Fate::CrashBefore => self.die("before a snapshot").await,
            Fate::Rejected => return Err(AppendError::Rejected("the disk is full".into())),
            _ => {}
        }
        let version = snapshot.version;
        self.disk.ledger.check_snapshot(&snapshot);
        self.memory.put_snapshot(snapshot).await?;
        self.stage().say(&format!("snapshot v{version}"));
        if matches!(took.fate, Fate::CrashAfter | Fate::CrashOnAnswer) {
            self.die("after a snapshot").await;
        }
        Ok(())
    }

    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        self.memory.latest_snapshot().await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError> {
        self.memory.job(id).await
    }

    async fn jobs(&self, query: JobQuery) -> Result<JobPage, ReadError> {
        self.memory.jobs(query).await
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        self.memory.attempts(id).await
    }

    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError> {
        self.live().await;
        self.memory.prune(wanted).await
    }

    async fn close(&self) {
        self.memory.close().await;
    }
}
