//! Processes that a bench starts so that their CPU time is their own: this program again, under [`FLAG`].
//!
//! Parent and helper speak in lines: a question on standard input, an answer on standard output. A helper ends when
//! its input does, so none outlives the bench.

mod board;
mod fill;
mod hello;
mod lines;
mod pulse;
mod raw_writer;

use crate::{Done, measure::cpu_time, spawn::Process};
use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, ChildStdout},
    time::Duration,
};

/// The first argument of a helper.
pub(crate) const FLAG: &str = "--helper";

/// Runs as a helper.
pub(crate) fn run(args: &[String]) -> Done {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match args.as_slice() {
        ["board", folder, concurrency] => board::run(&runtime, folder.as_ref(), concurrency.parse()?),
        ["raw-writer"] => raw_writer::run(),
        ["hello", port] => hello::run(&runtime, port.parse()?),
        ["fill", folder] => fill::run(&runtime, folder.as_ref()),
        other => Err(format!("there is no helper {other:?}").into()),
    }
}

/// Answers the parent's questions until it has no more. `cpu` is answered for every helper, in nanoseconds.
fn serve(mut answer: impl FnMut(&str) -> Done<String>) -> Done {
    for line in std::io::stdin().lines() {
        let line = line?;
        let answer = if line == "cpu" { cpu_time().as_nanos().to_string() } else { answer(&line)? };
        say(&answer)?;
    }
    Ok(())
}

fn say(line: &str) -> Done {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A helper as its parent sees it. It is ended when this is dropped.
pub(crate) struct Helper {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    process: Process,
}

impl Helper {
    pub(crate) fn start(args: &[&OsStr]) -> Done<Self> {
        let program = std::env::current_exe()?;
        let args: Vec<&OsStr> = std::iter::once(FLAG.as_ref()).chain(args.iter().copied()).collect();
        let mut process = Process::start(&program, &args)?;
        let (input, output) = process.pipes()?;
        Ok(Helper { input, output: BufReader::new(output), process })
    }

    /// The next line that it says.
    pub(crate) fn hear(&mut self) -> Done<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a helper has ended; what it said of it is above".into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub(crate) fn ask(&mut self, question: &str) -> Done<String> {
        writeln!(self.input, "{question}")?;
        self.hear()
    }

    /// Its CPU time so far.
    pub(crate) fn cpu(&mut self) -> Done<Duration> {
        Ok(Duration::from_nanos(self.ask("cpu")?.parse()?))
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// See [`Process::kill`].
    pub(crate) fn kill(&mut self) -> Done {
        self.process.kill()
    }
}
