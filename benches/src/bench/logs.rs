//! What it costs the server to deliver a line to its readers, beside a thread that writes the same messages to as many
//! sockets. The thread neither makes, hides, numbers nor stores lines: what the server needs for that without a reader
//! is left out where the two are compared, and told by itself. Encoding is part of delivering.

use super::block_on;
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, micros},
    net::{
        http::PATIENCE,
        socket::{Address, Form, Messages, Socket, Wants, number},
    },
};
use callboard_ws::frame;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// The seed's load, and more: lines per minute, and readers.
const LOADS: [(&str, u64, usize); 5] = [
    ("10 000/min to 100", 10_000, 100),
    ("10 000/s to 100", 600_000, 100),
    ("100 000/s to 1", 6_000_000, 1),
    ("100 000/s to 10", 6_000_000, 10),
    ("100 000/s to 100", 6_000_000, 100),
];
/// Deliveries a second beyond which the readers, who share the cores, do not come along: a writer that waits for them
/// says nothing then. The server does not wait; it tells them what is missing.
const READABLE: u64 = 5_000_000;
const WANTS: Wants = Wants { form: Form::Plain, logs: true, resume: None };
const WARM_UP: Duration = Duration::from_millis(1000);
const TIME: Duration = Duration::from_secs(2);
const BESIDE: &str = "raw socket writer";

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, per_minute, readers) in LOADS {
        let ours = block_on(ours(per_minute, readers))?;
        let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
        let mut delivering = figure(
            "CPU per delivered line, without writing and storing it",
            ours.delivering_us,
            Unit::Cost("us"),
        );
        if per_minute / 60 * readers as u64 <= READABLE {
            delivering = delivering.beside(BESIDE, block_on(raw(&ours, readers))?);
        }
        figures.push(delivering);
        figures.push(figure("CPU per written line, whoever reads it", ours.own_us, Unit::Cost("us")));
        figures.push(figure("written", ours.per_second, Unit::PerSecond("lines")));
        let whole_us = ours.own_us + ours.delivering_us * readers as f64;
        figures.push(figure("all of it, of one core", whole_us * ours.per_second / 1e4, Unit::Cost("%")));
        figures.push(figure("came to a reader", ours.arrived, Unit::PerSecond("lines")));
        figures.push(figure("a reader was told to have missed", ours.missed, Unit::Cost("lines/s")));
    }
    Ok(figures)
}

struct Ours {
    /// A usual message, how many lines it has, and the time between two of them.
    frame: Vec<u8>,
    lines: f64,
    period: Duration,
    /// To write and store a line, without a reader.
    own_us: f64,
    /// What each reader of a line adds to it.
    delivering_us: f64,
    per_second: f64,
    /// Of one reader: lines that came, and lines that did not and of which it was told, per second.
    arrived: f64,
    missed: f64,
}

async fn ours(per_minute: u64, readers: usize) -> Done<Ours> {
    let folder = disk::folder()?;
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), "1".as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    helper.ask(&format!("lines {per_minute}"))?;
    tokio::time::sleep(WARM_UP).await;
    let (own_us, _) = measured(&mut helper).await?;
    let (mut sample, _commands) = Socket::open_as(&address, WANTS).await?.split();
    let text = tokio::time::timeout(PATIENCE, batch(&mut sample)).await??;
    let heard = Arc::new(Heard::default());
    tokio::spawn(listen(sample, heard.clone()));
    for _ in 1..readers {
        swallow(Socket::open_as(&address, WANTS).await?.into_stream());
    }
    tokio::time::sleep(WARM_UP).await;
    let before = (Instant::now(), heard.so_far());
    let (line_us, per_second) = measured(&mut helper).await?;
    let (seconds, after) = (before.0.elapsed().as_secs_f64(), heard.so_far());
    let lines = text.matches(r#"{"seq":"#).count() as f64;
    let period = Duration::from_secs_f64(lines / per_second);
    let frame = frame::text(&text).as_bytes().to_vec();
    let delivering_us = (line_us - own_us) / readers as f64;
    let each_second = |before: u64, after: u64| (after - before) as f64 / seconds;
    let (arrived, missed) = (each_second(before.1.0, after.0), each_second(before.1.1, after.1));
    Ok(Ours { frame, lines, period, own_us, delivering_us, per_second, arrived, missed })
}

/// Microseconds of the server per line that is written, and lines per second.
async fn measured(helper: &mut Helper) -> Done<(f64, f64)> {
    let (mut cpu_us, mut per_second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = (helper.cpu()?, helper.ask("written")?.parse::<u64>()?, Instant::now());
        tokio::time::sleep(TIME).await;
        let after = (helper.cpu()?, helper.ask("written")?.parse::<u64>()?);
        let lines = (after.1 - before.1) as f64;
        cpu_us.push(micros(after.0 - before.0) / lines);
        per_second.push(lines / before.2.elapsed().as_secs_f64());
    }
    Ok((median(cpu_us), median(per_second)))
}

/// A batch as it usually is: the longest of some.
async fn batch(messages: &mut Messages) -> Done<String> {
    let mut batches = Vec::new();
    while batches.len() < 5 {
        let text = messages.next().await?;
        if text.starts_with(r#"{"type":"logs.append""#) {
            batches.push(text);
        }
    }
    Ok(batches.into_iter().max_by_key(String::len).unwrap_or_default())
}

/// What one reader was told: lines that came, and lines that did not.
#[derive(Default)]
struct Heard {
    arrived: AtomicU64,
    missed: AtomicU64,
}

impl Heard {
    fn so_far(&self) -> (u64, u64) {
        (self.arrived.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed))
    }
}

/// Adds up what comes and what the server says it has left out, until the server ends.
async fn listen(mut messages: Messages, heard: Arc<Heard>) {
    while let Ok(text) = messages.next().await {
        let (Some(from), Some(to)) = (number(&text, "prevSeq"), number(&text, "toSeq")) else { continue };
        let missed = number(&text, "dropped").unwrap_or(0);
        heard.missed.fetch_add(missed, Ordering::Relaxed);
        heard.arrived.fetch_add(to - from - missed, Ordering::Relaxed);
    }
}

fn swallow(mut stream: TcpStream) {
    tokio::spawn(async move {
        let mut bytes = [0; 64 * 1024];
        while let Ok(1..) = stream.read(&mut bytes).await {}
    });
}

/// Microseconds per delivered line of a thread that writes the same messages in the same rhythm.
async fn raw(ours: &Ours, readers: usize) -> Done<f64> {
    let folder = disk::folder()?;
    let file = folder.path().join("frame");
    std::fs::write(&file, &ours.frame)?;
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    let accepting = tokio::task::spawn_blocking(move || {
        helper.ask(&format!("accept {readers}"))?;
        Done::Ok(helper)
    });
    for _ in 0..readers {
        swallow(TcpStream::connect(address).await?);
    }
    let mut helper = accepting.await??;
    helper.ask(&format!("write {} {}", ours.period.as_micros().max(1), file.display()))?;
    tokio::time::sleep(WARM_UP).await;
    let mut cpu_us = Vec::new();
    for _ in 0..ROUNDS {
        let before = (helper.cpu()?, Instant::now());
        tokio::time::sleep(TIME).await;
        let spent = micros(helper.cpu()? - before.0);
        let messages = before.1.elapsed().as_secs_f64() / ours.period.as_secs_f64();
        cpu_us.push(spent / (messages * ours.lines * readers as f64));
    }
    helper.ask("stop")?;
    Ok(median(cpu_us))
}
