//! Jobs that were started by others: a cancel of the one reaches the other, nothing else does.

use crate::kit::{Board, failed};
use callboard_core::End;
use callboard_protocol::{
    JobId, Node,
    command::Command,
    error::ErrorCode,
    job::{AttemptOutcome, DispatchArgs, JobState},
};

fn child(board: &mut Board, id: &str, of: &str) {
    board.dispatch(id, |args| args.parent_id = Some(of.into()));
}

fn refused(board: &mut Board, of: &str) -> (ErrorCode, String) {
    let args = DispatchArgs {
        id: Some("n".into()),
        kind: "echo".into(),
        parent_id: Some(JobId::from(of)),
        ..DispatchArgs::default()
    };
    let before = board.core.document().clone();
    let refused = board.send(Command::Dispatch(Box::new(args))).expect_err("it is refused");
    assert_eq!(board.core.document(), &before);
    (refused.code, refused.message)
}

#[test]
fn a_cancel_reaches_all_generations() {
    let mut board = Board::new(2);
    board.dispatch("a", |_| ());
    assert_eq!(board.advance(), ["a"]);
    child(&mut board, "b", "a");
    child(&mut board, "waits", "a");
    assert_eq!(board.advance(), ["b"]);
    child(&mut board, "c", "b");
    assert_eq!(board.job("c").parent_id, Some("b".into()));
    board.cancel("a").expect("accepted");
    board.advance();
    assert_eq!((board.state("a"), board.state("b")), (JobState::Running, JobState::Running));
    let cancel = board.job("b").cancel.expect("it is to stop");
    assert_eq!(cancel.reason.as_deref(), Some("job \"a\", which started it, was cancelled"));
    assert_eq!([board.state("waits"), board.state("c")], [JobState::Cancelled; 2]);
    for id in ["a", "b"] {
        board.end(id, 1, End::stopped(AttemptOutcome::Cancelled));
        assert_eq!(board.state(id), JobState::Cancelled);
    }
    assert!(board.advance().is_empty());
}

#[test]
fn another_end_does_not() {
    for end in [End::succeeded(Node::Null), failed()] {
        let mut board = Board::new(2);
        board.dispatch("a", |_| ());
        board.advance();
        child(&mut board, "b", "a");
        board.end("a", 1, end);
        assert_eq!(board.advance(), ["b"]);
        assert!(board.job("b").cancel.is_none());
    }
}

/// The record of the one stays until the other has heard, although history is full; a crash in between loses nothing.
#[test]
fn a_crash_between_the_two_cancels_loses_nothing() {
    let mut board = Board::new(1);
    board.dispatch("busy", |_| ());
    board.advance();
    board.dispatch("a", |_| ());
    child(&mut board, "b", "a");
    board.cancel("a").expect("accepted");
    for number in 0..5 {
        let id = format!("over{number}");
        board.dispatch(&id, |_| ());
        board.cancel(&id).expect("accepted");
    }
    assert_eq!((board.state("a"), board.state("b")), (JobState::Cancelled, JobState::Queued));
    let refused = board.say("jobs.delete", r#"{"id":"a"}"#).expect_err("one must hear of its end first");
    assert_eq!(refused.code, ErrorCode::Conflict);
    board.crash();
    board.advance();
    assert_eq!(board.state("b"), JobState::Cancelled);
    board.say("jobs.delete", r#"{"id":"a"}"#).expect("nobody has to hear of it any more");
}

#[test]
fn a_job_that_has_ended_or_is_to_stop_starts_no_others() {
    let mut board = Board::new(2);
    for id in ["over", "stopping"] {
        board.dispatch(id, |_| ());
    }
    board.advance();
    board.end("over", 1, End::succeeded(Node::Null));
    board.cancel("stopping").expect("accepted");
    for (parent, code) in [
        ("over", ErrorCode::Conflict),
        ("stopping", ErrorCode::Conflict),
        ("nobody", ErrorCode::NotFound),
        ("n", ErrorCode::NotFound),
        ("no id", ErrorCode::InvalidArgs),
    ] {
        let (told, message) = refused(&mut board, parent);
        assert!(told == code && message.contains("parentId"), "{parent}: {told:?} {message}");
    }
    let schedule = r#"{"id":"s","everyMs":1000,"job":{"kind":"echo","parentId":"stopping"}}"#;
    let refused = board.say("schedules.put", schedule).expect_err("each time would be too late");
    assert!(refused.message.contains("parentId"), "{}", refused.message);
}

#[test]
fn a_thousand_children_are_told_one_change_each() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    for number in 0..1000 {
        child(&mut board, &format!("c{number}"), "a");
    }
    let decided = board.cancel("a").expect("accepted");
    assert!(decided.change.is_some_and(|change| change.ops.len() < 20), "the answer does not wait for them");
    let before = board.core.version();
    assert!(board.advance().is_empty());
    assert_eq!(board.core.version() - before, 1000);
}
