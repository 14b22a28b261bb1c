//! What it costs the server to deliver a line from where it is written to its readers and the disk, beside a thread that
//! writes the same messages to as many sockets.

use super::block_on;
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, micros},
    net::{
        http::PATIENCE,
        socket::{Address, Messages, Socket, Wants, number},
    },
};
use callboard_ws::frame;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// The seed's load, and more: lines per minute, and readers. Ten million deliveries a second are beyond what the
/// clients of one machine can read.
const LOADS: [(&str, u64, usize); 4] = [
    ("10 000/min to 100", 10_000, 100),
    ("10 000/s to 100", 600_000, 100),
    ("100 000/s to 1", 6_000_000, 1),
    ("100 000/s to 10", 6_000_000, 10),
];
const WANTS: Wants = Wants { deflate: false, logs: true, resume: None };
const WARM_UP: Duration = Duration::from_millis(1000);
const TIME: Duration = Duration::from_secs(2);
const BESIDE: &str = "raw socket writer";

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, per_minute, readers) in LOADS {
        let ours = block_on(ours(per_minute, readers))?;
        let raw = block_on(raw(&ours, readers))?;
        let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
        let per_line = figure("CPU per delivered line, with the disk", ours.cpu_us, Unit::Cost("us"));
        figures.push(per_line.beside(BESIDE, raw));
        let delivering =
            figure("the same without writing and storing it", ours.delivering_us, Unit::Cost("us"));
        figures.push(delivering.beside(BESIDE, raw));
        figures.push(figure("written", ours.per_second, Unit::PerSecond("lines")));
        figures.push(figure(
            "of one core",
            ours.cpu_us * readers as f64 * ours.per_second / 1e4,
            Unit::Cost("%"),
        ));
        figures.push(figure("lines that a reader was not sent", ours.lost, Unit::Cost("lines")));
    }
    Ok(figures)
}

struct Ours {
    /// A usual message, how many lines it has, and the time between two of them.
    frame: Vec<u8>,
    lines: f64,
    period: Duration,
    cpu_us: f64,
    /// Without writing and storing the line, which needs no reader.
    delivering_us: f64,
    per_second: f64,
    lost: f64,
}

async fn ours(per_minute: u64, readers: usize) -> Done<Ours> {
    let folder = disk::folder()?;
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), "1".as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    helper.ask(&format!("lines {per_minute}"))?;
    tokio::time::sleep(WARM_UP).await;
    let (own_us, _) = measured(&mut helper).await?;
    let (mut sample, _commands) = Socket::open_as(&address, WANTS).await?.split();
    for _ in 1..readers {
        swallow(Socket::open_as(&address, WANTS).await?.into_stream());
    }
    tokio::time::sleep(WARM_UP).await;
    let text = tokio::time::timeout(PATIENCE, batch(&mut sample)).await??;
    let listening = tokio::spawn(listen(sample));
    let (line_us, per_second) = measured(&mut helper).await?;
    drop(helper);
    let lost = listening.await?;
    let lines = text.matches(r#"{"seq":"#).count() as f64;
    let period = Duration::from_secs_f64(lines / per_second);
    let frame = frame::text(&text).as_bytes().to_vec();
    let deliveries = readers as f64;
    let (cpu_us, delivering_us) = (line_us / deliveries, (line_us - own_us) / deliveries);
    Ok(Ours { frame, lines, period, cpu_us, delivering_us, per_second, lost })
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

/// Reads to the end and adds up what the server says it has left out.
async fn listen(mut messages: Messages) -> f64 {
    let mut lost = 0;
    // It ends with its server.
    while let Ok(text) = messages.next().await {
        lost += number(&text, "dropped").unwrap_or(0);
    }
    lost as f64
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
