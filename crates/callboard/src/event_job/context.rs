//! What work may use while it runs.

use super::{Control, Dispatch, Dispatcher, EventJob};
use crate::{Cause, observer::JobInfo, typed::JobHandle};
use callboard_protocol::{JobId, Node, job::Progress};
use std::sync::Arc;

/// What work of the in-process lane may use while it runs.
#[derive(Clone)]
pub struct RunContext {
    pub(super) info: Arc<JobInfo>,
    pub(super) control: Arc<Control>,
    pub(super) dispatcher: Dispatcher,
    pub(super) attempt: u32,
}

impl RunContext {
    /// The job.
    pub fn job_id(&self) -> &JobId {
        &self.info.id
    }

    /// The number of this try, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The chain of causes that the job stands in.
    pub fn cause(&self) -> &Cause {
        &self.info.cause
    }

    /// What the job's dispatch said about it.
    pub fn metadata(&self) -> &Node {
        &self.info.metadata
    }

    /// Reports a fraction of the work, 0..1, and what is going on. It never falls within one try.
    pub fn progress(&self, value: f64, message: &str) {
        self.report(Progress { value, message: text(message), ..Progress::default() });
    }

    /// Reports step `step` of `steps`; of none it is 0 (S2.11).
    pub fn step(&self, step: u32, steps: u32, message: &str) {
        let value = if steps == 0 { 0.0 } else { f64::from(step) / f64::from(steps) };
        let (step, steps) = (Some(step), Some(steps));
        self.report(Progress { value, message: text(message), step, steps, eta_ms: None });
    }

    fn report(&self, progress: Progress) {
        self.control.report(self.attempt, progress);
    }

    /// Whether the job is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.control.is_stopped()
    }

    /// Waits until the job is to stop. Only work with a grace gets to see that.
    pub async fn cancelled(&self) {
        self.control.stopped().await;
    }

    /// Dispatches another job on behalf of whoever dispatched this one, in the same chain of causes.
    pub fn dispatch<J: EventJob>(&self, job: impl Into<Dispatch<J>>) -> JobHandle<J::Output> {
        let dispatch = job.into().origin(self.info.origin.clone()).caused_by(self.info.cause.clone());
        self.dispatcher.dispatch(dispatch)
    }
}

fn text(message: &str) -> Option<String> {
    Some(message).filter(|message| !message.is_empty()).map(Into::into)
}
