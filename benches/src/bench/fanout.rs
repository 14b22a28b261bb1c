//! What it costs the server to deliver a patch to a thousand connections, beside a thread that writes the same bytes
//! to as many sockets.
//!
//! Jobs report progress in step: five at a time, forty times a second. The CPU time is that of the whole server:
//! jobs, decisions and journal included.

use super::block_on;
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, micros},
    net::{
        counter::FrameCounter,
        http::PATIENCE,
        socket::{Address, Messages, Socket},
    },
};
use callboard_ws::{Compressor, frame};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

const CONNECTIONS: usize = 1000;
/// Connections that are opened at once.
const OPENING: usize = 32;
const GROUPS: u64 = 5;
const GROUP: u64 = 5;
const PERIOD_MS: u64 = 125;
const BROADCAST_PERIOD: Duration = Duration::from_micros(1000 * PERIOD_MS / GROUPS);
const WARM_UP: Duration = Duration::from_millis(1500);
const TIME: Duration = Duration::from_secs(3);
/// How the server compresses (level and smallest message), so that the raw writer has the same bytes.
const LEVEL: u32 = 6;
const COMPRESS_FROM: usize = 200;
const BESIDE: &str = "raw socket writer";

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for deflate in [false, true] {
        let ours = block_on(ours(deflate))?;
        let raw = block_on(raw(&ours.frame))?;
        let name = if deflate { "deflated" } else { "plain" };
        let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
        figures.push(
            figure("CPU per delivered patch", ours.cpu_us, Unit::Cost("us")).beside(BESIDE, raw.cpu_us),
        );
        let rate = figure("delivered", ours.per_second, Unit::PerSecond("patches"));
        figures.push(rate.beside(BESIDE, raw.per_second));
        figures.push(figure("bytes of a patch", ours.frame.len() as f64, Unit::Cost("B")));
        figures.push(figure("operations of a patch", ours.ops, Unit::Cost("ops")));
        figures.push(figure("memory per connection", ours.kib_per_connection, Unit::Cost("KiB")));
    }
    Ok(figures)
}

struct Ours {
    frame: Vec<u8>,
    ops: f64,
    cpu_us: f64,
    per_second: f64,
    kib_per_connection: f64,
}

struct Delivered {
    cpu_us: f64,
    per_second: f64,
}

async fn ours(deflate: bool) -> Done<Ours> {
    let folder = disk::folder()?;
    let running = (GROUPS * GROUP).to_string();
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), running.as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    helper.ask(&format!("pulse {GROUPS} {GROUP} {PERIOD_MS}"))?;
    let (mut sample, _commands) = Socket::open(&address, deflate).await?.split();
    let alone = helper.process().rss_mib()?;

    let opening = stream::iter(0..CONNECTIONS).map(|_| Socket::open(&address, deflate));
    let opened = opening.buffer_unordered(OPENING).map_ok(Socket::into_stream);
    let count = listen(opened.try_collect().await?);
    tokio::time::sleep(WARM_UP).await;
    let (patch, ops) = tokio::time::timeout(PATIENCE, typical_patch(&mut sample)).await??;
    // From here on it is only counted like the others, by the kernel that buffers it for a while.
    let delivered = deliveries(&mut helper, &count).await?;
    let kib_per_connection = (helper.process().rss_mib()? - alone) * 1024.0 / CONNECTIONS as f64;
    let frame =
        if deflate { Compressor::new(LEVEL, COMPRESS_FROM).text(&patch) } else { frame::text(&patch) };
    Ok(Ours {
        frame: frame.as_bytes().to_vec(),
        ops,
        cpu_us: delivered.cpu_us,
        per_second: delivered.per_second,
        kib_per_connection,
    })
}

/// The patch in the middle, by length, of a second's; and the number of its operations.
async fn typical_patch(messages: &mut Messages) -> Done<(String, f64)> {
    let mut patches = Vec::new();
    while patches.len() < 40 {
        let text = messages.next().await?;
        if text.starts_with(r#"{"type":"state.patch""#) {
            patches.push(text);
        }
    }
    patches.sort_by_key(String::len);
    let patch = patches.swap_remove(patches.len() / 2);
    let ops = patch.matches(r#"{"op":"#).count();
    Ok((patch, ops as f64))
}

async fn raw(frame: &[u8]) -> Done<Delivered> {
    let folder = disk::folder()?;
    let file = folder.path().join("frame");
    std::fs::write(&file, frame)?;
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    // The listener's queue is shorter than the number of connections: both sides go on together.
    let accepting = tokio::task::spawn_blocking(move || {
        helper.ask(&format!("accept {CONNECTIONS}"))?;
        Done::Ok(helper)
    });
    let opening =
        stream::iter(0..CONNECTIONS).map(|_| async move { Done::Ok(TcpStream::connect(address).await?) });
    let count = listen(opening.buffer_unordered(OPENING).try_collect().await?);
    let mut helper = accepting.await??;
    helper.ask(&format!("write {} {}", BROADCAST_PERIOD.as_micros(), file.display()))?;
    tokio::time::sleep(WARM_UP).await;
    let delivered = deliveries(&mut helper, &count).await?;
    helper.ask("stop")?;
    Ok(delivered)
}

/// Reads from all connections and counts the messages.
fn listen(streams: Vec<TcpStream>) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    for mut stream in streams {
        let count = count.clone();
        tokio::spawn(async move {
            let mut bytes = [0; 4096];
            let mut counter = FrameCounter::default();
            // It ends with its connection.
            while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                count.fetch_add(counter.feed(&bytes[..read]), Ordering::Relaxed);
            }
        });
    }
    count
}

/// CPU time of the helper over messages that arrived.
async fn deliveries(helper: &mut Helper, count: &AtomicU64) -> Done<Delivered> {
    let (mut cpu_us, mut per_second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = (helper.cpu()?, count.load(Ordering::Relaxed));
        tokio::time::sleep(TIME).await;
        let after = (helper.cpu()?, count.load(Ordering::Relaxed));
        let delivered = (after.1 - before.1) as f64;
        cpu_us.push(micros(after.0 - before.0) / delivered);
        per_second.push(delivered / TIME.as_secs_f64());
    }
    Ok(Delivered { cpu_us: median(cpu_us), per_second: median(per_second) })
}
