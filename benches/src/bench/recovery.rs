//! From `kill -9` to running jobs: the journal has some 10 000 changes and no snapshot, 64 jobs run, 1000 wait.
//! Beside it: the same start with an empty folder.

use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, millis},
    net::http::{free_port, get, local, until},
    spawn::{Process, serve},
};
use std::{path::Path, time::Instant};

const BESIDE: &str = "the same with an empty folder";
/// As many as ran before; the usual concurrency of `callboard serve`.
const RUNNING: u64 = callboard_protocol::caps::CONCURRENCY as u64;

pub(super) fn run() -> Done<Vec<Figure>> {
    let (mut answers, mut runs, mut empty, mut versions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = disk::folder()?;
        let mut filler = Helper::start(&["fill".as_ref(), folder.path().as_ref()])?;
        versions.push(filler.hear()?.parse::<f64>()?);
        let killed = Instant::now();
        filler.kill()?;
        let (server, port) = answering(folder.path())?;
        answers.push(millis(killed.elapsed()));
        until(|| Ok(running(folder.path(), port)?.filter(|running| *running == RUNNING)))?;
        runs.push(millis(killed.elapsed()));
        drop(server);

        let folder = disk::folder()?;
        let started = Instant::now();
        let _server = answering(folder.path())?;
        empty.push(millis(started.elapsed()));
    }
    let empty = median(empty);
    let cost = |name, value| Figure::new(name, median(value), Unit::Cost("ms")).beside(BESIDE, empty);
    Ok(vec![
        cost("kill to first answer", answers),
        cost("kill to 64 jobs running again", runs),
        Figure::new("changes that were replayed", median(versions), Unit::Cost("changes")),
    ])
}

/// A server that has answered.
fn answering(folder: &Path) -> Done<(Process, u16)> {
    let port = free_port()?;
    let server = serve(folder, port)?;
    until(|| get(local(port), "/healthz", "").map(Some))?;
    Ok((server, port))
}

/// Jobs that run now. What ran before the crash has been taken back before the server answers at all.
fn running(folder: &Path, port: u16) -> Done<Option<u64>> {
    let access: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("cli.json"))?)?;
    let token = access["token"].as_str().ok_or("cli.json has no token")?;
    let state = get(local(port), "/api/state?path=/summary", token)?;
    let state: serde_json::Value = serde_json::from_str(&state)?;
    Ok(state["data"]["running"].as_u64())
}
