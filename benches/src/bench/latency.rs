//! From a command to its effect on every screen, on an idle machine, beside bytes that a thread writes to as many
//! sockets when it is asked.
//!
//! The samples come further apart than the window in which changes are folded (`serverConfig.state.debounceMs`, 16 ms
//! after a patch), so none of them waits for others.

use super::block_on;
use crate::{
    Done, boards, disk,
    figure::{Figure, Unit},
    helper::Helper,
    load::{Load, Until},
    measure::{ROUNDS, median, millis, percentile},
    net::{
        http::PATIENCE,
        socket::{Address, Commands, Form, Messages, Socket, number},
    },
    raw_commit::{self, RawCommit},
};
use std::{
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};

const CLIENTS: [usize; 2] = [1, 100];
const SAMPLES: usize = 100;
const WARM_UP: usize = 10;
/// Between two samples: longer than the window, and not in step with anything.
const PAUSE_MS: Range<u64> = 20..40;
const WRITER: &str = "raw socket writer";

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for clients in CLIENTS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(block_on(round(clients))?);
        }
        figures.extend(Round::figures(clients, &rounds));
    }
    Ok(figures)
}

/// Milliseconds of each sample, and of each client in each sample.
#[derive(Default)]
struct Round {
    to_ack: Vec<f64>,
    to_patch: Vec<f64>,
    from_ack: Vec<f64>,
    commits: Vec<f64>,
    writes: Vec<f64>,
}

impl Round {
    fn figures(clients: usize, rounds: &[Round]) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            let value = |pick: fn(&Round) -> &Vec<f64>| {
                median(rounds.iter().map(|round| percentile(pick(round).iter().copied(), share)))
            };
            let figure = |what: &str, value| {
                let plural = if clients == 1 { "" } else { "s" };
                Figure::new(format!("{clients} client{plural}: {what}, {name}"), value, Unit::Cost("ms"))
            };
            let commits = value(|round| &round.commits);
            figures
                .push(figure("send to ack", value(|round| &round.to_ack)).beside(raw_commit::NAME, commits));
            let writes = value(|round| &round.writes);
            figures.push(figure("send to patch", value(|round| &round.to_patch)).beside(WRITER, writes));
            figures.push(figure("ack to patch", value(|round| &round.from_ack)));
        }
        figures
    }
}

async fn round(clients: usize) -> Done<Round> {
    let mut round = Round::default();
    let patch = ours(clients, &mut round).await?;
    raw_writer(clients, &patch, &mut round).await?;
    raw_commits(patch.len(), &mut round).await?;
    Ok(round)
}

/// What a client saw.
enum Seen {
    /// It is up to date.
    Snapshot,
    Patch {
        version: u64,
        at: Instant,
    },
    Ack {
        version: u64,
        at: Instant,
    },
}

