//! Runs seeds and says what they came to. A seed that breaks an invariant is printed with the command that repeats it,
//! and what happened is written to a file.

use callboard_sim::{Failure, Options, STEPS, run};
use std::{path::PathBuf, process::ExitCode, time::Instant};

const USAGE: &str = "usage: sim [--seeds N] [--from SEED] [--seed SEED] [--steps N] [--out DIR]";

struct Asked {
    from: u64,
    seeds: u64,
    steps: u64,
    out: PathBuf,
}

#[derive(Default)]
struct Sum {
    boots: u64,
    changes: u64,
    jobs: u64,
    answers: u64,
    resumes: u64,
    snapshots: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = match parse(&args) {
        Ok(asked) => asked,
        Err(why) => {
            eprintln!("error: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let mut sum = Sum::default();
    for seed in asked.from..asked.from.saturating_add(asked.seeds) {
        match run(Options { seed, steps: asked.steps, disk_lies: false }) {
            Ok(report) => {
                sum.boots += report.boots;
                sum.changes += report.changes;
                sum.jobs += report.jobs;
                sum.answers += report.answers;
                sum.resumes += report.resumes;
                sum.snapshots += report.snapshots;
                if asked.seeds == 1 {
                    keep(&asked, seed, &report.trace);
                    eprintln!("digest {}", report.digest);
                }
            }
            Err(failure) => {
                tell(&asked, &failure);
                return ExitCode::FAILURE;
            }
        }
    }
    eprintln!(
        "sim: {} seeds of {} steps in {:.1} s, all invariants held: {} boots, {} changes, {} jobs, {} answers, \
         {} resumes, {} snapshots",
        asked.seeds,
        asked.steps,
        began.elapsed().as_secs_f64(),
        sum.boots,
        sum.changes,
        sum.jobs,
        sum.answers,
        sum.resumes,
        sum.snapshots
    );
    ExitCode::SUCCESS
}

fn tell(asked: &Asked, failure: &Failure) {
    eprintln!("{failure}");
    keep(asked, failure.seed, &failure.trace);
    eprintln!("repeat it with: cargo xtask sim --seed {} --steps {}", failure.seed, asked.steps);
}

/// Writes what happened, for people.
fn keep(asked: &Asked, seed: u64, trace: &str) {
    let path = asked.out.join(format!("seed-{seed}.trace"));
    let written = std::fs::create_dir_all(&asked.out).and_then(|()| std::fs::write(&path, trace));
    match written {
        Ok(()) => eprintln!("what happened: {}", path.display()),
        Err(error) => eprintln!("{} was not written: {error}", path.display()),
    }
}

fn parse(args: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { from: 1, seeds: 1000, steps: STEPS, out: PathBuf::from("target/sim") };
    let mut rest = args.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("`{name}` needs a value behind it"))?;
        let number =
            || value.parse::<u64>().map_err(|_| format!("`{name}` needs a whole number, not `{value}`"));
        match name.as_str() {
            "--seeds" => asked.seeds = number()?,
            "--from" => asked.from = number()?,
            "--seed" => (asked.from, asked.seeds) = (number()?, 1),
            "--steps" => asked.steps = number()?,
            "--out" => asked.out = PathBuf::from(value),
            other => return Err(format!("there is no option `{other}`")),
        }
    }
    if asked.seeds == 0 {
        return Err("`--seeds` needs at least 1".into());
    }
    Ok(asked)
}
