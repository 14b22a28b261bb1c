//! What happens when all places are taken. The limits themselves are too large for a test to reach.

use super::*;
use callboard::BoardOptions;
use callboard_protocol::frame::{ServerFrame, close};
use callboard_testkit::{Socket, SocketOptions, hello, soon};

async fn serve_few(places: Places) -> (Running, Board, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let board = Board::open(BoardOptions::default()).await.expect("opens");
    let options = ServeOptions {
        data: folder.path().into(),
        host: std::net::Ipv4Addr::LOCALHOST.into(),
        port: 0,
        base_path: "/".into(),
        origins: Vec::new(),
    };
    (serve_up_to(places, board.clone(), options).await.expect("it starts"), board, folder)
}

async fn open(running: &Running) -> io::Result<Socket> {
    let token = Some(running.token.clone());
    let options = SocketOptions { deflate: false, token, ..SocketOptions::default() };
    Socket::open(running.address, &options).await
}

/// X9: the limit holds for those who stay, not only while they are asking.
#[tokio::test]
async fn sessions_count_as_connections() {
    let (mut running, ..) = serve_few(Places { connections: 2, snapshots: 2 }).await;
    let first = open(&running).await.expect("there is a place");
    let _second = open(&running).await.expect("there is another");
    assert!(open(&running).await.is_err(), "there is no third");
    drop(first);
    let third = async {
        // The place is free when the server has seen the end.
        while open(&running).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon("a place", third).await.expect("in time");
    running.shutdown().await;
}

/// Sync 5.3: who finds no place for its snapshot is told when to come again, and is served then.
#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_place_for_a_snapshot_is_sent_away_for_a_while() {
    let (mut running, board, _folder) = serve_few(Places { connections: 8, snapshots: 1 }).await;
    // More than the buffers of a loopback connection hold on both sides.
    for number in 0..24 {
        let text = "x".repeat(900 * 1024);
        board.set(&format!("/app.big{number}/text"), &text).await.expect("a write is taken");
    }
    let mut slow = open(&running).await.expect("there is a place");
    slow.send(&hello("slow", None, None)).await.expect("it is taken");
    assert!(matches!(slow.next().await, Ok(ServerFrame::Welcome { .. })));

    let mut other = open(&running).await.expect("there is a place");
    other.send(&hello("other", None, None)).await.expect("it is taken");
    assert!(matches!(soon("a welcome", other.next()).await.unwrap(), Ok(ServerFrame::Welcome { .. })));
    let said = soon("a word", other.next()).await.unwrap().expect("it is not cut off");
    let ServerFrame::Goaway { reason, reconnect_after_ms: (least, most) } = said else {
        panic!("instead of a goaway: {said:?}")
    };
    assert_eq!((reason.as_str(), least >= 1000, most > least), ("overload", true, true));
    assert_eq!(other.close_code().await, Some(close::OVERLOAD));
    assert_eq!(
        running.counters().into_iter().find(|(name, _)| *name == "overloaded"),
        Some(("overloaded", 1))
    );

    drop(slow);
    let mut again = open(&running).await.expect("there is a place");
    again.send(&hello("other", None, None)).await.expect("it is taken");
    assert!(matches!(soon("a welcome", again.next()).await.unwrap(), Ok(ServerFrame::Welcome { .. })));
    let state = soon("the state", again.next()).await.unwrap().expect("a message");
    assert!(matches!(state, ServerFrame::StateSnapshot { .. }), "{state:?}");
    running.shutdown().await;
}
