//! Without the subprotocol: what the clients of seed 3 expect (S3.9, S3.11, S3.12).

use crate::kit::{Stage, assert_still_served, next, stage, work};
use callboard_protocol::{
    frame::{ClientFrame, ServerFrame, close},
    log::Level,
};
use callboard_testkit::{Mirror, Socket, SocketOptions};

async fn open(stage: &Stage, token: bool) -> Socket {
    let token = token.then(|| stage.server.token().to_owned());
    let options = SocketOptions { subprotocol: false, token, ..SocketOptions::default() };
    let socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
    assert_eq!(socket.protocol, None);
    socket
}

/// S3.9: the snapshot, then the log, then patches; and no greeting before them.
#[tokio::test]
async fn the_snapshot_is_first_the_log_second_then_come_patches() {
    let stage = stage().await;
    stage.server.board.logs().write("server", Level::Info, "hello", None);
    for with_header in [true, false] {
        let mut socket = open(&stage, with_header).await;
        if !with_header {
            socket.send(&ClientFrame::Auth { token: stage.server.token().into() }).await.unwrap();
        }
        let mut mirror = Mirror::default();
        let snapshot = next(&mut socket).await;
        assert!(matches!(snapshot, ServerFrame::StateSnapshot { .. }), "{snapshot:?}");
        mirror.take(snapshot).unwrap();
        let ServerFrame::LogsHistory { entries, to_seq, .. } = next(&mut socket).await else {
            panic!("no log")
        };
        assert_eq!(entries.last().map(|entry| &*entry.message), Some("hello"));
        assert_eq!(entries.last().map(|entry| entry.seq), Some(to_seq));

        let job = format!("job-{with_header}");
        let accepted = stage.dispatch(work(&job, 1)).await.unwrap();
        let patch = next(&mut socket).await;
        let ServerFrame::StatePatch { from_version, .. } = &patch else { panic!("{patch:?}") };
        assert_eq!(*from_version, mirror.version());
        mirror.take(patch).unwrap();
        while mirror.version() < accepted.version {
            mirror.take(next(&mut socket).await).unwrap();
        }
        assert!(mirror.document().child("jobs").and_then(|jobs| jobs.child(&job)).is_some());
        assert_still_served(&mut socket).await;
    }
}

#[tokio::test]
async fn a_wrong_token_in_the_first_message_ends_it() {
    let stage = stage().await;
    let mut socket = open(&stage, false).await;
    socket.send(&ClientFrame::Auth { token: "wrong".into() }).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::UNAUTHORIZED));
}

/// S3.12: a resync without a position is answered with everything.
#[tokio::test]
async fn a_resync_brings_everything() {
    let stage = stage().await;
    let mut socket = open(&stage, true).await;
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    assert!(matches!(next(&mut socket).await, ServerFrame::LogsHistory { .. }));
    socket.send_text(r#"{"type":"state.resync"}"#).await.unwrap();
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
}
