//! One try of a job, from start to end: a pipeline of named steps that always ends in one report (jobs 3).
//!
//! The executor only works; heartbeats, timeouts, cancel → grace → abort, and freeing the slot of a task that
//! ignores its token are done here. A panic is a crashed attempt.

use crate::{attempt_runtime::AttemptRuntime, eta::Eta, shared::Shared, writer::Message};
use callboard_core::{End, News, Report};
use callboard_exec::{
    AttemptContext, Cancel, CancelReason, Deadline, Executor, Outcome, ReportSink, Reporter,
};
use callboard_protocol::{
    JobId, caps,
    job::{ArtifactRef, AttemptOutcome, Job, JobError, Progress},
    log::Level,
};
use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

/// What the writer holds of an attempt under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: JobId,
    pub(crate) attempt: u32,
    cancel: Cancel,
}

impl Running {
    pub(crate) fn stop(&self, reason: CancelReason) {
        self.cancel.cancel(reason);
    }
}

/// After the grace the executor has this long to notice that its process is gone; then its task is aborted.
const ABORT_AFTER_GRACE: Duration = Duration::from_secs(2);

/// Starts an attempt in its own task.
pub(crate) fn start(shared: &Arc<Shared>, job: Job) -> Running {
    let cancel = Cancel::new(shared.grace);
    let running = Running { id: job.id.clone(), attempt: job.attempt, cancel: cancel.clone() };
    let deadline =
        job.timeout_ms.map_or_else(Deadline::none, |ms| Deadline::after(Duration::from_millis(ms)));
    tokio::spawn(Attempt { shared: shared.clone(), cancel, deadline, job }.run());
    running
}

struct Attempt {
    shared: Arc<Shared>,
    cancel: Cancel,
    deadline: Deadline,
    job: Job,
}

