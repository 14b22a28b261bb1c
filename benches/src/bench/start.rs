//! How soon `callboard serve` answers, and what it takes while nothing happens, beside a bare HTTP server.

use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, millis},
    net::http::{free_port, get, local, until},
    spawn::{Process, serve},
};
use std::{
    ffi::OsStr,
    path::Path,
    time::{Duration, Instant},
};

/// After its first answer a server may still tidy up.
const SETTLE: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(5);
const BESIDE: &str = "bare hyper server";

pub(super) fn run() -> Done<Vec<Figure>> {
    let (mut fresh, mut again, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = disk::folder()?;
        fresh.push(first_answer(folder.path())?.1);
        again.push(first_answer(folder.path())?.1);
        bare.push(bare_answer()?.1);
    }
    let folder = disk::folder()?;
    let (server, _) = first_answer(folder.path())?;
    let (greeter, _) = bare_answer()?;
    std::thread::sleep(SETTLE); // tidy: an idle server gives no signal
    let before = (server.cpu()?, greeter.process().cpu()?);
    std::thread::sleep(IDLE); // tidy: the time is what is measured
    let idle = (server.cpu()? - before.0, greeter.process().cpu()? - before.1);
    let (rss, bare_rss) = (server.rss_mib()?, greeter.process().rss_mib()?);
    let bare = median(bare);
    let start = |name, value| Figure::new(name, median(value), Unit::Cost("ms")).beside(BESIDE, bare);
    let per_second = |time: Duration| millis(time) / IDLE.as_secs_f64();
    Ok(vec![
        start("first answer, new folder", fresh),
        start("first answer, second start", again),
        Figure::new("idle memory (RSS)", rss, Unit::Cost("MiB")).beside(BESIDE, bare_rss),
        Figure::new("idle CPU", per_second(idle.0), Unit::Cost("ms/s")).beside(BESIDE, per_second(idle.1)),
    ])
}

/// A server, and the milliseconds from before it was started to its first answer.
fn first_answer(folder: &Path) -> Done<(Process, f64)> {
    let port = free_port()?;
    let started = Instant::now();
    let server = serve(folder, port)?;
    until(|| get(local(port), "/healthz", "").map(Some))?;
    Ok((server, millis(started.elapsed())))
}

fn bare_answer() -> Done<(Helper, f64)> {
    let port = free_port()?;
    let started = Instant::now();
    let greeter = Helper::start(&["hello".as_ref(), OsStr::new(&port.to_string())])?;
    until(|| get(local(port), "/", "").map(Some))?;
    Ok((greeter, millis(started.elapsed())))
}
