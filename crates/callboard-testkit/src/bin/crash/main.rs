//! `crash`: kills a server with `kill -9` at random moments under load, and proves after each restart that nothing
//! that was acknowledged is missing, that nothing is half there, that every job ends exactly once, and that
//! fold(journal) = state = a client's mirror.
//!
//! The seed decides what is sent and when the server is killed; how far the server gets until then is up to the
//! machine. Ends with one line of counts, and fails on any loss.
//!
//! Reading order: `rounds.rs` (the story), `load.rs` (what the clients do), `ledger.rs` (what they were told),
//! `audit.rs` (what the journal says), `verify.rs` (what the server says after a restart).

mod args;
mod audit;
mod faults;
mod ledger;
mod load;
mod plan;
mod processes;
mod rounds;
mod server;
mod verify;
mod watcher;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("crash: {message}\nusage: crash --server PATH [--rounds N] [--seed S]");
            return ExitCode::from(2);
        }
    };
    eprintln!("crash: seed {}", args.seed);
    // One thread: the server dies with the thread that started it, and that thread must stay.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("crash: failed to start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let report = runtime.block_on(rounds::run(&args));
    print_line(&report.line());
    if report.is_clean() {
        return ExitCode::SUCCESS;
    }
    eprintln!("crash: failed; run it again with --seed {}", args.seed);
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the line of counts is what the program is for")]
fn print_line(line: &str) {
    println!("{line}");
}
