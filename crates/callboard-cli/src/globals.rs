//! What every command takes.

use crate::text::form::{Fields, Template};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Flags that may stand before or behind the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Folder of the server's data [default: the user's data directory]
    #[arg(long, global = true, env = "CALLBOARD_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address of a server, instead of the one of the data folder
    #[arg(long, global = true, env = "CALLBOARD_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Token for that server
    #[arg(long, global = true, env = "CALLBOARD_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Write JSON for programs; with names only these members, for example --json=id,progress.value
    #[arg(
        long,
        global = true,
        value_name = "MEMBERS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub(crate) json: Option<Fields>,
    /// Write a line after this template for each record, for example '{id} {state}'
    #[arg(long, global = true, value_name = "TEMPLATE", conflicts_with = "json")]
    pub(crate) format: Option<Template>,
    /// Colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// Signs in ASCII, as where the locale is not UTF-8
    #[arg(long, global = true)]
    pub(crate) ascii: bool,
}

/// When to use colours. `auto` honours `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On terminals
    Auto,
    /// Also in pipes
    Always,
    /// Nowhere
    Never,
}

impl ColorWhen {
    /// Makes it so for all output of this process.
    pub(crate) fn apply(self) {
        let choice = match self {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
