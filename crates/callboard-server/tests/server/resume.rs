//! Coming back: by version, after a gap, from another history, five times in a row (X11, X16, S3.12, W1.8, W3.1, W3.5).

use crate::kit::{Stage, follow, next, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    Epoch, caps,
    frame::{ClientFrame, ServerFrame, SnapshotReason, StatePosition},
};
use callboard_testkit::{Mirror, TempServer, soon};

fn text(stage: &Stage) -> (u64, String) {
    let state = stage.server.board.state();
    (state.version, state.document.to_string())
}

#[tokio::test]
async fn five_drops_in_a_row_leave_no_trace() {
    let stage = stage().await;
    let mut mirror = Mirror::default();
    for turn in 0..5 {
        let (mut socket, resumed, _) = stage.socket(mirror.position().cloned()).await;
        assert_eq!(resumed, turn > 0, "turn {turn}");
        let accepted = stage.dispatch(work(&format!("job-{turn}"), 10)).await.unwrap();
        follow(&mut socket, &mut mirror, accepted.version).await;
        drop(socket);
        // What happens while nobody is connected.
        stage.dispatch(work(&format!("unseen-{turn}"), 10)).await.unwrap();
    }
    let (mut socket, ..) = stage.socket(mirror.position().cloned()).await;
    let (version, state) = text(&stage);
    follow(&mut socket, &mut mirror, version).await;
    assert_eq!(mirror.document().to_string(), state);
    assert_eq!(mirror.snapshots, 1, "only the first connection needed one");
}

#[tokio::test]
async fn somebody_who_is_up_to_date_is_sent_nothing() {
    let stage = stage().await;
    let mut mirror = Mirror::default();
    let (mut socket, _, version) = stage.socket(None).await;
    follow(&mut socket, &mut mirror, version).await;
    drop(socket);
    let (mut socket, resumed, _) = stage.socket(mirror.position().cloned()).await;
    assert!(resumed);
    socket.send(&ClientFrame::Ping { ts: 1.0, id: None }).await.unwrap();
    let ServerFrame::Pong { version: served, .. } = next(&mut socket).await else {
        panic!("something came first")
    };
    assert_eq!(served, version, "the pong says up to where this connection was served");
}

/// W3.8: version 5 of the new run must not be taken for version 5 of the old one.
#[tokio::test]
async fn a_position_in_another_history_gets_a_snapshot() {
    let stage = stage().await;
    let other = StatePosition { epoch: Epoch::new("another"), version: 1 };
    let future = StatePosition { epoch: stage.server.board.epoch().clone(), version: 1_000_000 };
    for (have, why) in [(other, SnapshotReason::Epoch), (future, SnapshotReason::Lagged)] {
        let (mut socket, resumed, version) = stage.socket(Some(have)).await;
        assert!(!resumed);
        let ServerFrame::StateSnapshot { reason, state_version, epoch, .. } = next(&mut socket).await else {
            panic!("no snapshot");
        };
        assert_eq!((reason, &epoch), (why, stage.server.board.epoch()));
        assert!(state_version >= version);
    }
}

#[tokio::test]
async fn somebody_who_is_too_far_behind_gets_a_snapshot() {
    let mut stage = stage().await;
    let (_, _, version) = stage.socket(None).await;
    let have = StatePosition { epoch: stage.server.board.epoch().clone(), version };
    // More bytes than the ring holds.
    for number in 0..=caps::RING_BYTES / (60 * 1024) {
        stage.dispatch(work(&format!("job-{number}"), 60 * 1024)).await.unwrap();
        if let Some(attempt) = stage.attempts.try_next() {
            attempt.finish(Outcome::Cancelled);
        }
    }
    assert!(stage.server.board.since(version).is_none());
    let (mut socket, resumed, _) = stage.socket(Some(have)).await;
    assert!(!resumed);
    let ServerFrame::StateSnapshot { reason, .. } = next(&mut socket).await else { panic!("no snapshot") };
    assert_eq!(reason, SnapshotReason::Lagged);
}

/// The epoch outlives a restart, so a client goes on where it was if the journal leads there.
#[tokio::test]
async fn a_restart_keeps_the_history() {
    let server = TempServer::start().await.unwrap();
    let mut socket = server.socket(None).await.unwrap();
    let mut mirror = Mirror::default();
    let ServerFrame::Welcome { version, epoch, .. } = next(&mut socket).await else { panic!("no welcome") };
    follow(&mut socket, &mut mirror, version).await;
    let server = server.restart(callboard::BoardOptions::default()).await.unwrap();
    let mut socket = server.socket(mirror.position().cloned()).await.unwrap();
    let ServerFrame::Welcome { version: after, epoch: same, .. } = next(&mut socket).await else { panic!() };
    assert_eq!(same, epoch);
    assert!(after > version, "a start is a change");
    follow(&mut socket, &mut mirror, after).await;
    assert_eq!(mirror.document().to_string(), server.board.state().document.to_string());
    server.stop().await;
}

