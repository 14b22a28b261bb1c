//! Open domains: minimal writes, all or nothing, bounded (S3.1, S3.2, S3.7, X17).

use crate::kit::Board;
use callboard_core::{Core, Decided, Input, Limits, Projection, Recovered};
use callboard_protocol::{Node, Pointer, apply, error::ErrorCode};

fn ops(decided: &Decided) -> Vec<String> {
    let change = decided.change.as_ref().expect("a change");
    change.ops.iter().map(|op| serde_json::to_string(op).expect("JSON")).collect()
}

#[test]
fn only_what_differs_is_written() {
    let mut board = Board::new(1);
    board
        .say("state.set", r#"{"path":"/app.bench","value":{"temp":20,"fan":{"rpm":900},"old":true}}"#)
        .unwrap();
    let decided = board
        .say("state.set", r#"{"path":"/app.bench","value":{"temp":21,"fan":{"rpm":900,"on":true}}}"#)
        .unwrap();
    assert_eq!(
        ops(&decided),
        [
            r#"{"op":"remove","path":"/app.bench/old"}"#,
            r#"{"op":"add","path":"/app.bench/fan/on","value":true}"#,
            r#"{"op":"replace","path":"/app.bench/temp","value":21}"#,
        ]
    );
}

/// S3.2's deliberate difference: a write that changes nothing makes no change and no version (X17).
#[test]
fn a_write_that_changes_nothing_is_no_change() {
    let mut board = Board::new(1);
    let first = board.say("state.set", r#"{"path":"/app.a/b/c","value":[1,2]}"#).unwrap();
    assert_eq!(board.at("/app.a").to_string(), r#"{"b":{"c":[1,2]}}"#, "objects on the way are made");
    for (name, args) in [
        ("state.set", r#"{"path":"/app.a/b","value":{"c":[1,2]}}"#),
        ("state.merge", r#"{"path":"/app.a","value":{"b":{"c":[1,2],"gone":null}}}"#),
        ("state.delete", r#"{"path":"/app.a/x/y"}"#),
        ("state.replace", r#"{"state":{"app.a":{"b":{"c":[1,2]}}}}"#),
    ] {
        let again = board.say(name, args).unwrap();
        assert!(again.change.is_none(), "{name}");
        assert_eq!(again.version, first.version, "{name}");
    }
}

#[test]
fn a_merge_keeps_what_it_does_not_name() {
    let mut board = Board::new(1);
    board.say("state.set", r#"{"path":"/app.a","value":{"x":{"p":1,"q":2},"y":1}}"#).unwrap();
    board.say("state.merge", r#"{"path":"/app.a","value":{"x":{"p":null,"r":3},"y":{"deep":[1]}}}"#).unwrap();
    assert_eq!(board.at("/app.a").to_string(), r#"{"x":{"q":2,"r":3},"y":{"deep":[1]}}"#);
}

#[test]
fn a_transaction_is_one_change_or_none() {
    let mut board = Board::new(1);
    let writes = r#"{"writes":[{"op":"set","path":"/app.a","value":{"n":1}},{"op":"merge","path":"/app.b","value":{"m":2}},
        {"op":"delete","path":"/app.a/n"}]}"#;
    let before = board.core.version();
    let decided = board.say("state.transact", writes).unwrap();
    assert_eq!(decided.version, before + 1);
    assert_eq!(
        (board.at("/app.a").to_string(), board.at("/app.b").to_string()),
        ("{}".into(), r#"{"m":2}"#.into())
    );
    let half =
        r#"{"writes":[{"op":"set","path":"/app.a/n","value":7},{"op":"set","path":"/jobs/x","value":1}]}"#;
    assert_eq!(board.say("state.transact", half).unwrap_err().code, ErrorCode::InvalidArgs);
    assert_eq!(board.at("/app.a").to_string(), "{}", "the first write is taken back");
    assert_eq!(board.core.version(), before + 1);
}

#[test]
fn replace_takes_away_what_it_does_not_name_and_nothing_of_ours() {
    let mut board = Board::new(1);
    board.say("state.set", r#"{"path":"/app.a","value":1}"#).unwrap();
    board.say("state.set", r#"{"path":"/config/features/dark","value":true}"#).unwrap();
    board.say("state.replace", r#"{"state":{"app.b":{"x":1}}}"#).unwrap();
    assert_eq!((board.at("/app.a"), board.at("/app.b/x")), (Node::Null, 1u32.into()));
    assert_eq!(board.at("/config/features/dark"), true.into(), "config stays");
    assert_eq!(board.at("/jobs"), Node::object());
}

#[test]
fn bad_writes_are_refused_and_change_nothing() {
    let mut board = Board::new(1);
    board.say("state.set", r#"{"path":"/app.a","value":{"list":[1],"text":"x"}}"#).unwrap();
    let before = board.core.document().clone();
    let deep = format!(r#"{{"path":"/app.a/d","value":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
    for (name, args) in [
        ("state.set", r#"{"path":"","value":1}"#),
        ("state.set", r#"{"path":"app.a","value":1}"#),
        ("state.set", r#"{"path":"/jobs/a","value":1}"#),
        ("state.set", r#"{"path":"/config","value":{}}"#),
        ("state.set", r#"{"path":"/config/sources/x","value":"flag"}"#),
        ("state.delete", r#"{"path":"/config/sources"}"#),
        ("state.set", r#"{"path":"/app.","value":1}"#),
        ("state.set", r#"{"path":"/app.a b","value":1}"#),
        ("state.set", r#"{"path":"/app.a/list/0","value":1}"#),
        ("state.set", r#"{"path":"/app.a/text/x","value":1}"#),
        ("state.delete", r#"{"path":"/app.a/list/0"}"#),
        ("state.merge", r#"{"path":"/app.a","value":[1]}"#),
        ("state.replace", r#"{"state":[]}"#),
        ("state.replace", r#"{"state":{"jobs":{}}}"#),
        ("state.transact", r#"{"writes":[]}"#),
        ("state.set", r#"{"path":"/app.a"}"#),
        ("state.set", &deep),
    ] {
        let rejection = board.say(name, args).unwrap_err();
        assert!(matches!(rejection.code, ErrorCode::InvalidArgs | ErrorCode::TooLarge), "{name} {args}");
    }
    assert_eq!(board.core.document(), &before);
}

/// X9: a domain is bounded, by what it holds and not by how often it was written; shrinking is never refused.
#[test]
fn a_domain_is_bounded() {
    let mut board = Board::new(1);
    let text = "x".repeat(400_000);
    let set = |board: &mut Board, name: &str, text: &str| {
        board.say("state.set", &format!(r#"{{"path":"/app.big/{name}","value":"{text}"}}"#))
    };
    for _ in 0..5 {
        set(&mut board, "a", &text).unwrap();
        set(&mut board, "a", &text[1..]).unwrap();
    }
    set(&mut board, "b", &text).unwrap();
    assert_eq!(set(&mut board, "c", &text).unwrap_err().code, ErrorCode::TooLarge);
    set(&mut board, "a", "small").unwrap();
    set(&mut board, "c", &text).unwrap();
    board.say("state.delete", r#"{"path":"/app.big"}"#).unwrap();
    set(&mut board, "c", &text).unwrap();
}

#[test]
fn a_projection_is_computed_in_the_change_that_touches_what_it_reads() {
    let sum = |state: &Node| {
        let number = |at: &str| state.at(at).and_then(Node::as_u64).unwrap_or(0);
        Node::from(number("/app.in/a") + number("/app.in/b"))
    };
    let twice = |state: &Node| Node::from(2 * state.at("/app.sum").and_then(Node::as_u64).unwrap_or(0));
    let read = |path: &str| [Pointer::parse(path).expect("a pointer")];
    let projections = vec![
        Projection::new("app.sum", read("/app.in"), sum),
        Projection::new("app.twice", read("/app.sum"), twice),
    ];
    let mut board = Board::new(1);
    board.core = Core::new(Recovered::default(), Limits::default()).with_projections(projections);
    board.receive(Input::Boot { build: "test".into(), node: "n".into() }).unwrap();
    assert_eq!(
        (board.at("/app.sum"), board.at("/app.twice")),
        (0u32.into(), 0u32.into()),
        "computed at the start"
    );
    let decided = board.say("state.set", r#"{"path":"/app.in/a","value":3}"#).unwrap();
    assert_eq!((board.at("/app.sum"), board.at("/app.twice")), (3u32.into(), 6u32.into()));
    let mut mirror = Node::object();
    let change = decided.change.expect("one change");
    assert!(apply(&mut mirror, &change.ops).is_err(), "ops are relative to the state before");
    let paths: Vec<String> = change.ops.iter().map(|op| op.path().to_string()).collect();
    assert_eq!(paths, ["/app.in", "/app.in/a", "/app.sum", "/app.twice"]);
    let other = board.say("state.set", r#"{"path":"/app.input","value":3}"#).unwrap();
    assert_eq!(ops(&other).len(), 1, "/app.input is not below /app.in");
    assert_eq!(
        board.say("state.set", r#"{"path":"/app.sum","value":9}"#).unwrap_err().code,
        ErrorCode::Conflict
    );
}
