//! What users of other systems of this kind complain about (sync 12), where no other file is about it.

use crate::kit::{flood, follow, next, stage, work};
use callboard_protocol::frame::{ClientFrame, ServerFrame};
use callboard_testkit::{Mirror, Socket, SocketOptions, hello, soon};
use serde_json::json;

/// A client that reads slowly is alive: its pings are answered behind what is on its way, every one (uWebSockets#1876).
#[tokio::test]
async fn pongs_come_through_a_full_connection() {
    const PINGS: u64 = 20;
    let stage = stage().await;
    let plain = SocketOptions { deflate: false, ..stage.server.socket_options() };
    let mut slow = Socket::open(stage.server.address(), &plain).await.expect("it opens");
    slow.send(&hello("slow", None, None)).await.expect("it is taken");
    flood(&stage).await;
    for number in 0..PINGS {
        slow.send(&ClientFrame::Ping { ts: number as f64, id: None }).await.expect("it is taken");
    }
    let (mut answered, mut mirror) = (0, Mirror::default());
    while answered < PINGS {
        match soon("a message", slow.next()).await.unwrap().expect("it is not shown out") {
            ServerFrame::Pong { ts, .. } => {
                assert_eq!(ts, answered as f64);
                answered += 1;
            }
            frame => drop(mirror.take(frame).expect("the rules are kept")),
        }
    }
    follow(&mut slow, &mut mirror, stage.server.board.state().version).await;
    assert_eq!(mirror.document(), &stage.server.board.state().document);
}

/// What changed while nobody was there is in what the next one gets, also where a snapshot was kept from before
/// (colyseus#917).
#[tokio::test]
async fn who_comes_after_a_silence_gets_what_happened_in_it() {
    let stage = stage().await;
    let board = &stage.server.board;
    for value in 0..3 {
        let accepted = board.set("/app.n", &json!({ "value": value })).await.unwrap();
        let (mut socket, ..) = stage.socket(None).await;
        let mut mirror = Mirror::default();
        follow(&mut socket, &mut mirror, accepted.version).await;
        assert_eq!(mirror.document(), &board.state().document);
    }
    let snapshots = stage.server.counters().into_iter().find(|(name, _)| *name == "snapshots");
    assert_eq!(snapshots, Some(("snapshots", 1)), "the first one served all of them, with what followed");
}

/// W3.2: a small change is a small message however much there is, and no snapshot follows it.
#[tokio::test]
async fn a_small_change_is_a_small_message() {
    const CHANGES: usize = 5;
    let stage = stage().await;
    for number in 0..500 {
        stage.dispatch(work(&format!("job-{number}"), 300)).await.unwrap();
    }
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    assert!(mirror.document().to_string().len() > 150_000);
    for value in 0..CHANGES {
        let accepted = stage.server.board.set("/app.n", &json!({ "value": value })).await.unwrap();
        while mirror.version() < accepted.version {
            let message = next(&mut socket).await;
            let bytes = serde_json::to_string(&message).expect("it has a JSON form").len();
            assert!(bytes < 300, "{bytes} bytes: {message:?}");
            mirror.take(message).expect("the rules are kept");
        }
    }
    assert_eq!(mirror.snapshots, 1);
}