/// S3.11, S3.12: a client that noticed a gap asks, and gets what it lacks, or everything.
#[tokio::test]
async fn a_resync_brings_what_is_missing() {
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    let old = mirror.clone();
    let accepted = stage.dispatch(work("a", 10)).await.unwrap();
    follow(&mut socket, &mut mirror, accepted.version).await;

    let have = old.position().cloned();
    socket.send(&ClientFrame::StateResync { sub: None, have, reason: Some("gap".into()) }).await.unwrap();
    let mut mended = old;
    follow(&mut socket, &mut mended, mirror.version()).await;
    assert_eq!(mended.document(), mirror.document());
    assert_eq!(mended.snapshots, 1, "a patch was enough");

    socket.send(&ClientFrame::StateResync { sub: None, have: None, reason: None }).await.unwrap();
    let ServerFrame::StateSnapshot { reason, .. } = next(&mut socket).await else { panic!("no snapshot") };
    assert_eq!(reason, SnapshotReason::Resync);
}

/// Clients that come and go all the time while jobs run: in the end all have the same state, bit for bit.
#[tokio::test(flavor = "multi_thread")]
async fn restless_clients_all_arrive_at_the_same_state() {
    const CLIENTS: u64 = 12;
    const JOBS: usize = 300;
    let mut stage = stage().await;
    let mut clients = tokio::task::JoinSet::new();
    let stop = tokio_util::sync::CancellationToken::new();
    for seed in 0..CLIENTS {
        let (to, token, stop) = (stage.server.address(), stage.server.token().to_owned(), stop.clone());
        clients.spawn(restless(to, token, stop, fastrand::Rng::with_seed(seed)));
    }
    for number in 0..JOBS {
        stage.dispatch(work(&format!("job-{number}"), number)).await.unwrap();
        stage.attempts.next().await.finish(Outcome::Succeeded(number.to_string().into()));
    }
    stop.cancel();
    let mirrors = soon("all clients", clients.join_all()).await.unwrap();
    // Ends are stored after the attempts have ended.
    let mut head = stage.server.board.head();
    while stage.server.board.state().document.at("/summary/succeeded").and_then(|count| count.as_u64())
        != Some(JOBS as u64)
    {
        head.changed().await.unwrap();
    }
    for mut mirror in mirrors {
        let (mut socket, ..) = stage.socket(mirror.position().cloned()).await;
        let (version, state) = text(&stage);
        follow(&mut socket, &mut mirror, version).await;
        assert_eq!(mirror.document().to_string(), state);
    }
}

async fn restless(
    to: std::net::SocketAddr,
    token: String,
    stop: tokio_util::sync::CancellationToken,
    mut rng: fastrand::Rng,
) -> Mirror {
    let mut mirror = Mirror::default();
    while !stop.is_cancelled() {
        let options = callboard_testkit::SocketOptions {
            token: Some(token.clone()),
            deflate: rng.bool(),
            ..Default::default()
        };
        let mut socket = callboard_testkit::Socket::open(to, &options).await.expect("it opens");
        let hello = callboard_testkit::hello(
            &format!("restless-{:x}", rng.u64(..)),
            None,
            mirror.position().cloned(),
        );
        socket.send(&hello).await.expect("it is taken");
        let messages = rng.usize(1..12);
        for _ in 0..messages {
            tokio::select! {
                message = socket.next() => drop(mirror.take(message.expect("a message")).expect("the rules are kept")),
                () = stop.cancelled() => break,
            }
        }
        mirror.connection_lost();
    }
    mirror
}

#[tokio::test]
async fn a_large_state_comes_in_parts_and_whole() {
    let stage = stage().await;
    for number in 0..20 {
        stage.dispatch(work(&format!("job-{number}"), 60 * 1024)).await.unwrap();
    }
    for deflate in [true, false] {
        let options = callboard_testkit::SocketOptions { deflate, ..stage.server.socket_options() };
        let mut socket = callboard_testkit::Socket::open(stage.server.address(), &options).await.unwrap();
        socket.send(&callboard_testkit::hello("large", None, None)).await.unwrap();
        let mut mirror = Mirror::default();
        let (version, state) = text(&stage);
        let mut parts = 0;
        while mirror.version() < version {
            let message = next(&mut socket).await;
            parts += u32::from(matches!(message, ServerFrame::StateSnapshot { .. }));
            mirror.take(message).unwrap();
        }
        assert!(parts > 3, "{parts} parts");
        assert_eq!(mirror.document().to_string(), state);
    }
}
