//! `callboard completions SHELL`: a script that completes commands and flags.

use crate::{
    cli::Cli,
    failure::{Failure, Outcome, exit},
};
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};
use std::io::Write as _;

/// The arguments of `callboard completions`.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that reads it
    shell: Shell,
}

pub(crate) fn completions(args: CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "callboard", &mut script);
    let written = std::io::stdout().lock().write_all(&script);
    written.map(|()| exit::OK).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::unread(),
        _ => Failure::new(exit::JOB_FAILED, "output", format!("failed to write the script: {error}")),
    })
}
