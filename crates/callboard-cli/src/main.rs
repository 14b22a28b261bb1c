//! The binary `callboard`.
//!
//! Reading order: `cli.rs` (what can be said), `main.rs`, `place.rs` (which server), `api.rs` (what is asked of it),
//! `text/form.rs` (for whom the answer is), `follow.rs` (staying with a job), then `commands/`, one file each;
//! `serve.rs` is the server itself.

mod api;
mod cli;
mod clock;
mod commands;
mod config_file;
mod data;
mod dynamic;
mod failure;
mod follow;
mod globals;
mod kinds;
mod moment;
mod place;
mod preferences;
mod query;
mod serve;
mod settings;
mod text;
mod top;

use crate::{
    api::Api,
    cli::{Cli, Command, Demo},
    commands::{
        cancel, completions, config, diff, doctor, edit, get, history, kinds as kinds_command, logs, man,
        open, ps, queues, reference, retry, rm, run, schedules, start, state, top as top_command, version,
        wait, watch, workflow,
    },
    failure::{Failure, Outcome, exit},
    globals::Globals,
    place::Place,
    text::form::Output,
};
use clap::{CommandFactory as _, FromArgMatches as _, builder::Resettable};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dynamic::answer();
    let cli = match read() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    cli.globals.color.apply();
    let out = Output::new(&cli.globals);
    let ended = match cli.command {
        // First thing: these programs own descriptor 3.
        Command::Demo(Demo::Paint) => return callboard_demo::main_paint(),
        Command::Demo(Demo::Checksum) => return callboard_demo::main_checksum(),
        Command::Serve(args) => serve::main(&cli.globals, args),
        Command::Config(args) => config::config(&cli.globals, &args, &out),
        Command::Doctor => block_on(doctor::doctor(&cli.globals, &out)),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => man::man(args),
        Command::Reference(args) => reference::reference(args),
        Command::Version => version::version(&out),
        command => ask(&cli.globals, command, &out),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(out.is_json()),
    }
}

/// The command line. A variable that is empty is not set (S3.16).
fn read() -> Result<Cli, clap::Error> {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let unset = |arg: clap::Arg| match arg.get_env().is_some_and(is_empty) {
        true => arg.env(Resettable::Reset),
        false => arg,
    };
    let command = Cli::command().mut_args(unset).mut_subcommands(|command| command.mut_args(unset));
    let matches = command.try_get_matches()?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut Cli::command()))
}

/// Runs a command to its end.
fn block_on(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(exit::JOB_FAILED, "start_failed", format!("failed to start: {error}"))
    })?;
    runtime.block_on(command)
}

/// The commands that talk to a server.
fn ask(globals: &Globals, command: Command, out: &Output) -> Outcome {
    let place = Place::find(globals)?;
    let api = Api::new(place.clone());
    block_on(async {
        match command {
            Command::Run(args) => Box::pin(run::run(&place, args, out)).await,
            Command::Start(args) => Box::pin(start::start(&place, args, out)).await,
            Command::Ps(args) => ps::ps(&api, args, out).await,
            Command::Get(args) => get::get(&api, args, out).await,
            Command::Logs(args) => Box::pin(logs::logs(&place, args, out)).await,
            Command::Follow(args) => Box::pin(logs::logs(&place, args.into(), out)).await,
            Command::Wait(args) => Box::pin(wait::wait(&place, args, out)).await,
            Command::Cancel(args) => cancel::cancel(&api, args, out).await,
            Command::Retry(args) => retry::retry(&api, args, out).await,
            Command::Rm(args) => rm::rm(&api, args, out).await,
            Command::Move(args) => edit::move_jobs(&api, args, out).await,
            Command::Reprioritise(args) => edit::reprioritise(&api, args, out).await,
            Command::Tag(args) => edit::tag(&api, args, out).await,
            Command::Pause(args) => queues::pause(&api, args, out).await,
            Command::Resume(args) => queues::resume(&api, args, out).await,
            Command::Queues(args) => queues::queues(&api, args, out).await,
            Command::Schedules(args) => schedules::schedules(&api, args, out).await,
            Command::Top(args) => Box::pin(top_command::top(&place, args, out)).await,
            Command::Workflow(args) => Box::pin(workflow::workflow(&place, args, out)).await,
            Command::Watch(args) => Box::pin(watch::watch(&place, args, out)).await,
            Command::State(args) => state::state(&api, args, out).await,
            Command::Diff(args) => diff::diff(&api, args, out).await,
            Command::History(args) => history::history(&api, args, out).await,
            Command::Kinds => kinds_command::kinds(&api, out).await,
            Command::Open => open::open(&api, out).await,
            Command::Serve(_)
            | Command::Config(_)
            | Command::Doctor
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Reference(_)
            | Command::Version
            | Command::Demo(_) => Ok(exit::OK),
        }
    })
}

/// The command line does not make sense, or asks for help.
fn misread(error: &clap::Error) -> ExitCode {
    // What stands behind `--` belongs to another program.
    let mut own = std::env::args().take_while(|arg| arg != "--");
    if !error.use_stderr() || !own.any(|arg| arg == "--json" || arg.starts_with("--json=")) {
        error.exit();
    }
    let text = error.render().to_string();
    // Up to the usage: what is missing may be listed below the first line.
    let said = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let message = said.collect::<Vec<_>>().join(" ");
    Failure::usage(message.trim_start_matches("error: ")).hint("callboard --help").report(true)
}
