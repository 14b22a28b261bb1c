//! Clients that ask for too much: the right close code and a time to come back (protocol 8, X9).

use crate::kit::{flood, next, stage};
use callboard_protocol::{
    caps,
    frame::{ClientFrame, ServerFrame, close},
};
use callboard_testkit::{Heard, Socket, SocketOptions, hello, soon};
use callboard_ws::masked;
use std::time::Duration;

fn counted(counters: &[(&'static str, u64)], name: &str) -> u64 {
    counters.iter().find(|(other, _)| *other == name).expect("it is counted").1
}

/// 4005: so many messages are allowed at once; the next one is answered with a time to come back, and the end.
#[tokio::test]
async fn too_many_messages_are_sent_away_with_a_window() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    // Time stands, so that nothing is earned meanwhile. A type that nobody knows has no answer.
    tokio::time::pause();
    let message = masked::text(r#"{"type":"nothing"}"#, [1, 2, 3, 4]);
    // Twice as many: some were earned before time stood.
    for _ in 0..2 * caps::MESSAGES_BURST {
        if socket.send_frame(&message).await.is_err() {
            break;
        }
    }
    tokio::time::resume();
    let (reason, (least, most)) = loop {
        // Pings of the server may come first.
        if let ServerFrame::Goaway { reason, reconnect_after_ms } = next(&mut socket).await {
            break (reason, reconnect_after_ms);
        }
    };
    assert_eq!(reason, "rate");
    assert!(least >= 1000 && most > least, "{least} to {most} ms");
    assert_eq!(socket.close_code().await, Some(close::RATE_LIMITED));
    assert_eq!(counted(&stage.server.counters(), "rateLimited"), 1);
}

/// 1013, W1.8: answers for somebody who does not read are bounded in number, however small they are.
#[tokio::test]
async fn too_many_answers_that_nobody_reads_end_the_connection() {
    let stage = stage().await;
    let options = SocketOptions { deflate: false, ..stage.server.socket_options() };
    let mut socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
    socket.send(&hello("greedy", None, None)).await.expect("it is taken");
    flood(&stage).await;
    for number in 0..=caps::CONTROL_QUEUE {
        socket.send(&ClientFrame::Ping { ts: number as f64, id: None }).await.expect("it is taken");
    }
    let refused = async {
        while counted(&stage.server.counters(), "unread") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the server has enough", refused).await.unwrap();
    let code = loop {
        match soon("the end", socket.hear()).await.unwrap() {
            Heard::Closed(said) => break said.map(|(code, _)| code),
            Heard::Dropped => break None,
            Heard::Text(_) | Heard::Control => {}
        }
    };
    assert_eq!(code, Some(close::OVERLOAD));
    // Nobody else is disturbed, and the same client may come again.
    let (mut socket, ..) = stage.socket(None).await;
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
}
