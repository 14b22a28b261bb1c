//! A journal that fails on request.

use async_trait::async_trait;
use callboard_journal::{
    Append, AppendError, Appended, JobPage, JobQuery, Journal, Prune, ReadError, Snapshot, Tail,
};
use callboard_protocol::{Commit, JobId, Node, job::Attempt};
use std::sync::Arc;
use tokio::sync::watch;

/// Passes everything on to another journal, except the appends that [`JournalFaults`] wants to go wrong.
///
/// ```
/// use callboard::{Board, BoardOptions};
/// use callboard_journal::MemoryJournal;
/// use callboard_testkit::FaultyJournal;
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), callboard::OpenError> {
/// let (journal, faults) = FaultyJournal::around(Arc::new(MemoryJournal::new()));
/// let board = Board::open(BoardOptions { journal: Some(journal), ..BoardOptions::default() }).await?;
/// faults.reject_appends(1); // the disk is full, once
/// # board.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct FaultyJournal {
    inner: Arc<dyn Journal>,
    orders: watch::Sender<Orders>,
}

/// What is to go wrong, and what was asked for so far. Clones are the same.
#[derive(Clone)]
pub struct JournalFaults(watch::Sender<Orders>);

#[derive(Clone, Debug, Default)]
struct Orders {
    hold: bool,
    hold_answers: bool,
    reject: u64,
    lose_answer: Option<bool>,
    asked: u64,
    held: u64,
    rejected: u64,
}

/// What becomes of one append.
enum Verdict {
    Pass,
    Hold,
    HoldAnswer,
    Reject,
    LoseAnswer { stored: bool },
}

impl Orders {
    fn judge(&mut self) -> Verdict {
        if self.hold {
            return Verdict::Hold;
        }
        if self.hold_answers {
            return Verdict::HoldAnswer;
        }
        if let Some(stored) = self.lose_answer.take() {
            return Verdict::LoseAnswer { stored };
        }
        if self.reject > 0 {
            self.reject = self.reject.saturating_sub(1);
            self.rejected += 1;
            return Verdict::Reject;
        }
        Verdict::Pass
    }
}

impl FaultyJournal {
    /// A journal around another one, and its controls. At first nothing goes wrong.
    pub fn around(inner: Arc<dyn Journal>) -> (Arc<FaultyJournal>, JournalFaults) {
        let orders = watch::Sender::default();
        (Arc::new(FaultyJournal { inner, orders: orders.clone() }), JournalFaults(orders))
    }

    /// Waits for the release.
    async fn hold(&self, orders: &mut watch::Receiver<Orders>) {
        self.orders.send_modify(|orders| orders.held += 1);
        let released = orders.wait_for(|orders| !orders.hold && !orders.hold_answers).await.is_ok();
        debug_assert!(released, "this journal holds the sender");
        self.orders.send_modify(|orders| orders.held -= 1);
    }
}

impl JournalFaults {
    /// From now on appends wait, stored by nobody, until [`JournalFaults::release_appends`].
    pub fn hold_appends(&self) {
        self.0.send_modify(|orders| orders.hold = true);
    }

    /// From now on appends are stored, and nobody is told until [`JournalFaults::release_appends`].
    pub fn hold_answers(&self) {
        self.0.send_modify(|orders| orders.hold_answers = true);
    }

    /// Lets appends and answers go on.
    pub fn release_appends(&self) {
        self.0.send_modify(|orders| (orders.hold, orders.hold_answers) = (false, false));
    }

    /// The next `count` appends are rejected like on a full disk; `u64::MAX` for all.
    pub fn reject_appends(&self, count: u64) {
        self.0.send_modify(|orders| orders.reject = count);
    }

    /// The answer to the next append is lost; `stored` says whether it was stored.
    pub fn lose_answer(&self, stored: bool) {
        self.0.send_modify(|orders| orders.lose_answer = Some(stored));
    }

    /// Waits until an append or its answer is being held.
    pub async fn append_held(&self) {
        // The sender is ours, so the channel is open.
        let _ = self.0.subscribe().wait_for(|orders| orders.held > 0).await;
    }

