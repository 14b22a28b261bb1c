//! Five thousand clients come back in the same moment: how long until all are live, what one costs, and what it takes
//! in memory; beside a thread that accepts as many and writes the same bytes to each.
//!
//! They come back after the network was away (what they lack is in memory), after the server was killed (it is in the
//! journal), each with a version of its own or all with the same one; and as if for the first time.

use super::block_on;
use crate::{
    Done, disk,
    figure::{Figure, Unit},
    helper::Helper,
    measure::{Watch, median, micros},
    net::{
        http::PATIENCE,
        socket::{Address, Commands, Messages, Socket, Wants, number},
    },
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt as _, net::TcpStream, sync::Barrier, task::JoinSet};

const CLIENTS: usize = 5000;
/// Records in the state, and changes that the clients have not seen.
const RECORDS: u64 = 1000;
const UNSEEN: u64 = 500;
const BESIDE: &str = "raw accept and write";

pub(super) fn run() -> Done<Vec<Figure>> {
    let folder = disk::folder()?;
    let mut figures = Vec::new();
    let (mut server, address) = start(folder.path())?;
    server.ask(&format!("records {RECORDS}"))?;
    let seen = position(&mut server)?;
    server.ask(&format!("changes {UNSEEN}"))?;
    let same = |seen: &(String, u64)| {
        let seen = seen.clone();
        move |_: usize| Some(seen.clone())
    };
    let each = |(epoch, version): &(String, u64)| {
        let (epoch, version) = (epoch.clone(), *version);
        move |client: usize| Some((epoch.clone(), version + client as u64 % UNSEEN))
    };
    figures.extend(measured("network drop, one version", &mut server, &address, same(&seen))?);
    figures.extend(measured("network drop, 500 versions", &mut server, &address, each(&seen))?);
    drop(server);

    let (mut server, address) = start(folder.path())?;
    figures.extend(measured("restart, one version", &mut server, &address, same(&seen))?);
    drop(server);

    let (mut server, address) = start(folder.path())?;
    figures.extend(measured("restart, 500 versions", &mut server, &address, each(&seen))?);
    drop(server);

    let (mut server, address) = start(folder.path())?;
    figures.extend(measured("from nothing", &mut server, &address, |_| None)?);
    Ok(figures)
}

fn start(folder: &Path) -> Done<(Helper, Address)> {
    let mut server = Helper::start(&["board".as_ref(), folder.as_ref(), "1".as_ref()])?;
    let address = Address::parse(&server.hear()?)?;
    Ok((server, address))
}

fn position(server: &mut Helper) -> Done<(String, u64)> {
    let answer = server.ask("position")?;
    let (epoch, version) = answer.split_once(' ').ok_or("the helper says no position")?;
    Ok((epoch.into(), version.parse()?))
}

/// How the clients came back.
struct Back {
    seconds: Vec<f64>,
    bytes: f64,
    snapshots: f64,
    turned_away: f64,
    cpu_us: f64,
}

fn measured(
    name: &str,
    server: &mut Helper,
    address: &Address,
    has: impl Fn(usize) -> Option<(String, u64)>,
) -> Done<Vec<Figure>> {
    let back = block_on(herd(server, address, has))?;
    let raw = block_on(raw(back.bytes))?;
    let figure = |what: &str, value, unit| Figure::new(format!("{name}: {what}"), value, unit);
    let last = back.seconds.iter().copied().fold(0.0, f64::max);
    let raw_last = raw.seconds.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        figure("all are live after", last, Unit::Cost("s")).beside(BESIDE, raw_last),
        figure("half of them after", median(back.seconds), Unit::Cost("s"))
            .beside(BESIDE, median(raw.seconds)),
        figure("CPU of one", back.cpu_us, Unit::Cost("us")).beside(BESIDE, raw.cpu_us),
        figure("bytes of one", back.bytes, Unit::Cost("B")),
        figure("snapshots", back.snapshots, Unit::Cost("clients")),
        figure("turned away for a while", back.turned_away, Unit::Cost("times")),
        figure("peak memory of the server", server.process().peak_mib()?, Unit::Cost("MiB")),
    ])
}

