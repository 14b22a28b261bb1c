//! What a server does while nothing happens: nothing. A thousand jobs wait for tomorrow; over ten seconds its CPU time
//! is taken and how often its threads were woken. The journal's threads do nothing but run statements, so one that was
//! not woken has run none.

use crate::{
    Done, disk,
    figure::{Figure, Unit},
    measure::millis,
    net::http::{free_port, get, local, post, until},
    spawn::{Process, serve},
};
use std::{path::Path, time::Duration};

/// After its first answer a server may still tidy up.
const SETTLE: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(10);

pub(super) fn run() -> Done<Vec<Figure>> {
    let folder = disk::folder()?;
    let server = waiting(folder.path())?;
    std::thread::sleep(SETTLE); // tidy: an idle server gives no signal
    let before = Seen::of(&server)?;
    std::thread::sleep(IDLE); // tidy: the time is what is measured
    let after = Seen::of(&server)?;
    let cpu = millis(after.cpu.saturating_sub(before.cpu));
    let count = |name, value: u64| Figure::new(name, value as f64, Unit::Cost("in 10 s"));
    Ok(vec![
        Figure::new("CPU", cpu, Unit::Cost("ms in 10 s")),
        count("wake-ups of the journal's threads", after.journal_wakes - before.journal_wakes),
        count("wake-ups of all threads", after.wakes - before.wakes),
    ])
}

/// A server on which 1000 jobs wait.
fn waiting(folder: &Path) -> Done<Process> {
    let port = free_port()?;
    let server = serve(folder, port)?;
    until(|| get(local(port), "/healthz", "").map(Some))?;
    let access: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("cli.json"))?)?;
    let token = access["token"].as_str().ok_or("cli.json has no token")?;
    for _ in 0..1000 {
        let job = serde_json::json!({ "kind": "echo", "delayMs": 86_400_000 });
        post(local(port), "/api/commands/jobs.dispatch", token, &job.to_string())?;
    }
    Ok(server)
}

/// What the system counts of a process.
struct Seen {
    cpu: Duration,
    wakes: u64,
    journal_wakes: u64,
}

impl Seen {
    fn of(server: &Process) -> Done<Self> {
        let threads = server.threads()?;
        let journal = threads.iter().filter(|thread| thread.name.starts_with("journal"));
        Ok(Seen {
            cpu: server.cpu()?,
            journal_wakes: journal.map(|thread| thread.wakes).sum(),
            wakes: threads.iter().map(|thread| thread.wakes).sum(),
        })
    }
}