    /// Waits until so many appends have been rejected since the beginning.
    pub async fn appends_rejected(&self, count: u64) {
        let _ = self.0.subscribe().wait_for(|orders| orders.rejected >= count).await;
    }

    /// Appends that were asked for since the beginning, whatever became of them.
    pub fn appends_asked(&self) -> u64 {
        self.0.borrow().asked
    }
}

#[async_trait]
impl Journal for FaultyJournal {
    async fn append(&self, batch: Append) -> Result<Appended, AppendError> {
        let mut orders = self.orders.subscribe();
        self.orders.send_modify(|orders| orders.asked += 1);
        loop {
            let mut verdict = Verdict::Pass;
            self.orders.send_modify(|orders| verdict = orders.judge());
            match verdict {
                Verdict::Pass => return self.inner.append(batch).await,
                Verdict::Reject => return Err(AppendError::Rejected("the disk is full".into())),
                Verdict::LoseAnswer { stored } => {
                    if stored {
                        self.inner.append(batch).await?;
                    }
                    return Err(AppendError::Unknown("the answer was lost".into()));
                }
                Verdict::Hold => self.hold(&mut orders).await,
                Verdict::HoldAnswer => {
                    let answer = self.inner.append(batch).await;
                    self.hold(&mut orders).await;
                    return answer;
                }
            }
        }
    }

    async fn tail(&self) -> Result<Tail, ReadError> {
        self.inner.tail().await
    }

    async fn read(&self, from_seq: u64, max: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        self.inner.read(from_seq, max).await
    }

    async fn truncate(&self, first_seq: u64) -> Result<(), ReadError> {
        self.inner.truncate(first_seq).await
    }

    async fn put_snapshot(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        self.inner.put_snapshot(snapshot).await
    }

    async fn latest_snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        self.inner.latest_snapshot().await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Node>, ReadError> {
        self.inner.job(id).await
    }

    async fn jobs(&self, query: JobQuery) -> Result<JobPage, ReadError> {
        self.inner.jobs(query).await
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, ReadError> {
        self.inner.attempts(id).await
    }

    async fn prune(&self, wanted: Prune) -> Result<Vec<JobId>, ReadError> {
        self.inner.prune(wanted).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_journal::MemoryJournal;
    use callboard_protocol::{CommitKind, Epoch, Time};
    use std::pin::pin;

    fn takeover(seq: u64, prev: &str) -> Append {
        let (epoch, node, kind) = (Epoch::new("e"), "n".into(), CommitKind::Takeover);
        let (at, prev, entries) = (Time(0), prev.into(), Vec::new());
        Append::from(Commit { seq, epoch, node, base_version: 0, at, prev, kind, entries })
    }

    #[tokio::test]
    async fn an_append_is_rejected_held_or_its_answer_lost() {
        let (journal, faults) = FaultyJournal::around(Arc::new(MemoryJournal::new()));
        faults.reject_appends(1);
        assert!(matches!(journal.append(takeover(1, "")).await, Err(AppendError::Rejected(_))));
        assert_eq!(journal.tail().await.unwrap().seq, 0);

        faults.hold_appends();
        let mut held = pin!(journal.append(takeover(1, "")));
        tokio::select! {
            biased;
            done = &mut held => panic!("it is held, not {done:?}"),
            () = faults.append_held() => {}
        }
        assert_eq!(journal.tail().await.unwrap().seq, 0);
        faults.release_appends();
        let hash = held.await.unwrap().hash;

        faults.hold_answers();
        let mut held = pin!(journal.append(takeover(2, &hash)));
        tokio::select! {
            biased;
            done = &mut held => panic!("its answer is held, not {done:?}"),
            () = faults.append_held() => {}
        }
        assert_eq!(journal.tail().await.unwrap().seq, 2);
        faults.release_appends();
        let hash = held.await.unwrap().hash;

        faults.lose_answer(true);
        assert!(matches!(journal.append(takeover(3, &hash)).await, Err(AppendError::Unknown(_))));
        assert_eq!((journal.tail().await.unwrap().seq, faults.appends_asked()), (3, 4));
    }
}