impl Attempt {
    async fn run(self) {
        let end = match self.executor() {
            Some(executor) => self.execute(executor).await,
            None => self.unknown_kind(),
        };
        self.clean_up().await;
        self.say_how_it_ended(&end);
        self.report(News::End(Box::new(end))).await;
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).get(&self.job.kind)
    }

    fn unknown_kind(&self) -> End {
        let message = format!("this server has no executor for the kind {:?}", self.job.kind);
        End::failed(AttemptOutcome::Errored, JobError::new("unknown_kind", message), false)
    }

    async fn execute(&self, executor: Arc<dyn Executor>) -> End {
        let (reporter, news) = reporter_of(&self.shared, &self.job.id, self.job.attempt);
        let context = AttemptContext {
            job_id: self.job.id.clone(),
            kind: self.job.kind.as_str().into(),
            attempt: self.job.attempt,
            args: self.job.args.clone(),
            checkpoints: self.job.checkpoint.clone().unwrap_or_default(),
            cancel: self.cancel.clone(),
            deadline: self.deadline.clone(),
            reporter,
            work_dir: self.work_dir(),
            runtime: Arc::new(AttemptRuntime::new(&self.shared, &self.job)),
        };
        let mut task = tokio::spawn(async move { executor.execute(context).await });
        let over = Notify::new();
        let guard = async {
            let end = self.stop_in_time(&mut task).await;
            over.notify_one();
            end
        };
        let (last, mut end) = tokio::join!(self.pump(news, &over), guard);
        end.progress = last;
        end
    }

    /// Waits for the executor, or stops it: on timeout or cancel it has the grace, then it is aborted.
    async fn stop_in_time(&self, task: &mut JoinHandle<Outcome>) -> End {
        let finished = tokio::select! {
            joined = &mut *task => Some(joined),
            () = self.cancel.cancelled() => None,
            () = self.deadline.passed() => {
                self.cancel.cancel(CancelReason::Timeout);
                None
            }
        };
        let joined = match finished {
            Some(joined) => Some(joined),
            None => tokio::time::timeout(self.shared.grace + ABORT_AFTER_GRACE, &mut *task).await.ok(),
        };
        match joined {
            Some(Ok(outcome)) => self.end_of(outcome),
            Some(Err(error)) => {
                let message = format!("the executor panicked: {error}");
                End::failed(AttemptOutcome::Crashed, JobError::new("panicked", message), true)
            }
            None => {
                // It may hold its thread for ever; its slot is free now, and people see that something is wrong.
                task.abort();
                self.log(Level::Warn, "the executor did not stop when asked; its task was aborted");
                tracing::warn!(job = %self.job.id, kind = self.job.kind, "an executor ignores its token");
                End { stuck: true, ..self.end_of(Outcome::Cancelled) }
            }
        }
    }

    fn end_of(&self, outcome: Outcome) -> End {
        match (outcome, self.cancel.reason()) {
            (Outcome::Succeeded(result), None | Some(CancelReason::Shutdown)) => End::succeeded(result),
            (_, Some(CancelReason::Timeout)) => {
                let limit = self.job.timeout_ms.unwrap_or_default();
                let message = format!("the attempt was stopped after its limit of {limit} ms");
                End::failed(AttemptOutcome::TimedOut, JobError::new("timeout", message), true)
            }
            (_, Some(CancelReason::Shutdown)) => End::stopped(AttemptOutcome::Interrupted),
            (Outcome::Succeeded(_) | Outcome::Cancelled, _) => End::stopped(AttemptOutcome::Cancelled),
            (_, Some(_)) => End::stopped(AttemptOutcome::Cancelled),
            (Outcome::Errored { error, retryable, after }, None) => {
                End { after_ms: after.map(millis), ..End::failed(AttemptOutcome::Errored, error, retryable) }
            }
            (Outcome::Snoozed(after), None) => End::snoozed(millis(after)),
            (Outcome::Crashed(error), None) => End::failed(AttemptOutcome::Crashed, error, true),
        }
    }

    /// Carries news to the writer until the attempt is over: files at once, progress at most every
    /// [`caps::PROGRESS_MS`]. Returns progress that came too late for a report of its own.
    async fn pump(&self, mut news: NewsFeed, over: &Notify) -> Option<Progress> {
        let started = Instant::now();
        let mut eta = Eta::default();
        let mut quiet_until = started;
        loop {
            tokio::select! {
                Some(artifact) = news.artifacts.recv() => self.report(News::Artifact(artifact)).await,
                () = next_progress(&mut news.progress, quiet_until) => {
                    let progress = news.progress.borrow_and_update().clone();
                    self.report_progress(progress, &mut eta, started).await;
                    quiet_until = Instant::now() + Duration::from_millis(caps::PROGRESS_MS);
                }
                () = over.notified() => break,
            }
        }
        while let Ok(artifact) = news.artifacts.try_recv() {
            self.report(News::Artifact(artifact)).await;
        }
        let unreported = news.progress.has_changed().unwrap_or(true);
        news.progress.borrow_and_update().clone().filter(|_| unreported)
    }

    async fn report_progress(&self, progress: Option<Progress>, eta: &mut Eta, started: Instant) {
        if let Some(mut progress) = progress {
            progress.eta_ms = progress.eta_ms.or(eta.sample(started.elapsed(), progress.value));
            self.report(News::Progress(progress)).await;
        }
    }

    async fn report(&self, news: News) {
        let report = Report { id: self.job.id.clone(), attempt: self.job.attempt, news };
        // An error means that the writer has ended; the next process takes the job back.
        let _ = self.shared.inbox.send(Message::Report(report)).await;
    }

    fn say_how_it_ended(&self, end: &End) {
        if let Some(error) = &end.error {
            self.log(Level::Error, &format!("attempt {} failed: {}", self.job.attempt, error.message));
        }
    }

    fn log(&self, level: Level, message: &str) {
        self.shared.logs.write("job", level, message, Some(&self.job.id));
    }

    fn work_dir(&self) -> PathBuf {
        let root = self.shared.data.as_ref().unwrap_or(&self.shared.scratch.0).join("work");
        root.join(format!("{}-{}", self.job.id, self.job.attempt))
    }

    async fn clean_up(&self) {
        let folder = self.work_dir();
        // Most attempts have none, and looking is cheaper than a thread that removes nothing.
        if folder.exists()
            && let Err(error) = tokio::fs::remove_dir_all(&folder).await
        {
            tracing::warn!(folder = %folder.display(), %error, "the attempt's folder was not removed");
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The receiving side of a reporter.
pub(crate) struct NewsFeed {
    progress: watch::Receiver<Option<Progress>>,
    artifacts: mpsc::Receiver<ArtifactRef>,
}

/// Waits for progress that has not been reported, and for the end of the pause after the last report. For ever
/// when no more can come.
async fn next_progress(progress: &mut watch::Receiver<Option<Progress>>, quiet_until: Instant) {
    tokio::time::sleep_until(quiet_until).await;
    loop {
        match progress.has_changed() {
            Ok(true) => return,
            Ok(false) if progress.changed().await.is_ok() => {
                progress.mark_changed();
                return;
            }
            _ => std::future::pending().await,
        }
    }
}

/// A reporter of an attempt and where its news arrive.
pub(crate) fn reporter_of(shared: &Arc<Shared>, id: &JobId, attempt: u32) -> (Reporter, NewsFeed) {
    let (progress_sender, progress) = watch::channel(None);
    let (artifact_sender, artifacts) = mpsc::channel(caps::ARTIFACTS);
    let sink = Sink {
        shared: shared.clone(),
        id: id.clone(),
        attempt,
        progress: progress_sender,
        artifacts: artifact_sender,
    };
    (Reporter::new(Arc::new(sink), shared.artifacts.as_ref().clone()), NewsFeed { progress, artifacts })
}

struct Sink {
    shared: Arc<Shared>,
    id: JobId,
    attempt: u32,
    progress: watch::Sender<Option<Progress>>,
    artifacts: mpsc::Sender<ArtifactRef>,
}

impl ReportSink for Sink {
    /// Last value wins (invariant 9).
    fn progress(&self, progress: Progress) {
        self.progress.send_replace(Some(progress));
    }

    fn log(&self, channel: &str, level: Level, message: &str) {
        self.shared.logs.write(channel, level, message, Some(&self.id));
    }

    fn log_room(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.shared.logs.room())
    }

    fn artifact(&self, artifact: ArtifactRef) {
        if let Err(error) = self.artifacts.try_send(artifact) {
            let message = format!("an artifact of attempt {} was refused: {error}", self.attempt);
            self.shared.logs.write("job", Level::Warn, &message, Some(&self.id));
        }
    }
}
