//! Connections that last: what the original's server promised and did not do (W1.8). That every queue ends somewhere is in
//! `pressure.rs` and `stalled.rs`, that somebody who is behind loses nothing without a word in `convergence.rs` and
//! `logs.rs`.

use crate::kit::{Stage, dispatch_frame, follow, next, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    frame::{ClientFrame, LogRequest, ServerFrame, close},
    log::Level,
};
use callboard_testkit::{Heard, Mirror, Socket};
use callboard_ws::masked;
use std::time::Duration;

/// W1.8: resuming was allowed for ten seconds, counted from the *start* of a session, so that one that had lived could
/// never be resumed. Here it depends on what the journal still leads on from, and on no clock.
#[tokio::test]
async fn a_session_of_hours_is_resumed_after_a_short_drop_and_after_a_long_one() {
    let stage = stage().await;
    let mut mirror = Mirror::default();
    let (mut socket, _, version) = stage.socket(None).await;
    follow(&mut socket, &mut mirror, version).await;
    for away in [Duration::from_millis(10), Duration::from_secs(2 * 3600)] {
        tokio::time::pause();
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_pong(&mut socket, &mut mirror).await;
        }
        drop(socket);
        tokio::time::sleep(away).await;
        tokio::time::resume();
        let unseen = stage.dispatch(work(&format!("unseen-{}", away.as_secs()), 10)).await.unwrap();
        let (again, resumed, _) = stage.socket(mirror.position().cloned()).await;
        assert!(resumed, "after {away:?}");
        socket = again;
        follow(&mut socket, &mut mirror, unseen.version).await;
    }
    assert_eq!(mirror.document(), &stage.server.board.state().document);
    assert_eq!(mirror.snapshots, 1, "only the first connection needed one");
}

/// Asks for a sign of life; what comes before it must continue the mirror. A pong says where the client is.
async fn assert_pong(socket: &mut Socket, mirror: &mut Mirror) {
    socket.send(&ClientFrame::Ping { ts: 1.0, id: None }).await.expect("it is taken");
    loop {
        match socket.next().await.expect("it is not shown out") {
            ServerFrame::Pong { version, .. } => return assert_eq!(version, mirror.version()),
            frame => drop(mirror.take(frame).expect("no gap")),
        }
    }
}

/// W1.8: control frames took numbers of the state's sequence and were not kept, so that whoever came back found holes
/// that nobody could explain. Here they have none: the state's versions follow each other whatever is between.
#[tokio::test]
async fn control_frames_leave_no_gaps() {
    const ROUNDS: u32 = 20;
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    for round in 0..ROUNDS {
        say_everything(&stage, &mut socket, round).await;
        let accepted = stage.dispatch(work(&format!("job-{round}"), 10)).await.unwrap();
        // `follow` refuses a hole; all else is passed over.
        follow(&mut socket, &mut mirror, accepted.version).await;
        if round % 5 == 4 {
            // The unread answers of this connection are lost, and no hole is found where they were.
            say_everything(&stage, &mut socket, ROUNDS + round).await;
            drop(socket);
            let (again, resumed, _) = stage.socket(mirror.position().cloned()).await;
            assert!(resumed, "round {round}");
            socket = again;
        }
    }
    socket.send(&ClientFrame::LogsSubscribe { filter: LogRequest::default() }).await.unwrap();
    let wanted = stage.server.board.state();
    follow(&mut socket, &mut mirror, wanted.version).await;
    assert_eq!(mirror.document(), &wanted.document);
    assert_eq!(mirror.snapshots, 1);
}

/// All that is answered or pushed and is no state: a pong, one of the transport's, lines of the log, acks, refusals.
async fn say_everything(stage: &Stage, socket: &mut Socket, round: u32) {
    let id = |what: &str| format!("{what}-{round}");
    let ask = [
        ClientFrame::Ping { ts: 1.0, id: Some(id("ping")) },
        ClientFrame::LogsSubscribe { filter: LogRequest::default() },
        ClientFrame::LogsReplay { since_seq: 0, limit: Some(3) },
        dispatch_frame(&id("taken"), &id("mine"), None),
        dispatch_frame(&id("repeated"), &id("mine"), None),
        ClientFrame::Unsubscribe { id: id("no-such"), sub: "absent".into() },
    ];
    stage.server.board.logs().write("stdout", Level::Info, "a line", None);
    for frame in &ask {
        socket.send(frame).await.expect("it is taken");
    }
    socket.send_text("not json").await.expect("it is taken");
    socket.send_frame(&masked::ping(b"x", [1, 2, 3, 4])).await.expect("it is taken");
}

/// W1.8: the original looked once whether a client was silent. Here it is asked after each silence, and the first one that
/// brings no answer ends it.
#[tokio::test]
async fn silence_is_looked_for_again_and_again() {
    const ROUNDS: u32 = 12;
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    tokio::time::pause();
    let since = tokio::time::Instant::now();
    for round in 0..ROUNDS {
        let asked = socket.next().await.expect("it is not shown out");
        assert!(matches!(asked, ServerFrame::Ping { .. }), "round {round}: {asked:?}");
        socket.send(&ClientFrame::Pong { ts: 0.0 }).await.expect("it is taken");
    }
    // Twice the heartbeat of a client before it is asked, no sooner and not much later.
    let per_round = since.elapsed() / ROUNDS;
    assert!((Duration::from_secs(20)..Duration::from_secs(25)).contains(&per_round), "{per_round:?}");
    // Now it is silent: one question is enough, however long it is waited for.
    let mut questions = 0;
    let code = loop {
        match socket.hear().await {
            Heard::Text(text) if text.contains(r#""ping""#) => questions += 1,
            Heard::Closed(said) => break said.map(|(code, _)| code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((questions, code), (1, Some(close::HEARTBEAT_TIMEOUT)));
}

/// W1.8: flow control threw events away. Here what a connection has no room for is folded into what it is told next, so
/// that each job's end reaches somebody who reads nothing while they happen.
#[tokio::test]
async fn every_end_reaches_somebody_who_did_not_read() {
    const JOBS: usize = 400;
    let mut stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    for number in 0..JOBS {
        stage.dispatch(work(&format!("job-{number}"), 4000)).await.unwrap();
        let attempt = stage.attempts.next().await;
        attempt.finish(Outcome::Succeeded(number.to_string().into()));
    }
    // It asks for an answer, too, and that one is not lost among the state.
    socket.send(&dispatch_frame("late", "late", None)).await.unwrap();
    let (mut answers, mut ends) = (0, 0);
    while answers == 0 || ends < JOBS as u64 {
        let frame = next(&mut socket).await;
        answers += u32::from(matches!(&frame, ServerFrame::Ack { id, .. } if id == "late"));
        mirror.take(frame).expect("no gap");
        ends = mirror.document().at("/summary/succeeded").and_then(|count| count.as_u64()).unwrap_or(0);
    }
    follow(&mut socket, &mut mirror, stage.server.board.state().version).await;
    assert_eq!(mirror.document(), &stage.server.board.state().document);
    assert_eq!(mirror.snapshots, 1, "it was never told to begin anew");
}
