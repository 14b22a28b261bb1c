//! Devices and streams are watched by when they were last seen (S3.3).

use crate::kit::Board;
use callboard_core::missing;
use callboard_protocol::{Node, caps, error::ErrorCode};

fn status(board: &Board, path: &str) -> String {
    board.at(&format!("/{path}/status")).as_str().unwrap_or_default().to_string()
}

#[test]
fn a_device_that_is_not_seen_is_lost_and_comes_back() {
    let mut board = Board::new(1);
    board
        .say("devices.put", r#"{"id":"meter","type":"power","status":"online","staleAfterMs":5000}"#)
        .unwrap();
    board.now += 4_000;
    board.say("devices.seen", r#"{"id":"meter"}"#).unwrap();
    board.now += 4_999;
    board.advance();
    assert_eq!(status(&board, "devices/meter"), "online");
    board.now += 1;
    board.advance();
    assert_eq!(status(&board, "devices/meter"), "lost");
    assert_eq!(board.core.next_due(), None, "nothing is asked for while it is away");
    board.say("devices.seen", r#"{"id":"meter"}"#).unwrap();
    assert_eq!(status(&board, "devices/meter"), "online", "as it was before");
}

/// A crash forgets no deadline: what was not seen meanwhile is lost.
#[test]
fn what_was_not_seen_during_a_restart_is_lost() {
    let mut board = Board::new(1);
    board
        .say("streams.put", r#"{"id":"cam","status":"live","url":"rtsp://cam/1","staleAfterMs":1000}"#)
        .unwrap();
    board.crash();
    board.now += 2_000;
    board.advance();
    assert_eq!(status(&board, "streams/cam"), "lost");
}

/// S3.7: measurements do not belong into the state.
#[test]
fn being_seen_again_at_once_is_no_change() {
    let mut board = Board::new(1);
    board.say("devices.put", r#"{"id":"a","status":"online"}"#).unwrap();
    board.now += caps::SEEN_MS as i64 - 1;
    assert!(board.say("devices.seen", r#"{"id":"a"}"#).unwrap().change.is_none());
    assert!(board.say("devices.seen", r#"{"id":"a","status":"busy"}"#).unwrap().change.is_some());
    board.now += 1;
    assert!(board.say("devices.seen", r#"{"id":"a"}"#).unwrap().change.is_some());
}

#[test]
fn readiness_names_what_is_missing() {
    let mut board = Board::new(1);
    let required = ["devices/meter".to_string()];
    assert_eq!(missing(board.core.document(), &required), ["devices/meter"]);
    board.say("devices.put", r#"{"id":"meter","status":"online"}"#).unwrap();
    board.say("streams.put", r#"{"id":"cam","status":"offline","required":true}"#).unwrap();
    board.say("devices.put", r#"{"id":"spare","status":"offline"}"#).unwrap();
    assert_eq!(missing(board.core.document(), &required), ["streams/cam"]);
    board.say("streams.delete", r#"{"id":"cam"}"#).unwrap();
    assert!(missing(board.core.document(), &required).is_empty());
}

#[test]
fn bad_things_are_refused_by_name() {
    let mut board = Board::new(1);
    for (name, args, code) in [
        ("devices.put", r#"{"id":"","status":"online"}"#, ErrorCode::InvalidArgs),
        ("devices.put", r#"{"id":"a","status":"on line"}"#, ErrorCode::InvalidArgs),
        (
            "devices.put",
            r#"{"id":"a","status":"online","url":"javascript:alert(1)"}"#,
            ErrorCode::InvalidArgs,
        ),
        ("devices.put", r#"{"id":"a","status":"online","staleAfterMs":0}"#, ErrorCode::InvalidArgs),
        ("devices.put", r#"{"id":"a","status":"online","staleAfterMs":-5}"#, ErrorCode::InvalidArgs),
        ("devices.put", r#"{"id":"a","status":"online","colour":"red"}"#, ErrorCode::InvalidArgs),
        ("devices.seen", r#"{"id":"nobody"}"#, ErrorCode::NotFound),
        ("streams.delete", r#"{"id":"nobody"}"#, ErrorCode::NotFound),
    ] {
        assert_eq!(board.say(name, args).unwrap_err().code, code, "{name} {args}");
    }
    assert_eq!(board.at("/devices"), Node::object());
}
