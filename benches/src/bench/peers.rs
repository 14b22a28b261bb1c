//! What other ways take to show the same jobs to as many screens: a state that is cloned and compared, sent by Fastify,
//! and socket.io (`benches/peers/`). The same clients count what arrives from all of them.

use super::{
    block_on,
    fanout::{self, CONNECTIONS, GROUP, GROUPS, OPENING, PERIOD_MS, TIME, WARM_UP},
};
use crate::{
    Done,
    figure::{Figure, Unit},
    net::{
        arrivals::{Arrivals, Delivered},
        socket::{Address, Form, Socket},
    },
    spawn::Process,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

/// A server in Node, and how its clients begin.
struct Peer {
    name: &'static str,
    script: &'static str,
    path: &'static str,
    /// Said after the handshake.
    first: Option<&'static str>,
    form: Form,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "Fastify, clone and compare",
        script: "patches.js",
        path: "/ws",
        first: None,
        form: Form::Plain,
    },
    Peer {
        name: "the same with deflate",
        script: "patches.js",
        path: "/ws",
        first: None,
        form: Form::Chained,
    },
    Peer {
        name: "socket.io",
        script: "socketio.js",
        path: "/socket.io/?EIO=4&transport=websocket",
        first: Some("40"),
        form: Form::Plain,
    },
];

pub(super) fn run() -> Done<Vec<Figure>> {
    let folder = match installed() {
        Ok(folder) => folder,
        Err(why) => {
            // Nothing can be said where standard error is closed.
            let _ = writeln!(std::io::stderr(), "peers: left out, {why}");
            return Ok(Vec::new());
        }
    };
    let plain = block_on(fanout::ours(Form::Plain, CONNECTIONS, GROUP))?;
    let chained = block_on(fanout::ours(Form::Chained, CONNECTIONS, GROUP))?;
    let mut figures = Vec::new();
    for peer in PEERS {
        let theirs = block_on(delivered(&folder, &peer))?;
        let ours = if peer.form == Form::Chained { &chained } else { &plain };
        let figure =
            |what: &str, value, unit| Figure::new(format!("{}: {what}", peer.form.name()), value, unit);
        let cpu = figure("CPU per delivered patch, jobs and journal too", ours.cpu_us, Unit::Cost("us"));
        figures.push(cpu.beside(peer.name, theirs.cpu_us));
        figures.push(figure("bytes of it", ours.bytes, Unit::Cost("B")).beside(peer.name, theirs.bytes));
        let rate = figure("delivered", ours.per_second, Unit::PerSecond("patches"));
        figures.push(rate.beside(peer.name, theirs.per_second));
    }
    Ok(figures)
}

/// The folder of the peers with what they need, installed when it is not there.
fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    if folder.join("node_modules/.package-lock.json").exists() {
        return Ok(folder);
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .output();
    match npm {
        Ok(npm) if npm.status.success() => Ok(folder),
        Ok(npm) => Err(format!("npm ci failed: {}", String::from_utf8_lossy(&npm.stderr).trim())),
        Err(error) => Err(format!("npm could not be started: {error}")),
    }
}

async fn delivered(folder: &Path, peer: &Peer) -> Done<Delivered> {
    let script = folder.join(peer.script);
    let numbers = [GROUPS, GROUP, PERIOD_MS].map(|number| number.to_string());
    let numbers = numbers.iter().map(AsRef::<OsStr>::as_ref);
    let args: Vec<&OsStr> = std::iter::once(script.as_os_str()).chain(numbers).collect();
    let mut process = Process::start(Path::new("node"), &args)?;
    let (_input, output) = process.pipes()?;
    let mut port = String::new();
    BufReader::new(output).read_line(&mut port)?;
    let at = format!("127.0.0.1:{}", port.trim()).parse();
    let at = at.map_err(|_| format!("{} did not say its port; its words are above", peer.script))?;
    let address = Address { at, token: String::new() };
    let opening = stream::iter(0..CONNECTIONS).map(|_| open(&address, peer));
    let arrivals = Arrivals::listen(opening.buffer_unordered(OPENING).try_collect().await?);
    tokio::time::sleep(WARM_UP).await;
    arrivals.measure(TIME, || process.cpu()).await
}

async fn open(address: &Address, peer: &Peer) -> Done<tokio::net::TcpStream> {
    let mut socket = Socket::upgrade(address, peer.path, None, peer.form).await?;
    if let Some(first) = peer.first {
        socket.say(first).await?;
    }
    Ok(socket.into_stream())
}
