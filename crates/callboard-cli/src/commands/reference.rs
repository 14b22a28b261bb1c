//! The reference of the command line as Markdown: `docs/reference/cli.md` is made of it.

use crate::{
    cli::Cli,
    failure::{Failure, Outcome, exit},
    text::output::print,
};
use clap::{Arg, Args, Command, CommandFactory as _, builder::StyledStr};
use std::path::PathBuf;

/// The arguments of `callboard reference`.
#[derive(Args)]
pub(crate) struct ReferenceArgs {
    /// Where it goes instead of standard output
    file: Option<PathBuf>,
}

/// What stands above the commands.
const HEAD: &str = "# Command line

Made from the program itself by `cargo xtask codegen`; `callboard help COMMAND` says the same. `callboard man FOLDER` writes manual
pages, `callboard completions SHELL` a script for bash, zsh, fish, PowerShell or Elvish. `source <(COMPLETE=bash callboard)` in the
shell's start file (`zsh` and `fish` likewise) also completes ids, kinds, queues, schedules and workflows, asked of the server.

**Output.** Data goes to standard output, everything else to standard error. In a pipe there are no colours and nothing is cut.
`--json` writes the types of the [protocol](protocol.md), lists as `{\"v\":1,\"jobs\":[…]}`, streams as one object a line;
`--json=id,progress.value` keeps these members, `null` where there is nothing. `--format '{id} {state}'` writes a line for each
record. An error is `error: …` and perhaps `hint: …`, with `--json` `{\"error\":{\"code\",\"message\",\"hint\"}}`.
Colours follow `--color`, `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`; signs are ASCII with `--ascii` or where the locale is
not UTF-8; with `ACCESSIBLE=1` or `CI` nothing is drawn again.

**Exit codes.**

| code | |
|---|---|
| 0 | done |
| 1 | a job failed, or the server did |
| 2 | the command line does not make sense |
| 3 | there is no such thing |
| 4 | refused, or something is in the way |
| 5 | no server is there |
| 6 | it took too long |
| 7 | the token does not allow it |
| 130 | cancelled, or left with Ctrl-C; SIGTERM cancels what `run` and `workflow run` follow, too |

`callboard run` ends with the exit code of its child, or 128 and the signal that ended it. Of several ids the first that failed decides.
";

pub(crate) fn reference(args: ReferenceArgs) -> Outcome {
    let Some(file) = args.file else {
        print(markdown().trim_end())?;
        return Ok(exit::OK);
    };
    let written = std::fs::write(&file, markdown());
    written.map(|()| exit::OK).map_err(|error| {
        let message = format!("failed to write {}: {error}", file.display());
        Failure::new(exit::JOB_FAILED, "output", message)
    })
}

fn markdown() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = HEAD.to_owned();
    text.push_str("\n## Options of every command\n\n");
    text.push_str(&options(root.get_arguments().filter(|arg| arg.is_global_set())));
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        section(command, "callboard", &mut text);
    }
    text
}

/// A command and those below it.
fn section(command: &Command, parent: &str, text: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    text.push_str(&format!("\n## {name}\n\n{}.", plain(command.get_about())));
    let aliases: Vec<String> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    if !aliases.is_empty() {
        text.push_str(&format!(" Also {}.", aliases.join(", ")));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    text.push_str(&format!("\n\n```\n{usage}\n```\n"));
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help")
        .collect();
    if !own.is_empty() {
        text.push_str(&format!("\n{}", options(own.into_iter())));
    }
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        section(below, &name, text);
    }
}

fn options<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let mut table = "| | |\n|---|---|\n".to_owned();
    for arg in args.filter(|arg| arg.get_id() != "help") {
        table.push_str(&format!("| `{}` | {} |\n", spelled(arg), about(arg)));
    }
    table
}

/// How the argument is written.
fn spelled(arg: &Arg) -> String {
    let takes_value = arg.get_action().takes_values();
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let Some(long) = arg.get_long() else { return value.replace('|', "\\|") };
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let value = match (takes_value, arg.is_require_equals_set()) {
        (false, _) => String::new(),
        (true, true) => format!("[={value}]"),
        (true, false) => format!(" {value}"),
    };
    format!("{short}--{long}{value}").replace('|', "\\|")
}

fn about(arg: &Arg) -> String {
    let mut about = plain(arg.get_help()).replace('|', "\\|");
    let choices = arg.get_possible_values();
    let named: Vec<String> = choices
        .iter()
        .filter(|choice| !choice.is_hide_set())
        .map(|choice| match choice.get_help() {
            Some(help) => format!("`{}` ({})", choice.get_name(), lower(&help.to_string())),
            None => format!("`{}`", choice.get_name()),
        })
        .collect();
    if arg.get_action().takes_values() && !named.is_empty() {
        about.push_str(&format!(": {}", named.join(", ")));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if arg.get_action().takes_values() && !arg.is_hide_default_value_set() && !defaults.is_empty() {
        about.push_str(&format!(" [default: {}]", defaults.join(",")));
    }
    if let Some(variable) = arg.get_env() {
        about.push_str(&format!(" [{}]", variable.to_string_lossy()));
    }
    about
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// Help as one line of text.
fn plain(help: Option<&StyledStr>) -> String {
    help.map(|help| help.to_string().split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}
