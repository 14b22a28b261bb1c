//! The command line as clap reads it.

use crate::{
    commands::{
        cancel, completions, config, diff, edit, finished, get, history, logs, man, ps, queues, reference,
        rm, run, schedules, start, state, top, wait, watch, workflow,
    },
    globals::Globals,
    serve,
};
use clap::{Parser, Subcommand};

/// Jobs in, one live state out.
///
/// Exit codes: 0 done, 1 a job failed, 2 usage, 3 not found, 4 refused or in the way, 5 no server, 6 too slow,
/// 7 not allowed, 130 cancelled; `run` passes the child's own.
#[derive(Parser)]
#[command(name = "callboard", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start the server and print the address of Studio
    Serve(serve::ServeArgs),
    /// Run a command as a job, and behave like it
    Run(run::RunArgs),
    /// Start a job of any kind
    Start(start::StartArgs),
    /// List jobs
    #[command(visible_alias = "jobs")]
    Ps(ps::PsArgs),
    /// Show everything about a job
    Get(get::GetArgs),
    /// Show the lines of a job, or of the board
    Logs(logs::LogsArgs),
    /// Show the lines of a job, or of the board, as they come: `logs --follow`
    Follow(logs::FollowArgs),
    /// Wait until jobs are over, or in a state
    Wait(wait::WaitArgs),
    /// Stop jobs
    Cancel(cancel::CancelArgs),
    /// Queue finished jobs again
    Retry(finished::IdArgs),
    /// Remove finished jobs
    Rm(rm::RmArgs),
    /// Move jobs to another queue
    Move(edit::MoveArgs),
    /// Give jobs another priority
    #[command(visible_alias = "reprioritize")]
    Reprioritise(edit::ReprioritiseArgs),
    /// Give tags to jobs and take them away
    Tag(edit::TagArgs),
    /// Start nothing more from queues; what runs goes on
    Pause(queues::PauseArgs),
    /// Start jobs from queues again
    Resume(queues::PauseArgs),
    /// Show the queues, and set what they let through
    Queues(queues::QueuesArgs),
    /// Show and change what is started at times
    Schedules(schedules::SchedulesArgs),
    /// Watch the board in the terminal: jobs, their progress and lines, with keys to stop and retry them
    Top(top::TopArgs),
    /// Run recipes of steps that need each other, and look at how far they are
    #[command(visible_alias = "workflows")]
    Workflow(workflow::WorkflowArgs),
    /// Show the state, or a part of it, each time it changes
    Watch(watch::WatchArgs),
    /// Print the state, or a part of it, now or at a time in the past
    State(state::StateArgs),
    /// Say what is different between two versions of the state
    Diff(diff::DiffArgs),
    /// List what happened, the newest last
    History(history::HistoryArgs),
    /// List the kinds of jobs that the server can run
    Kinds,
    /// Print an address of Studio that lets one browser in
    Open,
    /// Show every setting and where its value is from, or change those of a running server
    Config(config::ConfigArgs),
    /// Look for what keeps Callboard from working here
    Doctor,
    /// Print a script that completes commands and flags
    Completions(completions::CompletionsArgs),
    /// Write a manual page for each command
    Man(man::ManArgs),
    /// Print the version
    Version,
    /// The reference of this command line as Markdown
    #[command(hide = true)]
    Reference(reference::ReferenceArgs),
    /// One of the bundled programs that the first jobs run
    #[command(hide = true, subcommand)]
    Demo(Demo),
}

#[derive(Subcommand)]
pub(crate) enum Demo {
    /// Paint a picture
    Paint,
    /// Digest a folder
    Checksum,
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
            assert!(cli.globals.json.is_some() && cli.globals.data.is_some(), "{line}");
        }
        let cli = parse("callboard ps --json=id,state").expect("it parses");
        assert_eq!(cli.globals.json, Some("id,state".parse().expect("members")));
    }

    #[test]
    fn what_is_behind_the_dashes_is_the_jobs() {
        let cli = parse("callboard run -d -- sh -c x --json").expect("it parses");
        assert!(cli.globals.json.is_none());
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
            ("callboard ps --json=a..b", ErrorKind::ValueValidation),
            ("callboard ps --format {id", ErrorKind::ValueValidation),
            ("callboard ps --json --format {id}", ErrorKind::ArgumentConflict),
            ("callboard wait", ErrorKind::MissingRequiredArgument),
            ("callboard wait x --timeout never", ErrorKind::ValueValidation),
            ("callboard pause", ErrorKind::MissingRequiredArgument),
            ("callboard pause q --all", ErrorKind::ArgumentConflict),
            ("callboard completions tcsh", ErrorKind::InvalidValue),
        ] {
            assert_eq!(parse(line).err(), Some(kind), "{line}");
        }
    }
}
