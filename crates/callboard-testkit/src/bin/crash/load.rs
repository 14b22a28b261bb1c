//! Clients that send commands until the server is gone: some over WebSockets with several under way, one over HTTP.

use crate::{
    ledger::{Ack, Fate, Ledger, answer},
    plan::Planned,
};
use callboard_protocol::{command::Accepted, error::ErrorCode, frame::ClientFrame};
use callboard_testkit::{Heard, Ready, Socket, SocketOptions, hello, raw_http::Request};
use fastrand::Rng;
use serde::Deserialize;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

/// Sessions over WebSockets.
const SOCKETS: usize = 5;
/// Commands that one session has under way at most.
const UNDER_WAY: usize = 8;

pub(crate) type SharedLedger = Arc<Mutex<Ledger>>;

/// Starts all clients. They end when the server does.
pub(crate) fn start(ready: &Ready, ledger: &SharedLedger, rng: &mut Rng) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..SOCKETS {
        let (ready, ledger, rng) = (ready.clone(), ledger.clone(), rng.fork());
        // An error is the end of the server, which is what ends a client.
        clients.spawn(async move { drop(over_socket(&ready, &ledger, rng).await) });
    }
    let (ready, ledger, rng) = (ready.clone(), ledger.clone(), rng.fork());
    clients.spawn(async move { drop(over_http(&ready, &ledger, rng).await) });
    clients
}

/// A connection that has said hello.
pub(crate) async fn connect(ready: &Ready, instance: &str) -> io::Result<Socket> {
    let options = SocketOptions { token: Some(ready.token.clone()), ..SocketOptions::default() };
    let mut socket = Socket::open(ready.address()?, &options).await?;
    socket.send(&hello(instance, None, None)).await?;
    Ok(socket)
}

async fn over_socket(ready: &Ready, ledger: &SharedLedger, mut rng: Rng) -> io::Result<()> {
    let mut socket = connect(ready, &format!("load-{}", rng.u32(..))).await?;
    loop {
        let mut open = rng.usize(1..=UNDER_WAY);
        let planned: Vec<_> = (0..open).map(|_| lock(ledger).send(&mut rng)).collect();
        for (index, planned) in planned {
            socket.send(&command(index, planned)).await?;
        }
        while open > 0 {
            match socket.hear().await {
                Heard::Text(text) => {
                    if let Some((index, fate)) = answer(&text) {
                        lock(ledger).hear(index, fate);
                        open -= 1;
                    }
                }
                Heard::Control => {}
                Heard::Closed(_) | Heard::Dropped => return Ok(()),
            }
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(0..20))).await;
    }
}

/// A command as a frame; its id is the place in the ledger.
pub(crate) fn command(index: usize, planned: Planned) -> ClientFrame {
    let Planned { name, args, key, .. } = planned;
    ClientFrame::Cmd { id: index.to_string(), name: name.into(), args, key: Some(key) }
}

async fn over_http(ready: &Ready, ledger: &SharedLedger, mut rng: Rng) -> io::Result<()> {
    let to = ready.address()?;
    loop {
        let (index, planned) = lock(ledger).send(&mut rng);
        let request = Request::new("POST", &format!("/api/commands/{}", planned.name))
            .header("Host", &to.to_string())
            .header("Idempotency-Key", &planned.key)
            .bearer(&ready.token)
            .json(planned.args.to_string());
        let answer = request.send(to).await?;
        lock(ledger).hear(index, read(answer.status, &answer.body)?);
        tokio::time::sleep(Duration::from_millis(rng.u64(0..20))).await;
    }
}

fn read(status: u16, body: &[u8]) -> io::Result<Fate> {
    #[derive(Deserialize)]
    struct Problem {
        code: ErrorCode,
    }
    if status == 200 {
        let Accepted { version, result, dup } = serde_json::from_slice(body)?;
        return Ok(Fate::Acknowledged(Ack { version, result, dup }));
    }
    let problem: Problem = serde_json::from_slice(body)?;
    Ok(Fate::Refused(problem.code))
}

pub(crate) fn lock(ledger: &SharedLedger) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
