//! The binary `callboard`.
//!
//! Reading order: `main.rs`, `place.rs` (which server), `api.rs` (what is asked of it), `follow.rs` (staying with
//! a job), then `commands/`, one file each; `serve.rs` is the server itself.

mod api;
mod clock;
mod commands;
mod config_file;
mod data;
mod failure;
mod follow;
mod globals;
mod kinds;
mod place;
mod serve;
mod settings;
mod text;

use crate::{
    api::Api,
    commands::{cancel, config, get, kinds as kinds_command, logs, open, ps, retry, rm, run, start, version},
    failure::{Failure, Outcome, exit},
    globals::Globals,
    place::Place,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Jobs in, one live state out.
///
/// Exit codes: 0 done, 1 a job failed, 2 usage, 3 not found, 4 refused or in the way, 5 no server, 6 too slow,
/// 7 not allowed, 130 cancelled; `run` passes the child's own.
#[derive(Parser)]
#[command(name = "callboard", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server and print the address of Studio
    Serve(serve::ServeArgs),
    /// Run a command as a job, and behave like it
    Run(run::RunArgs),
    /// List jobs
    Ps(ps::PsArgs),
    /// Show everything about a job
    Get(get::GetArgs),
    /// Show the lines of a job, or of the board
    Logs(logs::LogsArgs),
    /// Stop jobs
    Cancel(cancel::CancelArgs),
    /// Queue finished jobs again
    Retry(retry::IdArgs),
    /// Remove finished jobs
    Rm(retry::IdArgs),
    /// List the kinds of jobs that the server can run
    Kinds,
    /// Start a job of any kind
    Start(start::StartArgs),
    /// Print an address of Studio that lets one browser in
    Open,
    /// Show every setting and where its value is from, or change those of a running server
    Config(config::ConfigArgs),
    /// Print the version
    Version,
    /// One of the bundled programs that the first jobs run
    #[command(hide = true, subcommand)]
    Demo(Demo),
}

#[derive(Subcommand)]
enum Demo {
    /// Paint a picture
    Paint,
    /// Digest a folder
    Checksum,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    let json = cli.globals.json;
    cli.globals.color.apply();
    let ended = match cli.command {
        // First thing: these programs own descriptor 3.
        Command::Demo(Demo::Paint) => return callboard_demo::main_paint(),
        Command::Demo(Demo::Checksum) => return callboard_demo::main_checksum(),
        Command::Serve(args) => serve::main(&cli.globals, args),
        Command::Config(args) => config::config(&cli.globals, &args),
        Command::Version => version::version(json),
        command => ask(&cli.globals, command),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(json),
    }
}

/// The commands that talk to a server.
fn ask(globals: &Globals, command: Command) -> Outcome {
    let place = Place::find(globals)?;
    let api = Api::new(place.clone());
    let json = globals.json;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(exit::JOB_FAILED, "start_failed", format!("failed to start: {error}"))
    })?;
    runtime.block_on(async {
        match command {
            Command::Run(args) => Box::pin(run::run(&place, args, json)).await,
            Command::Ps(args) => ps::ps(&api, args, json).await,
            Command::Get(args) => get::get(&api, args, json).await,
            Command::Logs(args) => Box::pin(logs::logs(&place, args, json)).await,
            Command::Cancel(args) => cancel::cancel(&api, args, json).await,
            Command::Retry(args) => retry::retry(&api, args, json).await,
            Command::Rm(args) => rm::rm(&api, args, json).await,
            Command::Start(args) => Box::pin(start::start(&place, args, json)).await,
            Command::Kinds => kinds_command::kinds(&api, json).await,
            Command::Open => open::open(&api, json).await,
            Command::Serve(_) | Command::Config(_) | Command::Version | Command::Demo(_) => Ok(exit::OK),
        }
    })
}

/// The command line does not make sense, or asks for help.
fn misread(error: &clap::Error) -> ExitCode {
    // What stands behind `--` belongs to another program.
    let mut own = std::env::args().take_while(|arg| arg != "--");
    if !error.use_stderr() || !own.any(|arg| arg == "--json") {
        error.exit();
    }
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Failure::usage(message).hint("callboard --help").report(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Cli, clap::error::ErrorKind> {
        Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.kind())
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_behind_the_command() {
        for line in ["callboard --json --data d ps --all", "callboard ps --data d --all --json"] {
            let cli = parse(line).expect("it parses");
            assert!(cli.globals.json && cli.globals.data.is_some(), "{line}");
        }
    }

    #[test]
    fn what_is_behind_the_dashes_is_the_jobs() {
        let cli = parse("callboard run -d -- sh -c x --json").expect("it parses");
        assert!(!cli.globals.json);
        assert!(parse("callboard run -d").is_err());
        assert!(parse("callboard run sh").is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        use clap::error::ErrorKind;
        for (line, kind) in [
            ("callboard nope", ErrorKind::InvalidSubcommand),
            ("callboard ps --state nope", ErrorKind::ValueValidation),
            ("callboard cancel", ErrorKind::MissingRequiredArgument),
            ("callboard start k {} --wait --follow", ErrorKind::ArgumentConflict),
            ("callboard logs -n x", ErrorKind::ValueValidation),
        ] {
            assert_eq!(parse(line).err(), Some(kind), "{line}");
        }
    }
}
