//! How frames reach clients: through a shared chain beside answers of their own, whole or in parts, once per instance
//! (sync 3, protocol 3, 8).

use crate::kit::{Stage, answer_to, assert_still_served, dispatch_frame, next, scripted, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    caps,
    frame::{ClientFrame, LogRequest, ServerFrame, close},
    log::Level,
};
use callboard_server::{ServeOptions, serve};
use callboard_testkit::{Mirror, Socket, SocketOptions, hello, soon};
use fastrand::Rng;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::sync::watch;

/// Sync 3, rules 3 and 4: clients in a chain are sent pongs, logs, snapshots and patches of another view in
/// between, and still read every patch. A frame in a wrong form would not inflate, or not be JSON.
#[tokio::test(flavor = "multi_thread")]
async fn clients_in_a_chain_read_everything_else_too() {
    const CLIENTS: u64 = 6;
    const JOBS: usize = 120;
    let mut stage = stage().await;
    let (target, _) = watch::channel(u64::MAX);
    let mut clients = tokio::task::JoinSet::new();
    for seed in 0..CLIENTS {
        let (to, token) = (stage.server.address(), stage.server.token().to_owned());
        clients.spawn(busy(to, token, target.subscribe(), Rng::with_seed(seed)));
    }
    for number in 0..JOBS {
        stage.dispatch(work(&format!("job-{number}"), 10)).await.unwrap();
        stage.attempts.next().await.finish(Outcome::Succeeded(number.to_string().into()));
        let line = format!("line {number} ").repeat(number);
        stage.server.board.logs().write("stdout", Level::Info, &line, None);
    }
    let mut head = stage.server.board.head();
    while stage.server.board.state().document.at("/summary/succeeded").and_then(|count| count.as_u64())
        != Some(JOBS as u64)
    {
        head.changed().await.unwrap();
    }
    let state = stage.server.board.state();
    target.send_replace(state.version);
    for mirror in soon("all clients", clients.join_all()).await.unwrap() {
        assert_eq!(mirror.document(), &state.document);
    }
    let counters = stage.server.counters();
    let keyframes = counters.iter().find(|(name, _)| *name == "keyframes").expect("it is counted").1;
    assert!(keyframes > 0, "there was a chain");
}

/// Reads until the target, and asks for one thing and another meanwhile.
async fn busy(to: SocketAddr, token: String, target: watch::Receiver<u64>, mut rng: Rng) -> Mirror {
    let options = SocketOptions { token: Some(token), ..SocketOptions::default() };
    let mut socket = Socket::open(to, &options).await.expect("it opens");
    let mut hello = hello(&format!("busy-{:x}", rng.u64(..)), None, None);
    if let ClientFrame::Hello { logs, .. } = &mut hello {
        *logs = Some(LogRequest::default());
    }
    socket.send(&hello).await.expect("it is taken");
    let mut mirror = Mirror::default();
    while mirror.version() < *target.borrow() {
        let Ok(frame) = tokio::time::timeout(std::time::Duration::from_millis(20), socket.next()).await
        else {
            // Nothing comes; perhaps the target was set.
            continue;
        };
        match frame.expect("a message") {
            ServerFrame::StatePatch { sub: Some(_), .. }
            | ServerFrame::StateSnapshot { sub: Some(_), .. } => {}
            frame => drop(mirror.take(frame).expect("the rules are kept")),
        }
        let id = format!("{:x}", rng.u64(..));
        let ask = match rng.u32(..16) {
            0..4 => ClientFrame::Ping { ts: 0.0, id: Some(id) },
            4 => ClientFrame::StateResync { sub: None, have: None, reason: None },
            6 => ClientFrame::LogsReplay { since_seq: 0, limit: Some(50) },
            7 => {
                let paths = vec!["/jobs/*/state".into()];
                ClientFrame::Subscribe { id, sub: "other".into(), paths, max_rate_ms: None, resume: None }
            }
            8 => ClientFrame::Unsubscribe { id, sub: "other".into() },
            _ => continue,
        };
        socket.send(&ask).await.expect("it is taken");
    }
    mirror
}

async fn greeted(stage: &Stage, instance: &str) -> Socket {
    let options = stage.server.socket_options();
    let mut socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
    socket.send(&hello(instance, None, None)).await.expect("it is taken");
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    socket
}

/// Protocol 8: an older connection of the same client is most often a dead one.
#[tokio::test]
async fn the_newest_connection_of_an_instance_counts() {
    let stage = stage().await;
    let mut first = greeted(&stage, "same").await;
    let mut other = greeted(&stage, "other").await;
    let mut second = greeted(&stage, "same").await;
    assert_eq!(first.close_code().await, Some(close::REPLACED));
    assert_still_served(&mut second).await;
    assert_still_served(&mut other).await;
}

/// Protocol 3: parts are for clients that say so; a page of ten lines gets everything at once.
#[tokio::test]
async fn a_client_that_knows_no_parts_gets_one_message() {
    let stage = stage().await;
    for number in 0..10 {
        stage.dispatch(work(&format!("job-{number}"), 60 * 1024)).await.unwrap();
    }
    let mut socket =
        Socket::open(stage.server.address(), &stage.server.socket_options()).await.expect("it opens");
    let mut hello = hello("plain", None, None);
    if let ClientFrame::Hello { caps, .. } = &mut hello {
        *caps = None;
    }
    socket.send(&hello).await.expect("it is taken");
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    let ServerFrame::StateSnapshot { data: Some(data), part: None, more: None, .. } = next(&mut socket).await
    else {
        panic!("it is not whole")
    };
    assert!(data.json_len() > caps::SNAPSHOT_PART_BYTES);
}

/// Protocol 2: a stop is announced, and what is under way is answered before the connection closes.
#[tokio::test]
async fn a_server_that_stops_gives_the_answers_that_are_under_way() {
    let (options, faults, _attempts) = scripted();
    let board = callboard::Board::open(options).await.expect("it opens");
    let folder = tempfile::tempdir().expect("a folder");
    let options = ServeOptions {
        data: folder.path().into(),
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        base_path: "/".into(),
        origins: Vec::new(),
    };
    let mut running = serve(board, options).await.expect("it starts");
    let options = SocketOptions { token: Some(running.token.clone()), ..SocketOptions::default() };
    let mut socket = Socket::open(running.address, &options).await.expect("it opens");
    socket.send(&hello("waiting", None, None)).await.expect("it is taken");
    assert_still_served_after_welcome(&mut socket).await;

    faults.hold_appends();
    socket.send(&dispatch_frame("1", "a", None)).await.expect("it is taken");
    soon("an append", faults.append_held()).await.expect("the journal is asked");
    let stopping = tokio::spawn(async move { running.shutdown().await });
    while !matches!(next(&mut socket).await, ServerFrame::Goaway { .. }) {}
    faults.release_appends();
    assert!(matches!(answer_to(&mut socket, "1").await, ServerFrame::Ack { .. }));
    assert_eq!(socket.close_code().await, Some(close::GOING_AWAY));
    stopping.await.expect("it stops");
}

async fn assert_still_served_after_welcome(socket: &mut Socket) {
    assert!(matches!(next(socket).await, ServerFrame::Welcome { .. }));
    assert_still_served(socket).await;
}
