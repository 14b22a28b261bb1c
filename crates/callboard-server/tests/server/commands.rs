//! `cmd` and its answers (protocol 6): one answer each, idempotent by key, typed errors.

use crate::kit::{answer_to, dispatch_frame, follow, stage};
use callboard_protocol::{
    Node, caps,
    error::ErrorCode,
    frame::{ClientFrame, ServerFrame},
};
use callboard_testkit::Mirror;

fn cmd(id: &str, name: &str, args: &str) -> ClientFrame {
    let args: Node = serde_json::from_str(args).expect("JSON");
    ClientFrame::Cmd { id: id.into(), name: name.into(), args, key: None }
}

#[tokio::test]
async fn an_ack_names_the_version_at_which_its_effect_is_visible() {
    let stage = stage().await;
    let (mut socket, _, version) = stage.socket(None).await;
    let mut mirror = Mirror::default();
    follow(&mut socket, &mut mirror, version).await;
    socket.send(&dispatch_frame("1", "a", None)).await.unwrap();
    let acked = loop {
        match crate::kit::next(&mut socket).await {
            ServerFrame::Ack { id, version, result, dup, epoch, .. } => {
                assert_eq!((id.as_str(), dup, &epoch), ("1", None, stage.server.board.epoch()));
                assert_eq!(result.child("id"), Some(&Node::from("a")));
                break version;
            }
            other => drop(mirror.take(other).unwrap()),
        }
    };
    follow(&mut socket, &mut mirror, acked).await;
    assert!(mirror.document().at("/jobs/a").is_some());
}

/// A client that lost the answer sends the same again over its next connection.
#[tokio::test]
async fn a_repeated_key_is_answered_as_before() {
    let stage = stage().await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let (mut socket, ..) = stage.socket(None).await;
        socket.send(&dispatch_frame("1", "a", Some("my-key"))).await.unwrap();
        let ServerFrame::Ack { version, result, dup, .. } = answer_to(&mut socket, "1").await else {
            panic!("refused");
        };
        answers.push((version, result, dup));
    }
    let (version, result, _) = answers[0].clone();
    let again = (version, result.clone(), Some(true));
    assert_eq!(answers, [(version, result, None), again.clone(), again]);
}

/// Without a key, an id is good for once per instance; another instance may use the same.
#[tokio::test]
async fn ids_of_different_clients_do_not_meet() {
    let stage = stage().await;
    for job in ["a", "b"] {
        let (mut socket, ..) = stage.socket(None).await;
        socket.send(&dispatch_frame("1", job, None)).await.unwrap();
        let ServerFrame::Ack { dup, result, .. } = answer_to(&mut socket, "1").await else {
            panic!("refused")
        };
        assert_eq!((dup, result.child("id")), (None, Some(&Node::from(job))));
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_typed_error() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    let long_id = "x".repeat(caps::ID_BYTES + 1);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let deep = format!(r#"{{"kind":"work","args":{{"a":{deep}}}}}"#);
    let large = format!(r#"{{"kind":"work","args":{{"a":"{}"}}}}"#, "x".repeat(caps::ARGS_BYTES));
    let cases = [
        ("1", "no.such.command", "{}", ErrorCode::UnknownCommand),
        ("2", "jobs.cancel", "{}", ErrorCode::InvalidArgs),
        ("3", "jobs.cancel", r#"{"id":"none"}"#, ErrorCode::NotFound),
        ("4", "jobs.dispatch", r#"{"kind":"nothing"}"#, ErrorCode::UnknownKind),
        ("5", "jobs.dispatch", r#"{"kind":"work","misspelt":1}"#, ErrorCode::InvalidArgs),
        ("6", "jobs.dispatch", r#"{"kind":"work","id":"a/b"}"#, ErrorCode::InvalidArgs),
        ("7", "jobs.dispatch", r#"{"kind":"work","maxAttempts":0}"#, ErrorCode::InvalidArgs),
        ("8", "jobs.dispatch", &large, ErrorCode::TooLarge),
        ("9", "jobs.dispatch", &deep, ErrorCode::TooLarge),
        ("10", "jobs.dispatch", "7", ErrorCode::InvalidArgs),
        (&long_id, "jobs.cancel", r#"{"id":"none"}"#, ErrorCode::InvalidArgs),
    ];
    let before = stage.server.board.state().version;
    for (id, name, args, expected) in cases {
        socket.send(&cmd(id, name, args)).await.unwrap();
        let ServerFrame::Error { code, message, retryable, .. } = answer_to(&mut socket, id).await else {
            panic!("{name} {args:.60}: accepted");
        };
        assert_eq!((code, retryable), (expected, code.is_retryable()), "{name} {args:.60}: {message}");
        assert!(!message.is_empty() && message.len() < 1000, "{message}");
    }
    assert_eq!(stage.server.board.state().version, before);
}

/// X9: what is too much at once is refused, not queued.
#[tokio::test]
async fn too_many_commands_under_way_are_refused() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    stage.faults.hold_appends();
    for number in 0..=caps::INFLIGHT {
        socket.send(&dispatch_frame(&format!("c{number}"), &format!("job-{number}"), None)).await.unwrap();
    }
    let last = format!("c{}", caps::INFLIGHT);
    let ServerFrame::Error { code, retryable, .. } = answer_to(&mut socket, &last).await else {
        panic!("taken")
    };
    assert_eq!((code, retryable), (ErrorCode::Overloaded, true));
    stage.faults.release_appends();
    assert!(matches!(answer_to(&mut socket, "c0").await, ServerFrame::Ack { .. }));
}

#[tokio::test]
async fn a_full_disk_is_told_as_such() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    stage.faults.reject_appends(1);
    socket.send(&dispatch_frame("1", "a", None)).await.unwrap();
    let ServerFrame::Error { code, retryable, .. } = answer_to(&mut socket, "1").await else {
        panic!("taken")
    };
    assert_eq!((code, retryable), (ErrorCode::StorageFailed, true));
    // The same id again: nothing of the first one was kept.
    socket.send(&dispatch_frame("1", "a", None)).await.unwrap();
    assert!(matches!(answer_to(&mut socket, "1").await, ServerFrame::Ack { dup: None, .. }));
}
