//! Handles of jobs: they settle when the job has ended, after its event was told.

use crate::{invariant::Invariant, ledger::Ledger, stage::Stage};
use callboard::{Board, JournalEvent, SinkGuard};
use callboard_protocol::JobId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What was heard of the ends of jobs in this boot: the version of the last one of each.
#[derive(Default)]
struct Heard(Mutex<BTreeMap<String, u64>>);

/// Listens to the board's events, and hands out handles.
pub(crate) struct Watch {
    heard: Arc<Heard>,
    ledger: Arc<Ledger>,
    stage: Arc<Stage>,
    _sink: SinkGuard,
}

impl Watch {
    pub(crate) fn begin(board: &Board, ledger: Arc<Ledger>, stage: Arc<Stage>) -> Self {
        let heard = Arc::new(Heard::default());
        let (ear, book, bell) = (heard.clone(), ledger.clone(), stage.clone());
        let sink = board.dispatcher().bus().attach(move |signal| {
            let Some(event) = signal.get::<JournalEvent>() else { return };
            if event.version > book.book().version {
                let what = format!("event {} of version {} was told", event.topic, event.version);
                bell.breach(Invariant::DurableBeforeVisible, what);
            }
            let is_end = matches!(&*event.topic, "job.succeeded" | "job.failed" | "job.cancelled");
            if let Some(id) = event.job_id.as_ref().filter(|_| is_end) {
                let mut heard = ear.0.lock().unwrap_or_else(PoisonError::into_inner);
                heard.insert(id.as_str().to_owned(), event.version);
            }
        });
        board.tell_journal();
        Watch { heard, ledger, stage, _sink: sink }
    }

    /// Waits for a job's end in a task of its own.
    pub(crate) fn job(&self, board: &Board, id: &str) {
        let (board, id) = (board.clone(), JobId::new(id));
        let (heard, ledger, stage) = (self.heard.clone(), self.ledger.clone(), self.stage.clone());
        let since = board.state().version;
        tokio::spawn(async move {
            let Ok(handle) = board.handle(&id).await else { return };
            let ended_at_once = handle.has_ended();
            if handle.end().await.is_err() && board.is_stopped() {
                return;
            }
            if stage.is_dark() {
                return;
            }
            stage.say(&format!("settled {id}"));
            let told = heard.0.lock().unwrap_or_else(PoisonError::into_inner).get(id.as_str()).copied();
            if told.is_none_or(|told| told <= since) && !ended_at_once {
                let what = format!("the handle of {id} settled; its end was not told");
                stage.breach(Invariant::EventBeforeHandle, what);
            }
            if told.is_some_and(|told| told > ledger.book().version) {
                stage.breach(Invariant::DurableBeforeVisible, format!("the end of {id} is not stored"));
            }
        });
    }
}
