//! Bad clients: what is no message, no frame, too large, too late or another protocol (protocol 8, X12).

use crate::kit::{Stage, assert_still_served, next, stage};
use callboard_protocol::{
    caps,
    error::ErrorCode,
    frame::{ClientFrame, ClientInfo, LogRequest, PROTOCOL, ServerFrame, close},
};
use callboard_testkit::{Heard, Socket, SocketOptions};
use callboard_ws::{Deflater, close_code, masked};
use std::time::Duration;

async fn open(stage: &Stage) -> Socket {
    stage.socket(None).await.0
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_the_connection_stays() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    let wrong = ["", "{", "[]", "null", "7", r#""ping""#, "{}", r#"{"type":7}"#, r#"{"type":"cmd"}"#];
    for text in wrong {
        socket.send_text(text).await.unwrap();
        let answer = loop {
            match next(&mut socket).await {
                ServerFrame::Error { code, retryable, .. } => break (code, retryable),
                ServerFrame::StateSnapshot { .. } => {}
                other => panic!("{text}: {other:?}"),
            }
        };
        assert_eq!(answer, (ErrorCode::BadMessage, false), "{text}");
    }
    assert_still_served(&mut socket).await;
}

#[tokio::test]
async fn somebody_who_sends_nothing_else_is_shown_out() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    for _ in 0..32 {
        // It may be gone before the last one.
        let _ = socket.send_text("{").await;
    }
    assert_eq!(socket.close_code().await, Some(close::BAD_MESSAGE));
}

/// S3.11: a newer client may say things that this server does not know.
#[tokio::test]
async fn unknown_types_and_members_are_ignored() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    socket.send_text(r#"{"type":"from.the.future","x":[1,2,3]}"#).await.unwrap();
    socket.send_text(r#"{"type":"pong","ts":1,"mood":"good"}"#).await.unwrap();
    assert_still_served(&mut socket).await;
}

#[tokio::test]
async fn what_is_too_large_ends_the_connection_with_1009() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    // The header alone says so; the server need not read on, so the rest may not be taken.
    let _ = socket.send_text(&" ".repeat(caps::MESSAGE_BYTES_IN + 1)).await;
    assert_eq!(socket.close_code().await, Some(close::TOO_BIG));

    let mut socket = open(&stage).await;
    let message = r#"{"type":"pong"}"#;
    let padded = format!("{message}{}", " ".repeat(caps::MESSAGE_BYTES_IN - message.len()));
    socket.send_text(&padded).await.unwrap();
    assert_still_served(&mut socket).await;
}

#[tokio::test]
async fn a_deflate_bomb_ends_the_connection_with_1009() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    assert!(socket.deflate);
    let bomb = " ".repeat(caps::INFLATED_BYTES_IN + 1);
    let frame = masked::text_deflated(&bomb, &mut Deflater::new(9), [1, 2, 3, 4]);
    assert!(frame.size_bytes() < caps::MESSAGE_BYTES_IN / 10, "it is small on the wire");
    socket.send_frame(&frame).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::TOO_BIG));
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection() {
    let stage = stage().await;
    let key = [0u8; 4];
    let bad_utf8 = [&[0x81, 0x82][..], &key, &[0xC3, 0x28]].concat();
    let cases: [(&str, Vec<u8>, u16); 6] = [
        ("not masked", vec![0x81, 0x02, b'{', b'}'], close_code::PROTOCOL),
        ("a reserved bit", [&[0xA1, 0x80][..], &key].concat(), close_code::PROTOCOL),
        ("an unknown opcode", [&[0x83, 0x80][..], &key].concat(), close_code::PROTOCOL),
        ("a long control frame", [&[0x89, 0xFE, 0x01, 0x00][..], &key].concat(), close_code::PROTOCOL),
        ("no UTF-8", bad_utf8, close_code::INVALID_PAYLOAD),
        ("binary", [&[0x82, 0x80][..], &key].concat(), close_code::UNSUPPORTED),
    ];
    for (what, bytes, code) in cases {
        let mut socket = open(&stage).await;
        socket.send_bytes(&bytes).await.unwrap();
        assert_eq!(socket.close_code().await, Some(code), "{what}");
    }
}

#[tokio::test]
async fn another_protocol_is_refused_for_good() {
    let stage = stage().await;
    for protocol in [0, PROTOCOL + 1, u32::MAX] {
        let mut socket = Socket::open(stage.server.address(), &stage.server.socket_options()).await.unwrap();
        let client = ClientInfo { name: "t".into(), version: "0".into(), instance: "i".into() };
        let hello = ClientFrame::Hello {
            protocol,
            client,
            auth: None,
            subs: None,
            logs: None,
            caps: None,
            connection_count: None,
        };
        socket.send(&hello).await.unwrap();
        assert_eq!(socket.close_code().await, Some(close::PROTOCOL_UNSUPPORTED), "{protocol}");
    }
}

#[tokio::test]
async fn somebody_who_says_nothing_is_shown_out() {
    let stage = stage().await;
    for subprotocol in [true, false] {
        let options = SocketOptions { subprotocol, ..SocketOptions::default() };
        let mut socket = Socket::open(stage.server.address(), &options).await.unwrap();
        tokio::time::pause();
        assert_eq!(socket.close_code().await, Some(close::HELLO_TIMEOUT));
        tokio::time::resume();
    }
}

/// X12: the server asks after a silence, and gives up when nothing comes.
#[tokio::test]
async fn a_client_that_is_gone_without_a_word_is_noticed() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    socket
        .send(&ClientFrame::LogsSubscribe {
            filter: LogRequest { enabled: Some(false), ..LogRequest::default() },
        })
        .await
        .unwrap();
    assert_still_served(&mut socket).await;
    tokio::time::pause();
    let silent_since = tokio::time::Instant::now();
    assert!(matches!(socket.next().await.unwrap(), ServerFrame::Ping { .. }));
    // One answer is life: it is asked again and not shown out.
    socket.send(&ClientFrame::Pong { ts: 0.0 }).await.unwrap();
    assert!(matches!(socket.next().await.unwrap(), ServerFrame::Ping { .. }));
    assert_eq!(socket.close_code().await, Some(close::HEARTBEAT_TIMEOUT));
    assert!(silent_since.elapsed() < Duration::from_secs(300));
}

/// Control frames of the transport are answered too.
#[tokio::test]
async fn a_websocket_ping_is_answered() {
    let stage = stage().await;
    let mut socket = open(&stage).await;
    socket.send_frame(&masked::ping(b"hello", [9, 8, 7, 6])).await.unwrap();
    while socket.hear().await != Heard::Control {}
    socket.send_frame(&masked::close(1000, "", [9, 8, 7, 6])).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::NORMAL));
}
