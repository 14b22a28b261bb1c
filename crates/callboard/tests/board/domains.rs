//! State of your own on a board: durable, followed by slices, computed from others (S3.2, S3.6, S3.7).

use crate::kit::{on, stage, work};
use callboard::{Board, BoardOptions, Projection, Writes};
use callboard_exec::Outcome;
use callboard_protocol::{Node, Pointer, error::ErrorCode};
use serde_json::json;

fn path(text: &str) -> Pointer {
    Pointer::parse(text).expect("a pointer")
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let stage = stage(1).await;
    stage.board.set("/app.bench", &json!({ "temperature": 20, "fan": { "on": false } })).await.unwrap();
    let writes = Writes::default().merge("/app.bench/fan", &json!({ "on": true })).unwrap();
    stage.board.write(writes.delete("/app.bench/temperature")).await.unwrap();
    let refused = stage.board.set("/jobs", &json!({})).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidArgs);
    stage.assert_fold().await;
    let again = on(stage.journal.clone(), 1).await;
    let state = again.board.state();
    assert_eq!(
        state.document.at("/app.bench").map(ToString::to_string),
        Some(r#"{"fan":{"on":true}}"#.into())
    );
}

/// S3.4, S3.5: what was read stays as it was, and what a head or a slice tells of can be read already.
#[tokio::test]
async fn a_read_state_is_frozen_and_the_new_one_is_there_before_anybody_hears_of_it() {
    let stage = stage(1).await;
    stage.board.set("/app.bench", &json!({ "temperature": 20 })).await.unwrap();
    let (before, mut head) = (stage.board.state(), stage.board.head());
    let mut slice = stage.board.slice(path("/app.bench/temperature"));
    assert_eq!(slice.next().await.unwrap().value, Some(20u32.into()));
    head.mark_unchanged();
    let accepted = stage.board.set("/app.bench/temperature", &21).await.unwrap();
    head.changed().await.unwrap();
    assert!(stage.board.state().version >= *head.borrow());
    let change = slice.next().await.unwrap();
    assert_eq!((change.value, change.ops.len()), (Some(21u32.into()), 1));
    assert_eq!((change.from, change.to), (before.version, accepted.version));
    assert_eq!(before.document.at("/app.bench/temperature").and_then(Node::as_u64), Some(20));
}

/// S3.6: a slice hears of what touches it and of nothing else, by whole names.
#[tokio::test]
async fn a_slice_is_pointer_exact() {
    let mut stage = stage(1).await;
    let mut slice = stage.board.slice(path("/app.job/a"));
    let first = slice.next().await.unwrap();
    assert_eq!((first.value, first.ops.len(), first.from), (None, 0, first.to));
    let handle = stage.dispatch(work("a")).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.unwrap();
    stage.board.set("/app.jobs/a", "other").await.unwrap();
    stage.board.set("/app.job/ab", "other").await.unwrap();
    stage.board.set("/app.job/a", "mine").await.unwrap();
    let change = slice.next().await.unwrap();
    assert_eq!((change.value, change.ops.len()), (Some("mine".into()), 2), "made with its parent, then set");
    stage.board.replace_state(&json!({})).await.unwrap();
    let gone = slice.next().await.unwrap();
    assert_eq!((gone.value, gone.ops.len()), (None, 1), "a parent that goes takes it along");
}

/// S3.7: what is derived is computed within the change that it follows from.
#[tokio::test]
async fn a_projection_follows_and_is_computed_anew_at_a_start() {
    let count = |state: &Node| {
        let jobs = state.at("/app.parts").and_then(Node::as_object).map_or(0, |parts| parts.len() as u64);
        Node::from(jobs)
    };
    let options = || BoardOptions {
        projections: vec![Projection::new("app.count", [path("/app.parts")], count)],
        ..BoardOptions::default()
    };
    let board = Board::open(options()).await.unwrap();
    board.set("/app.parts/x", &1).await.unwrap();
    board.set("/app.parts/y", &2).await.unwrap();
    assert_eq!(board.state().document.at("/app.count"), Some(&2u32.into()));
    assert_eq!(board.set("/app.count", &9).await.unwrap_err().code, ErrorCode::Conflict);
    board.shutdown().await;
}

#[tokio::test]
async fn readiness_names_required_devices() {
    let options = BoardOptions { required: vec!["devices/meter".into()], ..BoardOptions::default() };
    let board = Board::open(options).await.unwrap();
    assert_eq!(board.not_ready(), ["devices/meter"]);
    let args = serde_json::from_str(r#"{"id":"meter","status":"online"}"#).unwrap();
    let command = callboard_protocol::command::Command::parse("devices.put", &args).unwrap();
    board.send(command, callboard_protocol::Actor::new("test"), None).await.unwrap();
    assert!(board.not_ready().is_empty());
    board.shutdown().await;
}
