//! What it costs the server to deliver a patch to a thousand connections, beside a thread that writes the same bytes
//! to as many sockets, and beside one that compresses for each of them as most servers do. Uncompressed, compressed
//! once for all, and in the chain.
//!
//! Jobs report progress in step: five at a time, forty times a second. The CPU time is that of the whole server:
//! jobs, decisions and journal included. The others write as many frames in a second as the server came to, of the same
//! length; they do not encode, and they do not look at what their clients say.

use super::block_on;
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{ROUNDS, median, micros},
    net::{
        arrivals::{Arrivals, Delivered},
        http::PATIENCE,
        socket::{Address, Form, Messages, Socket},
    },
};
use callboard_ws::frame;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

pub(super) const CONNECTIONS: usize = 1000;
/// Connections that are opened at once.
pub(super) const OPENING: usize = 32;
pub(super) const GROUPS: u64 = 5;
pub(super) const GROUP: u64 = 5;
pub(super) const PERIOD_MS: u64 = 125;
pub(super) const WARM_UP: Duration = Duration::from_millis(1500);
pub(super) const TIME: Duration = Duration::from_secs(2);
/// Connections that show how long a patch of one operation is.
const FEW: usize = 20;
pub(super) const BESIDE: &str = "raw socket writer";
pub(super) const DEFLATED: &str = "deflate per connection";

pub(super) fn run() -> Done<Vec<Figure>> {
    let figures: Vec<_> = Form::ALL.into_iter().map(in_form).collect::<Done<_>>()?;
    Ok(figures.concat())
}

/// One after the other, in rounds: two seconds are too short for a machine that others use too.
fn in_form(form: Form) -> Done<Vec<Figure>> {
    let (mut rounds, mut raws, mut deflated) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ours = block_on(ours(form, CONNECTIONS, GROUP))?;
        raws.push(block_on(raw(CONNECTIONS, Written::Same(ours.bytes), ours.per_second))?);
        if form == Form::Chained {
            let written = Written::Deflated(&ours.patches);
            deflated.push(block_on(raw(CONNECTIONS, written, ours.per_second))?);
        }
        rounds.push(ours);
    }
    let usual = |value: fn(&Ours) -> f64| median(rounds.iter().map(value));
    let beside = |of: &[Delivered], value: fn(&Delivered) -> f64| median(of.iter().map(value));
    let figure =
        |what: &str, value, unit| Figure::new(format!("{}: {what}", form.name()), value, Unit::Cost(unit));
    let whole = figure("CPU per delivered patch", usual(|ours| ours.cpu_us), "us");
    let delivering = figure("the same without the board's own work", usual(|ours| ours.delivering_us), "us");
    let bytes = figure("bytes of a patch", usual(|ours| ours.bytes), "B");
    let raw_us = beside(&raws, |raw| raw.cpu_us);
    let mut figures = vec![whole.clone().beside(BESIDE, raw_us), delivering.clone().beside(BESIDE, raw_us)];
    if deflated.is_empty() {
        figures.push(bytes);
    } else {
        let each_us = beside(&deflated, |each| each.cpu_us);
        let least = figure("CPU per delivered patch of the raw socket writer", raw_us, "us");
        figures.extend([whole, delivering, least].map(|figure| figure.beside(DEFLATED, each_us)));
        figures.push(bytes.beside(DEFLATED, beside(&deflated, |each| each.bytes)));
    }
    let name = format!("{}: delivered", form.name());
    let rate = Figure::new(name, usual(|ours| ours.per_second), Unit::PerSecond("patches"));
    figures.push(rate.beside(BESIDE, beside(&raws, |raw| raw.per_second)));
    figures.push(figure("operations of a patch", usual(|ours| ours.ops), "ops"));
    let small = block_on(ours(form, FEW, 1))?;
    figures.push(figure("bytes of a patch of one operation", small.bytes, "B"));
    Ok(figures)
}

pub(super) struct Ours {
    /// On the wire, on average.
    pub(super) bytes: f64,
    ops: f64,
    pub(super) cpu_us: f64,
    /// What more connections cost: without jobs, decisions, journal and encoding, which one connection needs too.
    pub(super) delivering_us: f64,
    pub(super) per_second: f64,
    /// Those of a second.
    pub(super) patches: Vec<String>,
}

