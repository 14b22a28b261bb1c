//! One try of a job, from start to end: it always ends in one report (jobs 3).
//!
//! The executor only works; timeouts, cancel → grace → abort, and freeing the slot of a task that ignores its token
//! are done here. A panic is a crashed attempt. An attempt that just works costs one task; what carries its news and
//! what stops it are tasks of their own that are there only while they are needed.

mod news;
mod stop;

use crate::{attempt_runtime::AttemptRuntime, shared::Shared, writer::Message};
use callboard_core::{End, News, Report, Start};
use callboard_exec::{AttemptContext, Cancel, CancelReason, Deadline, Executor, Outcome, Reporter};
use callboard_protocol::{
    job::{AttemptOutcome, JobError},
    log::Level,
};
use futures_util::FutureExt as _;
use news::{NewsDesk, Sink};
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

pub(crate) use stop::Running;

/// Starts an attempt in its own task.
pub(crate) fn start(shared: &Arc<Shared>, job: Start) -> Running {
    let attempt = Arc::new(Attempt {
        shared: shared.clone(),
        cancel: Cancel::new(shared.grace),
        deadline: job.timeout_ms.map_or_else(Deadline::none, |ms| Deadline::after(Duration::from_millis(ms))),
        work_dir: shared.work.join(format!("{}-{}", job.id, job.attempt)),
        job,
        news: NewsDesk::default(),
        is_over: AtomicBool::new(false),
        over: Notify::new(),
    });
    let task = tokio::spawn(attempt.clone().run()).abort_handle();
    Running::new(attempt, task)
}

/// Shared by the task that works, the one that carries its news, and the one that stops it.
struct Attempt {
    shared: Arc<Shared>,
    cancel: Cancel,
    deadline: Deadline,
    work_dir: PathBuf,
    job: Start,
    news: NewsDesk,
    /// Somebody has taken it on to report the end; nobody else may.
    is_over: AtomicBool,
    /// Wakes those who wait in case it does not end.
    over: Notify,
}

impl Attempt {
    async fn run(self: Arc<Self>) {
        let end = match self.executor() {
            Some(executor) => self.execute(executor).await,
            None => self.unknown_kind(),
        };
        if self.claim_end() {
            self.finish(end).await;
        }
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).get(&self.job.kind)
    }

    fn unknown_kind(&self) -> End {
        let message = format!("this server has no executor for the kind {:?}", &*self.job.kind);
        End::failed(AttemptOutcome::Errored, JobError::new("unknown_kind", message), false)
    }

    async fn execute(self: &Arc<Self>, executor: Arc<dyn Executor>) -> End {
        let context = AttemptContext {
            job_id: self.job.id.clone(),
            kind: self.job.kind.clone(),
            attempt: self.job.attempt,
            args: self.job.args.clone(),
            checkpoints: self.job.checkpoint.clone(),
            cancel: self.cancel.clone(),
            deadline: self.deadline.clone(),
            reporter: Reporter::new(Arc::new(Sink(self.clone())), self.shared.artifacts.as_ref().clone()),
            work_dir: self.work_dir.clone(),
            runtime: Arc::new(AttemptRuntime::new(&self.shared, self.job.id.clone(), self.job.attempt)),
        };
        let reporter = context.reporter.clone();
        let work = spoken(reporter, async { executor.execute(context).await });
        // What a panic leaves behind is the executor's own; nothing of the board is inside.
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(outcome) => self.end_of(outcome),
            Err(panic) => {
                let message = format!("the executor panicked: {}", panic_text(&*panic));
                End::failed(AttemptOutcome::Crashed, JobError::new("panicked", message), true)
            }
        }
    }

    fn end_of(&self, outcome: Outcome) -> End {
        match (outcome, self.cancel.reason()) {
            (Outcome::Succeeded(result), None | Some(CancelReason::Shutdown)) => End::succeeded(result),
            (_, Some(CancelReason::Timeout)) => {
                let message = match self.job.timeout_ms {
                    Some(limit) => format!("the attempt was stopped after its limit of {limit} ms"),
                    None => "the attempt was stopped at the job's deadline".into(),
                };
                End::failed(AttemptOutcome::TimedOut, JobError::new("timeout", message), true)
            }
            (_, Some(CancelReason::Shutdown)) => End::stopped(AttemptOutcome::Interrupted),
            (Outcome::CancelledWith(done), _) => {
                End { result: Some(done), ..End::stopped(AttemptOutcome::Cancelled) }
            }
            (Outcome::Succeeded(_) | Outcome::Cancelled, _) => End::stopped(AttemptOutcome::Cancelled),
            (_, Some(_)) => End::stopped(AttemptOutcome::Cancelled),
            (Outcome::Errored { error, retryable, after }, None) => {
                End { after_ms: after.map(millis), ..End::failed(AttemptOutcome::Errored, error, retryable) }
            }
            (Outcome::Snoozed(after), None) => End::snoozed(millis(after)),
            (Outcome::Crashed(error), None) => End::failed(AttemptOutcome::Crashed, error, true),
        }
    }

    /// Whether the caller is the one who reports the end.
    fn claim_end(&self) -> bool {
        let is_first = !self.is_over.swap(true, Ordering::AcqRel);
        if is_first {
            self.over.notify_waiters();
        }
        is_first
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// What follows once the end is claimed.
    async fn finish(&self, mut end: End) {
        self.clean_up().await;
        if let Some(error) = &end.error {
            self.log(Level::Error, &format!("attempt {} failed: {}", self.job.attempt, error.message));
        }
        end.progress = self.last_news().await;
        self.report(News::End(Box::new(end))).await;
    }

    async fn report(&self, mut news: News) {
        self.shared.logs.options().redactor.clean_news(&mut news);
        let report = Report { id: self.job.id.clone(), attempt: self.job.attempt, news };
        // An error means that the writer has ended; the next process takes the job back.
        let _ = self.shared.inbox.send(Message::Report(report)).await;
    }

    fn log(&self, level: Level, message: &str) {
        self.shared.logs.write("job", level, message, Some(&self.job.id));
    }

    async fn clean_up(&self) {
        let folder = &self.work_dir;
        // Most attempts have none, and looking is cheaper than a thread that removes nothing.
        if folder.exists()
            && let Err(error) = tokio::fs::remove_dir_all(folder).await
        {
            tracing::warn!(folder = %folder.display(), %error, "the attempt's folder was not removed");
        }
    }
}

/// The work of an attempt, whose `tracing` events are its own.
#[cfg(feature = "tracing-layer")]
fn spoken<F: Future>(reporter: Reporter, work: F) -> impl Future<Output = F::Output> {
    callboard_exec::JobLayer::scope(reporter, work)
}

#[cfg(not(feature = "tracing-layer"))]
fn spoken<F: Future>(_: Reporter, work: F) -> F {
    work
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
