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
use callboard_ws::frame;
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
pub(super) const OPENING: usize = 32;
const GROUPS: u64 = 5;
pub(super) const GROUP: u64 = 5;
const PERIOD_MS: u64 = 125;
const BROADCAST_PERIOD: Duration = Duration::from_micros(1000 * PERIOD_MS / GROUPS);
const WARM_UP: Duration = Duration::from_millis(1500);
const TIME: Duration = Duration::from_secs(3);
/// Connections that show how long a patch of one operation is.
const FEW: usize = 20;
pub(super) const BESIDE: &str = "raw socket writer";

pub(super) fn run() -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for deflate in [false, true] {
        let ours = block_on(ours(deflate, CONNECTIONS, GROUP))?;
        let raw = block_on(raw(CONNECTIONS, ours.bytes))?;
        let name = if deflate { "chained" } else { "plain" };
        let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
        figures.push(
            figure("CPU per delivered patch", ours.cpu_us, Unit::Cost("us")).beside(BESIDE, raw.cpu_us),
        );
        let delivering =
            figure("the same without the board's own work", ours.delivering_us, Unit::Cost("us"));
        figures.push(delivering.beside(BESIDE, raw.cpu_us));
        let rate = figure("delivered", ours.per_second, Unit::PerSecond("patches"));
        figures.push(rate.beside(BESIDE, raw.per_second));
        figures.push(figure("bytes of a patch", ours.bytes, Unit::Cost("B")));
        figures.push(figure("operations of a patch", ours.ops, Unit::Cost("ops")));
        let small = block_on(self::ours(deflate, FEW, 1))?;
        figures.push(figure("bytes of a patch of one operation", small.bytes, Unit::Cost("B")));
    }
    Ok(figures)
}

pub(super) struct Ours {
    /// On the wire, on average.
    pub(super) bytes: f64,
    ops: f64,
    pub(super) cpu_us: f64,
    /// What more connections cost: without jobs, decisions, journal and encoding, which one connection needs too.
    pub(super) delivering_us: f64,
    per_second: f64,
}

pub(super) struct Delivered {
    bytes: f64,
    pub(super) cpu_us: f64,
    per_second: f64,
}

pub(super) async fn ours(deflate: bool, connections: usize, group: u64) -> Done<Ours> {
    let folder = disk::folder()?;
    let running = (GROUPS * group).to_string();
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), running.as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    helper.ask(&format!("pulse {GROUPS} {group} {PERIOD_MS}"))?;
    let (mut sample, _commands) = Socket::open(&address, deflate).await?.split();

    tokio::time::sleep(WARM_UP).await;
    let before = helper.cpu()?;
    tokio::time::sleep(TIME).await;
    let own_us_per_second = micros(helper.cpu()? - before) / TIME.as_secs_f64();

    let opening = stream::iter(0..connections).map(|_| Socket::open(&address, deflate));
    let opened = opening.buffer_unordered(OPENING).map_ok(Socket::into_stream);
    let arrived = listen(opened.try_collect().await?);
    tokio::time::sleep(WARM_UP).await;
    let ops = tokio::time::timeout(PATIENCE, typical_patch(&mut sample)).await??;
    // From here on it is only counted like the others, by the kernel that buffers it for a while.
    let delivered = deliveries(&mut helper, &arrived).await?;
    Ok(Ours {
        bytes: delivered.bytes,
        ops,
        cpu_us: delivered.cpu_us,
        delivering_us: delivered.cpu_us - own_us_per_second / delivered.per_second,
        per_second: delivered.per_second,
    })
}

/// The number of operations of the patch in the middle, by length, of a second's.
async fn typical_patch(messages: &mut Messages) -> Done<f64> {
    let mut patches = Vec::new();
    while patches.len() < 40 {
        let text = messages.next().await?;
        if text.starts_with(r#"{"type":"state.patch""#) {
            patches.push(text);
        }
    }
    patches.sort_by_key(String::len);
    let patch = patches.swap_remove(patches.len() / 2);
    Ok(patch.matches(r#"{"op":"#).count() as f64)
}

/// The same number of bytes, written by a thread that does nothing else.
pub(super) async fn raw(connections: usize, bytes: f64) -> Done<Delivered> {
    let folder = disk::folder()?;
    let file = folder.path().join("frame");
    let header = if bytes < 128.0 { 2.0 } else { 4.0 };
    let frame = frame::binary(&vec![b'x'; (bytes - header).max(0.0).round() as usize]);
    std::fs::write(&file, frame.as_bytes())?;
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    // The listener's queue is shorter than the number of connections: both sides go on together.
    let accepting = tokio::task::spawn_blocking(move || {
        helper.ask(&format!("accept {connections}"))?;
        Done::Ok(helper)
    });
    let opening =
        stream::iter(0..connections).map(|_| async move { Done::Ok(TcpStream::connect(address).await?) });
    let arrived = listen(opening.buffer_unordered(OPENING).try_collect().await?);
    let mut helper = accepting.await??;
    helper.ask(&format!("write {} {}", BROADCAST_PERIOD.as_micros(), file.display()))?;
    tokio::time::sleep(WARM_UP).await;
    let delivered = deliveries(&mut helper, &arrived).await?;
    helper.ask("stop")?;
    Ok(delivered)
}

/// What arrived.
#[derive(Default)]
struct Arrived {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Arrived {
    fn so_far(&self) -> (u64, u64) {
        (self.messages.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// Reads from all connections and counts.
fn listen(streams: Vec<TcpStream>) -> Arc<Arrived> {
    let arrived = Arc::new(Arrived::default());
    for mut stream in streams {
        let arrived = arrived.clone();
        tokio::spawn(async move {
            let mut bytes = [0; 4096];
            let mut counter = FrameCounter::default();
            // It ends with its connection.
            while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                arrived.messages.fetch_add(counter.feed(&bytes[..read]), Ordering::Relaxed);
                arrived.bytes.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
    }
    arrived
}

/// CPU time of the helper over messages that arrived.
async fn deliveries(helper: &mut Helper, arrived: &Arrived) -> Done<Delivered> {
    let (mut cpu_us, mut per_second, mut size) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = (helper.cpu()?, arrived.so_far());
        tokio::time::sleep(TIME).await;
        let after = (helper.cpu()?, arrived.so_far());
        let delivered = (after.1.0 - before.1.0) as f64;
        cpu_us.push(micros(after.0 - before.0) / delivered);
        per_second.push(delivered / TIME.as_secs_f64());
        size.push((after.1.1 - before.1.1) as f64 / delivered);
    }
    Ok(Delivered { cpu_us: median(cpu_us), per_second: median(per_second), bytes: median(size) })
}