/// What a thread writes that does nothing else.
pub(super) enum Written<'a> {
    /// Always the same, this many bytes.
    Same(f64),
    /// One of these messages after the other, compressed for each connection.
    Deflated(&'a [String]),
}

pub(super) async fn ours(form: Form, connections: usize, group: u64) -> Done<Ours> {
    let folder = disk::folder()?;
    let running = (GROUPS * group).to_string();
    let mut helper = Helper::start(&["board".as_ref(), folder.path().as_ref(), running.as_ref()])?;
    let address = Address::parse(&helper.hear()?)?;
    helper.ask(&format!("pulse {GROUPS} {group} {PERIOD_MS}"))?;
    let (mut sample, _commands) = Socket::open(&address, form).await?.split();

    tokio::time::sleep(WARM_UP).await;
    let before = helper.cpu()?;
    tokio::time::sleep(TIME).await;
    let own_us_per_second = micros(helper.cpu()? - before) / TIME.as_secs_f64();

    let opening = stream::iter(0..connections).map(|_| Socket::open(&address, form));
    let opened = opening.buffer_unordered(OPENING).map_ok(Socket::into_stream);
    let arrivals = Arrivals::listen(opened.try_collect().await?);
    tokio::time::sleep(WARM_UP).await;
    let patches = tokio::time::timeout(PATIENCE, patches(&mut sample)).await??;
    // From here on it is only counted like the others, by the kernel that buffers it for a while.
    let delivered = arrivals.measure(TIME, || helper.cpu()).await?;
    Ok(Ours {
        bytes: delivered.bytes,
        ops: operations(&patches),
        patches,
        cpu_us: delivered.cpu_us,
        delivering_us: delivered.cpu_us - own_us_per_second / delivered.per_second,
        per_second: delivered.per_second,
    })
}

async fn patches(messages: &mut Messages) -> Done<Vec<String>> {
    let mut patches = Vec::new();
    while patches.len() < 40 {
        let text = messages.next().await?;
        if text.starts_with(r#"{"type":"state.patch""#) {
            patches.push(text);
        }
    }
    Ok(patches)
}

/// The number of operations of the patch in the middle, by length.
fn operations(patches: &[String]) -> f64 {
    let mut sorted: Vec<&String> = patches.iter().collect();
    sorted.sort_by_key(|patch| patch.len());
    sorted.get(sorted.len() / 2).map_or(0.0, |patch| patch.matches(r#"{"op":"#).count() as f64)
}

/// The CPU time of a thread that does nothing else, and so many frames in a second on all connections together.
pub(super) async fn raw(connections: usize, written: Written<'_>, per_second: f64) -> Done<Delivered> {
    let folder = disk::folder()?;
    let file = folder.path().join("written");
    let how = match written {
        Written::Same(bytes) => {
            let header = if bytes < 128.0 { 2.0 } else { 4.0 };
            let frame = frame::binary(&vec![b'x'; (bytes - header).max(0.0).round() as usize]);
            std::fs::write(&file, frame.as_bytes())?;
            "write"
        }
        Written::Deflated(messages) => {
            std::fs::write(&file, messages.join("\n"))?;
            "deflate"
        }
    };
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    // The listener's queue is shorter than the number of connections: both sides go on together.
    let accepting = tokio::task::spawn_blocking(move || {
        helper.ask(&format!("accept {connections}"))?;
        Done::Ok(helper)
    });
    let opening =
        stream::iter(0..connections).map(|_| async move { Done::Ok(TcpStream::connect(address).await?) });
    let arrivals = Arrivals::listen(opening.buffer_unordered(OPENING).try_collect().await?);
    let mut helper = accepting.await??;
    let period = Duration::from_secs_f64(connections as f64 / per_second);
    helper.ask(&format!("{how} {} {}", period.as_micros(), file.display()))?;
    tokio::time::sleep(WARM_UP).await;
    let delivered = arrivals.measure(TIME, || helper.cpu()).await?;
    helper.ask("stop")?;
    Ok(delivered)
}
