//! A place to run attempts in, and a memory of what they report.

use callboard_exec::{
    ArtifactStore, AttemptContext, Cancel, CancelReason, Deadline, Executor, NoRuntime, Outcome,
    ProcessExecutor, ReportSink, Reporter,
};
use callboard_protocol::{
    JobId, Node,
    job::{ArtifactRef, JobError, Progress},
    log::Level,
};
use serde_json::{Value, json};
use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::watch;

/// Everything that was reported.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) progress: Mutex<Vec<Progress>>,
    pub(crate) lines: Mutex<Vec<(String, Level, String)>>,
    pub(crate) artifacts: Mutex<Vec<ArtifactRef>>,
    /// What was written to a terminal.
    pub(crate) screen: Mutex<Vec<u8>>,
    changes: watch::Sender<u64>,
}

impl Memory {
    /// The lines of one channel.
    pub(crate) fn channel(&self, wanted: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|(channel, ..)| channel == wanted).map(|(.., text)| text.clone()).collect()
    }

    /// Waits until a line of a channel begins with a text; the line.
    pub(crate) async fn line(&self, channel: &str, start: &str) -> String {
        let mut changes = self.changes.subscribe();
        let find = || self.channel(channel).into_iter().find(|line| line.starts_with(start));
        bounded(async {
            loop {
                if let Some(line) = find() {
                    return line;
                }
                changes.changed().await.unwrap();
            }
        })
        .await
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl ReportSink for Memory {
    fn progress(&self, progress: Progress) {
        self.progress.lock().unwrap().push(progress);
        self.changed();
    }
    fn log(&self, channel: &str, level: Level, message: &str) {
        self.lines.lock().unwrap().push((channel.to_owned(), level, message.to_owned()));
        self.changed();
    }
    fn terminal(&self, bytes: &[u8]) {
        self.screen.lock().unwrap().extend_from_slice(bytes);
    }
    fn artifact(&self, artifact: ArtifactRef) {
        self.artifacts.lock().unwrap().push(artifact);
        self.changed();
    }
}

/// One attempt's surroundings.
pub(crate) struct Stage {
    pub(crate) dir: TempDir,
    pub(crate) memory: Arc<Memory>,
    pub(crate) cancel: Cancel,
    pub(crate) store: ArtifactStore,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Stage::with_grace(Duration::from_secs(10))
    }

    pub(crate) fn with_grace(grace: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(dir.path().join("artifacts")).unwrap();
        Stage { dir, memory: Arc::default(), cancel: Cancel::new(grace), store }
    }

    pub(crate) fn work_dir(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub(crate) fn attempt(&self, args: Value) -> AttemptContext {
        AttemptContext {
            job_id: JobId::new("job-1"),
            kind: "test".into(),
            attempt: 2,
            args: Node::from(&args),
            checkpoints: Node::Null,
            deadline: Deadline::none(),
            runtime: Arc::new(NoRuntime),
            cancel: self.cancel.clone(),
            reporter: Reporter::new(self.memory.clone(), self.store.clone()),
            work_dir: self.work_dir(),
        }
    }

    /// Runs `process.run` with these arguments.
    pub(crate) async fn run(&self, args: Value) -> Outcome {
        bounded(ProcessExecutor::run_any().execute(self.attempt(args))).await
    }

    /// Runs a shell script in the attempt's folder.
    pub(crate) async fn sh(&self, script: &str) -> Outcome {
        bounded(shell(script).execute(self.attempt(json!({})))).await
    }

    /// Runs a script, cancels it once it says `ready`, and returns how it ended and how long that took.
    pub(crate) async fn sh_cancelled(&self, script: &str) -> (Outcome, Duration) {
        let (shell, attempt) = (shell(script), self.attempt(json!({})));
        let run = tokio::spawn(async move { shell.execute(attempt).await });
        self.memory.line("stdout", "ready").await;
        let asked = std::time::Instant::now();
        self.cancel.cancel(CancelReason::User);
        (bounded(run).await.unwrap(), asked.elapsed())
    }
}

/// A configured program that is a script.
pub(crate) fn shell(script: &str) -> ProcessExecutor {
    ProcessExecutor::fixed(["sh", "-c", script].map(String::from).into(), None)
}

/// No test waits longer than this for anything.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("in time")
}

/// The error of an attempt that failed, and whether it may be tried again.
pub(crate) fn error(outcome: Outcome) -> (JobError, bool) {
    match outcome {
        Outcome::Errored { error, retryable, .. } => (error, retryable),
        other => panic!("no error: {other:?}"),
    }
}

/// The result of an attempt that went well.
pub(crate) fn result(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Succeeded(result) => Value::from(&result),
        other => panic!("no result: {other:?}"),
    }
}

/// Whether a process lives (a dead one that nobody reaped does not).
pub(crate) fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    stat.is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}

/// Waits until a process is gone.
pub(crate) async fn dead(pid: &str) {
    bounded(async {
        while lives(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Ends one process that a test started, by its own number; never a group, never through a `kill` program (some
/// read `-1234` as `-1`, which is everybody).
pub(crate) fn end(pid: &str) {
    let number: i32 = pid.trim().parse().expect("a number");
    assert!(number > 1, "{number} is no child of a test");
    let pid = rustix::process::Pid::from_raw(number).expect("not 0");
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}
