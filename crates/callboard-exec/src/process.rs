//! Child processes: started without a shell, watched with all they start, ended without a trace (X5).
//!
//! Reading order: [`ProcessExecutor`], `spawner` (the thread that forks) and `pre_exec` (what the child does
//! before it is itself), `life` (from start to nothing left), `pump` and `reports` (what it says), `outcome`.

mod args;
mod environment;
mod life;
mod lines;
mod orphans;
mod outcome;
mod pre_exec;
mod program;
mod pump;
mod reports;
mod session;
mod spawner;
mod table;

pub use orphans::{Reaped, reap_orphans};

use crate::{AttemptContext, Executor, KindInfo, Outcome, fields};
use args::RunArgs;
use async_trait::async_trait;
use callboard_protocol::{Node, error::Rejection};
use environment::Environment;
use life::Surroundings;
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
}

/// One attempt's child, before its program is found.
struct Plan {
    argv: Vec<Arc<str>>,
    cwd: PathBuf,
    environment: Environment,
    input: Option<Vec<u8>>,
    silent: Node,
}

impl ProcessExecutor {
    /// Runs whatever the arguments name: `{argv: [program, ...], cwd?, env?: {}, stdin?}`. Without `cwd` it runs
    /// where the server was started. A child that reports no result has `{"exitCode": 0}`.
    pub fn run_any() -> Self {
        ProcessExecutor::new(Task::Any)
    }

    /// Runs one configured program. The job's arguments, an object that `check` accepts, are written to its
    /// standard input as one line of JSON. It runs in the attempt's private folder. A child that reports no
    /// result has `null`.
    pub fn fixed(argv: Vec<String>, check: Option<CheckFn>) -> Self {
        ProcessExecutor::new(Task::Fixed { argv: argv.into_iter().map(Arc::from).collect(), check })
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

    fn new(task: Task) -> Self {
        // What a child gets of this process's environment, by an allow-list.
        let environment = std::env::vars_os(); // tidy: children inherit from this very process
        let inherited = Environment::inherited(environment);
        let start_dir = std::env::current_dir().unwrap_or_else(|_| "/".into());
        ProcessExecutor { task, inherited, start_dir }
    }

    fn plan(&self, attempt: &AttemptContext) -> Result<Plan, Outcome> {
        let mut environment = self.inherited.clone();
        let plan = match &self.task {
            Task::Fixed { argv, .. } => Plan {
                argv: argv.clone(),
                cwd: attempt.work_dir.clone(),
                environment,
                input: Some(format!("{}\n", attempt.args).into_bytes()),
                silent: Node::Null,
            },
            Task::Any => {
                let run = RunArgs::read(&attempt.args)
                    .map_err(|error| Outcome::fatal("invalid_args", error.message))?;
                run.env.iter().for_each(|(name, value)| environment.set(name, &**value));
                Plan {
                    argv: run.argv,
                    cwd: run.cwd.map_or_else(|| self.start_dir.clone(), |cwd| self.start_dir.join(&*cwd)),
                    environment,
                    input: run.stdin.map(|input| input.as_bytes().to_vec()),
                    silent: Node::from(&json!({ "exitCode": 0 })),
                }
            }
        };
        Ok(plan)
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
            silent: plan.silent,
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
            Task::Any => None,
            Task::Fixed { argv, .. } => Some(argv),
        };
        formatter.debug_struct("ProcessExecutor").field("argv", &argv).finish_non_exhaustive()
    }
}