/// All of them at once; each until it has what the server has.
async fn herd(
    server: &mut Helper,
    address: &Address,
    has: impl Fn(usize) -> Option<(String, u64)>,
) -> Done<Back> {
    let before = server.cpu()?;
    let (watch, begin) = (Arc::new(Watch::start()), Arc::new(Barrier::new(CLIENTS)));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (address, resume, watch, begin) = (address.clone(), has(client), watch.clone(), begin.clone());
        clients.spawn(async move {
            begin.wait().await;
            let mut away = 0;
            loop {
                match tokio::time::timeout(PATIENCE, live(&address, resume.clone())).await? {
                    Ok((socket, bytes, snapshot)) => {
                        let seconds = watch.stop(1).elapsed.as_secs_f64();
                        return Done::Ok((socket, seconds, bytes, snapshot, away));
                    }
                    Err(_) if away < 20 => away += 1,
                    Err(error) => return Err(error),
                }
                // As the server says when it sends somebody away.
                tokio::time::sleep(Duration::from_millis(fastrand::u64(1000..5000))).await;
            }
        });
    }
    let (mut seconds, mut bytes, mut snapshots, mut turned_away) = (Vec::new(), 0, 0, 0);
    let mut sockets = Vec::with_capacity(CLIENTS);
    while let Some(client) = clients.join_next().await {
        let (socket, after, read, snapshot, away) = client??;
        sockets.push(socket);
        seconds.push(after);
        bytes += read;
        snapshots += u64::from(snapshot);
        turned_away += away;
    }
    let cpu_us = micros(server.cpu()? - before) / CLIENTS as f64;
    let bytes = bytes as f64 / CLIENTS as f64;
    Ok(Back { seconds, bytes, snapshots: snapshots as f64, turned_away: f64::from(turned_away), cpu_us })
}

/// A connection that has arrived at the head, the bytes that it took, and whether it began with a snapshot.
async fn live(address: &Address, resume: Option<(String, u64)>) -> Done<((Messages, Commands), u64, bool)> {
    let mut version = resume.as_ref().map(|(_, version)| *version);
    let socket = Socket::open_as(address, Wants { resume, ..Wants::default() }).await?;
    let (mut messages, commands) = socket.split();
    let welcome = messages.next().await?;
    // The server has a version of another kind, before.
    let (_, position) = welcome.split_once(r#""epoch":"#).ok_or("the server does not say where it is")?;
    let head = number(position, "version").ok_or("the server says no version")?;
    let mut snapshot = false;
    while version.is_none_or(|version| version < head) {
        let text = messages.next().await?;
        // A snapshot is long and says its version first.
        let start = &text[..text.floor_char_boundary(300)];
        if let Some(at) = number(start, "stateVersion") {
            (version, snapshot) = (Some(at), true);
        } else if text.starts_with(r#"{"type":"state.patch""#) {
            version = number(start, "toVersion").or(version);
        }
    }
    let bytes = messages.bytes_read();
    Ok(((messages, commands), bytes, snapshot))
}

/// As many clients at once, and as many bytes for each.
async fn raw(bytes: f64) -> Done<Back> {
    let folder = disk::folder()?;
    let file = folder.path().join("bytes");
    let length = bytes.round() as usize;
    std::fs::write(&file, vec![b'x'; length])?;
    let mut helper = Helper::start(&["raw-writer".as_ref()])?;
    let address: SocketAddr = helper.hear()?.parse()?;
    let before = helper.cpu()?;
    let greeting = tokio::task::spawn_blocking(move || {
        helper.ask(&format!("greet {CLIENTS} {}", file.display()))?;
        Done::Ok(helper)
    });
    let (watch, begin) = (Arc::new(Watch::start()), Arc::new(Barrier::new(CLIENTS)));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (watch, begin) = (watch.clone(), begin.clone());
        clients.spawn(async move {
            begin.wait().await;
            let mut stream = TcpStream::connect(address).await?;
            let (mut buffer, mut left) = ([0; 16 * 1024], length);
            while left > 0 {
                left -= stream.read(&mut buffer).await?.clamp(1, left);
            }
            Done::Ok((stream, watch.stop(1).elapsed.as_secs_f64()))
        });
    }
    let (mut seconds, mut streams) = (Vec::new(), Vec::with_capacity(CLIENTS));
    while let Some(client) = tokio::time::timeout(PATIENCE, clients.join_next()).await? {
        let (stream, after) = client??;
        streams.push(stream);
        seconds.push(after);
    }
    let mut helper = greeting.await??;
    let cpu_us = micros(helper.cpu()? - before) / CLIENTS as f64;
    Ok(Back { seconds, bytes, snapshots: 0.0, turned_away: 0.0, cpu_us })
}
