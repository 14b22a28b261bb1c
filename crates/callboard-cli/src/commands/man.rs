//! `callboard man FOLDER`: a manual page for each command.

use crate::{
    cli::Cli,
    failure::{Failure, Outcome, exit},
    text::output::note,
};
use clap::{Args, CommandFactory as _};
use std::path::PathBuf;

/// The arguments of `callboard man`.
#[derive(Args)]
pub(crate) struct ManArgs {
    /// Where the pages go; it is made if it is not there
    folder: PathBuf,
}

pub(crate) fn man(args: ManArgs) -> Outcome {
    let folder = &args.folder;
    let failed = |error: std::io::Error| {
        let message = format!("failed to write to {}: {error}", folder.display());
        Failure::new(exit::JOB_FAILED, "output", message)
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    note(&format!("man -l {} shows the first of them", folder.join("callboard.1").display()));
    Ok(exit::OK)
}
