//! The drain beside apalis-sqlite, a queue in SQLite for Rust: the same number of jobs that do nothing, 100 in flight,
//! with an empty file and with finished jobs in it. Its program is built when this bench is run, and no other time.

use super::{block_on, drain};
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    measure::Took,
    spawn::peer,
};
use std::{io::Write as _, path::Path, process::Command, time::Duration};

const JOBS: u64 = 3_000;
/// Finished before, for the second figure. More would take the peer minutes.
const STORED: u64 = 6_000;
const DURABLE: &str = "apalis-sqlite, synchronous = FULL";
const FAST: &str = "apalis-sqlite, synchronous = OFF";

pub(super) fn run() -> Done<Vec<Figure>> {
    let peer = match peer("apalis", "peer-apalis") {
        Ok(peer) => peer,
        Err(why) => {
            // Nothing can be said where standard error is closed.
            let _ = writeln!(std::io::stderr(), "apalis: left out, {why}");
            return Ok(Vec::new());
        }
    };
    let ours = block_on(async { drain::on(disk::folder()?.path(), JOBS).await })?;
    let theirs = |stored: u64, mode: &str| theirs(&peer, stored, mode);
    let (durable, fast, stored) = (theirs(0, "durable")?, theirs(0, "fast")?, theirs(STORED, "durable")?);
    let rate = |name, took: &Took, beside, other: &Took| {
        Figure::new(name, took.per_second(), Unit::PerSecond("jobs")).beside(beside, other.per_second())
    };
    Ok(vec![
        rate("drain, 100 in flight", &ours, DURABLE, &durable),
        rate("the same, ours synced and theirs not", &ours, FAST, &fast),
        Figure::new("drain: CPU", ours.cpu_us(), Unit::Cost("us/job")).beside(DURABLE, durable.cpu_us()),
        rate("apalis-sqlite, 6000 finished jobs in the file", &stored, "with an empty file", &durable),
    ])
}

fn theirs(program: &Path, stored: u64, mode: &str) -> Done<Took> {
    let folder = disk::folder()?;
    let (count, stored) = (JOBS.to_string(), stored.to_string());
    let mut command = Command::new(program);
    command.arg(folder.path().join("apalis.sqlite")).args([&count, &stored, mode]);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds = |text: &str| text.parse().map(Duration::from_secs_f64);
    match said.split_whitespace().map(seconds).collect::<Result<Vec<_>, _>>().as_deref() {
        Ok(&[elapsed, cpu]) if output.status.success() => Ok(Took { count: JOBS, elapsed, cpu }),
        _ => Err(format!("the peer said {said:?} and {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