async fn ours(clients: usize, round: &mut Round) -> Done<String> {
    let folder = disk::folder()?;
    // Jobs that only wait: each command is one change.
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), "0".as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    let (sender, mut seen) = mpsc::channel(4 * clients.max(64));
    let last_patch = Arc::new(Mutex::new(String::new()));
    let mut commands = Vec::new();
    for _ in 0..clients {
        let (messages, client) = Socket::open(&address, Form::Plain).await?.split();
        commands.push(client);
        tokio::spawn(watch(messages, sender.clone(), last_patch.clone()));
    }
    for _ in 0..clients {
        let first = tokio::time::timeout(PATIENCE, seen.recv()).await?;
        matches!(first, Some(Seen::Snapshot)).then_some(()).ok_or("a client saw no snapshot first")?;
    }
    let first = commands.first_mut().ok_or("no clients")?;
    for number in 0..WARM_UP + SAMPLES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS))).await;
        let sample = tokio::time::timeout(PATIENCE, sample(number, clients, first, &mut seen)).await??;
        if number >= WARM_UP {
            sample.add_to(round);
        }
    }
    Ok(last_patch.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn watch(mut messages: Messages, sender: mpsc::Sender<Seen>, last_patch: Arc<Mutex<String>>) {
    // It ends with its connection.
    while let Ok(text) = messages.next().await {
        let at = Instant::now();
        let version = |member| number(&text, member).unwrap_or_default();
        let seen = match text.get(..22).unwrap_or(&text) {
            head if head.starts_with(r#"{"type":"state.patch""#) => {
                let seen = Seen::Patch { version: version("toVersion"), at };
                *last_patch.lock().unwrap_or_else(PoisonError::into_inner) = text;
                seen
            }
            head if head.starts_with(r#"{"type":"ack""#) => Seen::Ack { version: version("version"), at },
            head if head.starts_with(r#"{"type":"state.snapsh"#) => Seen::Snapshot,
            _ => continue,
        };
        if sender.send(seen).await.is_err() {
            return;
        }
    }
}

struct Sample {
    sent: Instant,
    acked: Instant,
    patched: Vec<Instant>,
}

impl Sample {
    fn add_to(&self, round: &mut Round) {
        round.to_ack.push(millis(self.acked - self.sent));
        round.to_patch.extend(self.patched.iter().map(|at| millis(*at - self.sent)));
        round.from_ack.extend(self.patched.iter().map(|at| millis(at.saturating_duration_since(self.acked))));
    }
}

/// One command, until it is acknowledged and every client has its patch.
async fn sample(
    number: usize,
    clients: usize,
    commands: &mut Commands,
    seen: &mut mpsc::Receiver<Seen>,
) -> Done<Sample> {
    let args = serde_json::json!({ "kind": boards::NOOP, "args": { "number": number } });
    let sent = Instant::now();
    commands.send(&format!("c{number}"), "jobs.dispatch", &args).await?;
    let mut acked = None;
    let mut patched = Vec::with_capacity(clients);
    while acked.is_none() || patched.len() < clients {
        match seen.recv().await.ok_or("all clients have gone")? {
            Seen::Ack { version, at } => acked = Some((version, at)),
            Seen::Patch { version, at } => patched.push((version, at)),
            Seen::Snapshot => {}
        }
    }
    let (version, acked) = acked.ok_or("no ack")?;
    // The counts of its commit come behind it.
    if patched.iter().any(|(patch, _)| *patch < version) {
        return Err(format!("the ack named version {version}, a patch did not lead so far").into());
    }
    Ok(Sample { sent, acked, patched: patched.into_iter().map(|(_, at)| at).collect() })
}

/// As many bytes as a patch, written by a thread to as many sockets.
async fn raw_writer(clients: usize, patch: &str, round: &mut Round) -> Done {
    let folder = disk::folder()?;
    let file = folder.path().join("frame");
    let frame = callboard_ws::frame::text(patch);
    std::fs::write(&file, frame.as_bytes())?;
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    let mut sockets = Vec::new();
    for _ in 0..clients {
        sockets.push(TcpStream::connect(address).await?);
    }
    helper.ask(&format!("accept {clients}"))?;
    helper.ask(&format!("answer {}", file.display()))?;
    let (sender, mut arrived) = mpsc::channel(4 * clients.max(64));
    let mut first = None;
    for socket in sockets {
        let (mut read, write) = socket.into_split();
        first.get_or_insert(write);
        let (sender, mut bytes) = (sender.clone(), vec![0; frame.size_bytes()]);
        tokio::spawn(async move {
            while read.read_exact(&mut bytes).await.is_ok() && sender.send(Instant::now()).await.is_ok() {}
        });
    }
    let first = first.as_mut().ok_or("no clients")?;
    for number in 0..WARM_UP + SAMPLES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS))).await;
        let sent = Instant::now();
        first.write_all(&[0]).await?;
        for _ in 0..clients {
            let at = tokio::time::timeout(PATIENCE, arrived.recv()).await?.ok_or("all sockets have gone")?;
            round.writes.extend(Some(millis(at - sent)).filter(|_| number >= WARM_UP));
        }
    }
    Ok(())
}

/// One row at a time, with the same pauses.
async fn raw_commits(bytes: usize, round: &mut Round) -> Done {
    let folder = disk::folder()?;
    let raw = RawCommit::open(folder.path())?;
    for number in 0..WARM_UP + SAMPLES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS))).await;
        let took = raw.drive(Load { tasks: 1, depth: 1 }, Until::Count(1), bytes).await?;
        round.commits.extend(Some(millis(took.elapsed)).filter(|_| number >= WARM_UP));
    }
    raw.close()
}
