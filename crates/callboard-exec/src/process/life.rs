//! The life of one child from its start to the moment when nothing of it is left (X5, W2.2).

use super::{
    gather::ArtifactPattern,
    limits::ResourceLimits,
    outcome::judge,
    progress::ProgressSpec,
    pump::{Ears, Harvest, Pipes, Pump},
    reports::Desk,
    session::{Session, SessionGuard},
    spawner::Spawned,
    spec::{ResultSource, ResultSpec},
};
use crate::{Cancel, Outcome, Reporter, masks::Masks};
use callboard_protocol::log::Level;
use std::{io, path::PathBuf, process::ExitStatus, time::Duration};
use tokio::{process::Child, time::timeout};

/// What surrounds a child.
pub(crate) struct Surroundings {
    pub(crate) cancel: Cancel,
    pub(crate) reporter: Reporter,
    pub(crate) work_dir: PathBuf,
    /// Written to its standard input.
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) manners: Manners,
}

/// What the end and the output of a child mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// Exit codes that mean success; 0 when empty.
    pub(crate) success_codes: Vec<i32>,
    /// Exit codes after which another try cannot help.
    pub(crate) fatal_codes: Vec<i32>,
    pub(crate) progress: ProgressSpec,
    pub(crate) result: ResultSpec,
    pub(crate) artifacts: Vec<ArtifactPattern>,
    /// The limits that it had, to explain its end.
    pub(crate) limits: ResourceLimits,
    pub(crate) masks: Masks,
    /// The result of a child that reports none is its exit code; otherwise it has none.
    pub(crate) tells_exit_code: bool,
}

impl Manners {
    pub(crate) fn is_success(&self, code: i32) -> bool {
        if self.success_codes.is_empty() { code == 0 } else { self.success_codes.contains(&code) }
    }
}

/// What ends the wait for a child.
enum Event {
    CancelAsked,
    Left(io::Result<ExitStatus>),
}

/// After the child left, whatever it started may write this long before it is killed: a filter in a pipeline has
/// the last lines.
const DRAIN: Duration = Duration::from_millis(500);
/// After its session is gone, a pipe that somebody outside of it holds open is listened to this long.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long killed processes may take to vanish. Longer takes only one that hangs in the system (a dead disk).
const KILL_WAIT: Duration = Duration::from_secs(5);
/// What may still be read and stored after a cancel.
const FAREWELL: Duration = Duration::from_millis(250);

/// Accompanies a child. When this returns, its session is gone (or could not be killed, which is logged); when
/// it is dropped, the session is killed.
pub(crate) async fn accompany(spawned: Spawned, around: Surroundings) -> Outcome {
    let Spawned { guard, session, mut child, reports, screen } = spawned;
    let manners = around.manners;
    let reporter = around.reporter.masking(manners.masks.clone());
    let pipes = Pipes {
        stdin: child.stdin.take().zip(around.input),
        screen,
        stdout: child.stdout.take(),
        stderr: child.stderr.take(),
        reports,
    };
    let last_json = manners.result.from == ResultSource::LastJson;
    let ears = Ears { progress: manners.progress.clone(), last_json };
    let harvest = Harvest::new(reporter.clone(), Desk::new(reporter, around.work_dir), ears);
    let pump = Pump::new(pipes, &harvest);
    let mut life = Life { guard, child, session, pump, reporter: &harvest.reporter };
    let status = match life.event(&around.cancel).await {
        Event::CancelAsked => {
            life.stop(around.cancel.grace()).await;
            None
        }
        Event::Left(status) => life.leave(&around.cancel).await.then_some(status),
    };
    drop(life);
    let status = match status {
        Some(Ok(status)) if status.code().is_some_and(|code| manners.is_success(code)) => {
            let gathered = harvest.desk.gather(&manners.artifacts, &manners.result, harvest.last_json());
            tokio::select! {
                biased;
                () = gathered => Some(Ok(status)),
                () = around.cancel.cancelled() => None,
            }
        }
        other => other,
    };
    match status {
        None => Outcome::Cancelled,
        Some(Err(error)) => {
            Outcome::retryable("wait_failed", format!("failed to wait for the child: {error}"))
        }
        Some(Ok(status)) => {
            let received = harvest.desk.received().clone();
            judge(status, &harvest.last_words(), received, &manners)
        }
    }
}

/// A child under way. The guard is the first to be dropped: it kills the session while its number is certainly ours.
struct Life<'a> {
    guard: SessionGuard,
    child: Child,
    session: Session,
    pump: Pump<'a>,
    reporter: &'a Reporter,
}

impl Life<'_> {
    /// Waits for what comes first; the pipes move meanwhile.
    async fn event(&mut self, cancel: &Cancel) -> Event {
        let child = &mut self.child;
        let first = async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Event::CancelAsked,
                status = child.wait() => Event::Left(status),
            }
        };
        self.pump.during(first).await
    }

    /// The child left by itself: its last lines are read, what it left behind is ended. False when a cancel came
    /// before its artifacts were stored.
    async fn leave(&mut self, cancel: &Cancel) -> bool {
        self.pump.drained(DRAIN).await;
        self.end_session().await;
        self.pump.drained(LAST_WORDS).await;
        tokio::select! {
            biased;
            () = self.pump.close() => true,
            () = cancel.cancelled() => false,
        }
    }

    /// Asks the session to end, gives it its grace, and ends it.
    async fn stop(&mut self, grace: Duration) {
        self.session.terminate();
        let (child, session) = (&mut self.child, self.session);
        let ended = async {
            let _ = child.wait().await;
            session.gone().await;
        };
        if self.pump.during(timeout(grace, ended)).await.is_err() {
            let message = format!("still running {} ms after SIGTERM: killed", grace.as_millis());
            self.reporter.log("job", Level::Warn, &message);
        }
        self.end_session().await;
        let _ = timeout(FAREWELL, async {
            self.pump.drained(LAST_WORDS).await;
            self.pump.close().await;
        })
        .await;
    }

    /// Kills what is left of the session and waits until it is gone.
    async fn end_session(&mut self) {
        // By its own number too: it may have left the session.
        let _ = self.child.start_kill();
        let (child, session) = (&mut self.child, self.session);
        let ended = async {
            let _ = tokio::join!(child.wait(), session.end());
        };
        match self.pump.during(timeout(KILL_WAIT, ended)).await {
            // The number may be another's from now on.
            Ok(()) => self.guard.disarm(),
            Err(_) => {
                tracing::warn!(session = ?self.session, "a killed session does not vanish");
                self.reporter.log("job", Level::Warn, "processes of this job were killed but do not vanish");
            }
        }
    }
}
