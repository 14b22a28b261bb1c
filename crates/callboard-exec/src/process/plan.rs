//! One attempt's child before its program is found: what was asked for, with every place filled in.

use super::{args::RunArgs, environment::Environment, life::Manners, pty::PtySize, spec::ProgramSpec};
use crate::{
    AttemptContext, Template,
    fields::invalid,
    masks::Masks,
    template::{JobScope, Purpose, Scope},
};
use callboard_protocol::{Node, error::Rejection};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// See the module.
pub(crate) struct Plan {
    pub(crate) argv: Vec<Arc<str>>,
    pub(crate) cwd: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) pty: Option<PtySize>,
    pub(crate) manners: Manners,
}

impl Plan {
    /// A program whose arguments are the job's own.
    pub(crate) fn any(run: RunArgs, mut environment: Environment, start_dir: &Path) -> Self {
        run.env.iter().for_each(|(name, value)| environment.set(name, &**value));
        Plan {
            argv: run.argv,
            cwd: run.cwd.map_or_else(|| start_dir.to_owned(), |cwd| start_dir.join(&*cwd)),
            environment,
            input: run.stdin.map(|input| input.as_bytes().to_vec()),
            pty: run.pty.then(PtySize::default),
            manners: Manners { tells_exit_code: true, ..Manners::default() },
        }
    }

    /// A program that reads the job's arguments.
    pub(crate) fn fixed(argv: Vec<Arc<str>>, environment: Environment, attempt: &AttemptContext) -> Self {
        Plan {
            argv,
            cwd: attempt.work_dir.clone(),
            environment,
            input: Some(format!("{}\n", attempt.args).into_bytes()),
            pty: None,
            manners: Manners::default(),
        }
    }

    /// A configured program.
    ///
    /// # Errors
    /// `invalid_args`, naming the argument that is missing or does not fit.
    pub(crate) fn of(
        spec: &ProgramSpec,
        mut environment: Environment,
        attempt: &AttemptContext,
    ) -> Result<Self, Rejection> {
        let job = JobScope { id: &attempt.job_id, attempt: attempt.attempt, work_dir: &attempt.work_dir };
        let scope = Scope { args: &attempt.args, secrets: &spec.secrets, job: Some(job) };
        let filled = Filled::read(spec, &scope)?;
        filled.env.into_iter().for_each(|(name, value)| environment.set(name, value));
        Ok(Plan {
            argv: filled.argv,
            cwd: filled.cwd.map_or_else(|| attempt.work_dir.clone(), PathBuf::from),
            environment,
            input: filled.stdin.map(String::into_bytes),
            pty: spec.pty,
            manners: Manners {
                success_codes: spec.success_codes.clone(),
                fatal_codes: spec.fatal_codes.clone(),
                progress: spec.progress.clone(),
                result: spec.result.clone(),
                artifacts: spec.artifacts.clone(),
                limits: spec.limits,
                masks: Masks::of(&spec.secrets),
                tells_exit_code: false,
            },
        })
    }
}

/// The texts of a program with their places filled.
struct Filled<'a> {
    argv: Vec<Arc<str>>,
    cwd: Option<String>,
    env: Vec<(&'a str, String)>,
    stdin: Option<String>,
}

impl<'a> Filled<'a> {
    fn read(spec: &'a ProgramSpec, scope: &Scope<'_>) -> Result<Self, Rejection> {
        let fill = |text: &Template, purpose| text.render(scope, purpose);
        let env = spec.env.iter().map(|(name, text)| Ok((name.as_str(), fill(text, Purpose::Argument)?)));
        Ok(Filled {
            argv: argv(&spec.argv, scope)?,
            cwd: spec.cwd.as_ref().map(|text| fill(text, Purpose::Path)).transpose()?,
            env: env.collect::<Result<_, Rejection>>()?,
            stdin: spec.stdin.as_ref().map(|text| fill(text, Purpose::Text)).transpose()?,
        })
    }
}

/// Whether arguments fill all places of a program.
///
/// # Errors
/// `invalid_args`, naming the argument that is missing or does not fit.
pub(crate) fn check(spec: &ProgramSpec, args: &Node) -> Result<(), Rejection> {
    Filled::read(spec, &Scope { args, secrets: &spec.secrets, job: None }).map(drop)
}

fn argv(items: &[Template], scope: &Scope<'_>) -> Result<Vec<Arc<str>>, Rejection> {
    let mut argv: Vec<Arc<str>> = Vec::with_capacity(items.len());
    let mut options_ended = false;
    for item in items {
        let text = item.render(scope, Purpose::Argument)?;
        // The value of an argument must not become an option of the program (`-rf`, `--output=…`); a negative
        // number is none.
        let is_text = item.value(scope).is_none_or(|value| value.as_str().is_some());
        if item.begins_with_argument() && is_text && text.starts_with('-') && !options_ended {
            let problem = format!(
                "{:?} must not begin with '-', or the program would take it for an option; put \"--\" or a name \
                 before it in the configuration if that is meant",
                item.source()
            );
            return Err(invalid("argv", problem));
        }
        options_ended = options_ended || item.constant() == Some("--");
        argv.push(text.into());
    }
    Ok(argv)
}
