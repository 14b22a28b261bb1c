//! Child processes: started without a shell, watched with all they start, ended without a trace (X5).
//!
//! Reading order: [`ProcessExecutor`], `spawner` (the thread that forks) and `pre_exec` (what the child does
//! before it is itself), `life` (from start to nothing left), `pump` and `reports` (what it says), `outcome`.

mod ansi;
mod args;
mod environment;
mod gather;
mod life;
mod limits;
mod lines;
mod orphans;
mod outcome;
mod plan;
mod pre_exec;
mod program;
mod progress;
mod pty;
mod pump;
mod reports;
mod session;
mod spawner;
mod spec;
mod table;

pub use gather::ArtifactPattern;
pub use limits::ResourceLimits;
pub use orphans::{Reaped, reap_orphans};
pub use progress::{ProgressPattern, ProgressSpec, Streams};
pub use pty::PtySize;
pub use spec::{ProgramSpec, ResultSource, ResultSpec};

use crate::{AttemptContext, Executor, KindInfo, Outcome, fields};
use args::RunArgs;
use async_trait::async_trait;
use callboard_protocol::{Node, error::Rejection};
use environment::Environment;
use life::Surroundings;
use plan::Plan;
use serde_json::json;
use spawner::Launch;
use std::{
    fmt, fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Checks the arguments of a configured program before the job is accepted; see [`Executor::check`].
pub type CheckFn = Arc<dyn Fn(&Node) -> Result<(), Rejection> + Send + Sync>;

/// Runs each attempt as a child process.
///
/// The child gets an argument vector (never a shell string), an environment of few inherited variables plus
/// `CALLBOARD_JOB_ID`, `CALLBOARD_ATTEMPT` and `CALLBOARD_WORK_DIR`, and on descriptor 3 a pipe for reports, one
/// JSON object a line: `{"progress":{"value":0.5}}`, `{"log":{"level":"info","message":"…"}}`,
/// `{"artifact":{"path":"picture.png"}}` (relative to the work folder, and within it) and `{"result":…}`.
/// Standard output and error become log lines of the channels `stdout` and `stderr`.
///
/// The child leads a session of its own. A cancel sends SIGTERM to all process groups of the session and SIGKILL
/// after the grace; the attempt ends when the session is gone. What remains of it after the child left by itself
/// is killed too. A process that leaves the session on purpose (a daemon) is not followed.
///
/// Outcomes: exit code 0 succeeds; another code is `Errored` `exit_code` (retryable) with the last line of
/// standard error; a signal is `Crashed` `signal`; `spawn_failed` says what was missing; `too_large` a result
/// or artifact over its cap; `artifact_failed` one that could not be stored.
pub struct ProcessExecutor {
    task: Task,
    inherited: Environment,
    start_dir: PathBuf,
}

enum Task {
    /// What the arguments say.
    Any,
    /// This, with the arguments as JSON on standard input.
    Fixed { argv: Vec<Arc<str>>, check: Option<CheckFn> },
    /// This, with the arguments where it says.
    Configured(Box<ProgramSpec>),
}

impl ProcessExecutor {
    /// Runs whatever the arguments name: `{argv: [program, ...], cwd?, env?: {}, stdin?, pty?}`. Without `cwd` it runs
    /// where the server was started. A child that reports no result has `{"exitCode": 0}`.
    pub fn run_any() -> Self {
        ProcessExecutor::new(Task::Any, &[])
    }

    /// Runs one configured program. The job's arguments, an object that `check` accepts, are written to its
    /// standard input as one line of JSON. It runs in the attempt's private folder. A child that reports no
    /// result has `null`.
    pub fn fixed(argv: Vec<String>, check: Option<CheckFn>) -> Self {
        ProcessExecutor::new(Task::Fixed { argv: argv.into_iter().map(Arc::from).collect(), check }, &[])
    }

    /// Runs a program as it is configured.
    ///
    /// # Errors
    /// See [`ProgramSpec::check`].
    pub fn configured(spec: ProgramSpec) -> Result<Self, (&'static str, String)> {
        spec.check()?;
        let inherit = spec.inherit_env.clone();
        Ok(ProcessExecutor::new(Task::Configured(Box::new(spec)), &inherit))
    }

    /// What people are told about [`ProcessExecutor::run_any`].
    pub fn run_info() -> KindInfo {
        KindInfo {
            kind: "process.run".into(),
            title: "Run a command".into(),
            description: "Runs a program with its arguments, without a shell.".into(),
            example: Node::from(&json!({ "argv": ["echo", "hello"] })),
            first_run: true,
        }
    }

    fn new(task: Task, inherit: &[String]) -> Self {
        // What a child gets of this process's environment, by an allow-list.
        let environment = std::env::vars_os(); // tidy: children inherit from this very process
        let inherited = Environment::inherited(environment, inherit);
        let start_dir = std::env::current_dir().unwrap_or_else(|_| "/".into());
        ProcessExecutor { task, inherited, start_dir }
    }

    fn plan(&self, attempt: &AttemptContext) -> Result<Plan, Outcome> {
        let environment = self.inherited.clone();
        let misfit = |error: Rejection| Outcome::fatal("invalid_args", error.message);
        match &self.task {
            Task::Fixed { argv, .. } => Ok(Plan::fixed(argv.clone(), environment, attempt)),
            Task::Configured(spec) => Plan::of(spec, environment, attempt).map_err(misfit),
            Task::Any => {
                let run = RunArgs::read(&attempt.args).map_err(misfit)?;
                Ok(Plan::any(run, environment, &self.start_dir))
            }
        }
    }

    /// Finds everything the child needs; what is missing is named.
    fn launch(&self, plan: &Plan, attempt: &AttemptContext) -> Result<Launch, Outcome> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&attempt.work_dir).map_err(|error| {
            let path = attempt.work_dir.display();
            Outcome::retryable(
                "spawn_failed",
                format!("failed to create the attempt's folder {path}: {error}"),
            )
        })?;
        let failed = |message: String| Outcome::fatal("spawn_failed", message);
        check_folder(&plan.cwd).map_err(failed)?;
        let name = plan.argv.first().ok_or_else(|| failed("no program is configured".into()))?;
        let program = program::find(name, plan.environment.path(), &plan.cwd).map_err(failed)?;
        let mut environment = plan.environment.clone();
        environment.mark(&attempt.job_id, attempt.attempt, &attempt.work_dir);
        Ok(Launch {
            program,
            argv: plan.argv.clone(),
            cwd: plan.cwd.clone(),
            environment,
            has_input: plan.input.is_some(),
            pty: plan.pty,
            limits: plan.manners.limits,
        })
    }

    async fn run(&self, attempt: AttemptContext) -> Result<Outcome, Outcome> {
        let plan = self.plan(&attempt)?;
        let launch = self.launch(&plan, &attempt)?;
        if attempt.cancel.is_cancelled() {
            return Err(Outcome::Cancelled);
        }
        let program = launch.program.clone();
        let spawned = spawner::spawn(launch).await.map_err(|error| {
            // The file was there a moment ago.
            let its = if error.kind() == ErrorKind::NotFound { "its interpreter is missing: " } else { "" };
            Outcome::retryable("spawn_failed", format!("failed to start {}: {its}{error}", program.display()))
        })?;
        let around = Surroundings {
            cancel: attempt.cancel,
            reporter: attempt.reporter,
            work_dir: attempt.work_dir,
            input: plan.input,
            manners: plan.manners,
        };
        Ok(life::accompany(spawned, around).await)
    }
}

fn check_folder(cwd: &Path) -> Result<(), String> {
    match fs::metadata(cwd) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(format!("the working folder {} is no folder", cwd.display())),
        Err(error) => Err(format!("the working folder {} cannot be used: {error}", cwd.display())),
    }
}

#[async_trait]
impl Executor for ProcessExecutor {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        match &self.task {
            Task::Any => RunArgs::read(args).map(|_| ()),
            Task::Configured(spec) => {
                fields::members(args)?;
                plan::check(spec, args)
            }
            Task::Fixed { check, .. } => {
                fields::members(args)?;
                check.as_ref().map_or(Ok(()), |check| check(args))
            }
        }
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        self.run(attempt).await.unwrap_or_else(|outcome| outcome)
    }
}

impl fmt::Debug for ProcessExecutor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let argv = match &self.task {
            Task::Any => "any".into(),
            Task::Fixed { argv, .. } => argv.join(" "),
            Task::Configured(spec) => {
                spec.argv.iter().map(crate::Template::source).collect::<Vec<_>>().join(" ")
            }
        };
        formatter.debug_struct("ProcessExecutor").field("argv", &argv).finish_non_exhaustive()
    }
}
