//! The measurements of `cargo xtask bench`. Each says what it costs, beside a plainer way to do the same.
//!
//! `callboard-benches [NAME...] [--json]` runs the benches of these names, or all. Read `bench/` first; `figure.rs`
//! is what comes out, `helper/` are the processes that a bench starts so that their CPU time is their own.

mod bench;
mod boards;
mod disk;
mod figure;
mod helper;
mod history;
mod load;
mod measure;
mod net;
mod raw_commit;
mod spawn;

use figure::Figure;
use std::{error::Error, io::Write as _, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a bench or helper comes to; a bench that cannot measure says why.
type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ran = match args.split_first() {
        Some((name, rest)) if name == helper::FLAG => helper::run(rest),
        _ => run(&args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be said where standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Done {
    let (options, names): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| **option != "--json") {
        return Err(format!("bench does not take {unknown}; usage: bench [NAME...] [--json]").into());
    }
    let as_json = !options.is_empty();
    if let Some(unknown) = names.iter().find(|name| bench::ALL.iter().all(|bench| bench.name != **name)) {
        let known: Vec<_> = bench::ALL.iter().map(|bench| bench.name).collect();
        return Err(format!("there is no bench {unknown:?}; there are {}", known.join(", ")).into());
    }
    for bench in
        bench::ALL.iter().filter(|bench| names.is_empty() || names.iter().any(|name| *name == bench.name))
    {
        let figures = (bench.run)().map_err(|error| format!("{}: {error}", bench.name))?;
        print(bench.name, &figures, as_json)?;
    }
    Ok(())
}

/// Prints what a bench found as soon as it has, so that an interrupted run is not for nothing.
fn print(bench: &str, figures: &[Figure], as_json: bool) -> Done {
    let mut out = std::io::stdout().lock();
    if as_json {
        for figure in figures {
            writeln!(out, "{}", figure.to_json(bench))?;
        }
    } else {
        writeln!(out, "{}", figure::table(bench, figures))?;
    }
    Ok(out.flush()?)
}
