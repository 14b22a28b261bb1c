//! The verbs of this repository, one per gate: `cargo xtask run | test | bench | crash | sim | tidy | codegen | ci`.
//!
//! Every verb works from a fresh clone, says on standard error what it does, and ends with a sentence and a non-zero exit code
//! when something is wrong. CI calls the same verbs.

mod bench;
mod ci;
mod codegen;
mod crash;
mod failure;
mod options;
mod plan;
mod repo;
mod run;
mod sim;
mod stamp;
mod test;
mod tidy;
mod tools;
mod web;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::repo::Repo;

const USAGE: &str = "\
usage: cargo xtask VERB

  run [--data DIR] [--port PORT] [-- ARGS...]   build what changed and start the server
  test [--no-browser] [FILTER]                  all tests; with FILTER, the Rust tests whose names contain it
  bench [NAME...] [--json]                      measure; names: see docs/benchmarks.md
  crash [--rounds N] [--seed S]                 kill the server at random moments and prove that nothing is lost
  sim [--seeds N] [--from S] [--seed S] [--steps N]
                                                simulate a board from seeds, faults and crashes included
  tidy                                          the habits that can be checked
  codegen [--check]                             write the TypeScript types of the protocol, or check that they are current
  ci                                            tidy, format, lints and all tests";

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let verb = if args.is_empty() { String::new() } else { args.remove(0) };
    match perform(&verb, &args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(verb: &str, args: &[String]) -> Result<(), Failure> {
    let repo = Repo::find()?;
    match verb {
        "run" => run::run(&repo, args),
        "test" => test::run(&repo, args),
        "bench" => bench::run(&repo, args),
        "crash" => crash::run(&repo, args),
        "sim" => sim::run(&repo, args),
        "tidy" => options::none("tidy", args).and_then(|()| tidy::run(&repo)),
        "codegen" => codegen::run(&repo, args),
        "ci" => options::none("ci", args).and_then(|()| ci::run(&repo)),
        "help" | "--help" | "-h" => {
            eprintln!("{USAGE}");
            Ok(())
        }
        "" => Err(Failure::new("a verb is missing").hint(USAGE)),
        other => Err(Failure::new(format!("there is no verb `{other}`")).hint(USAGE)),
    }
}
