//! Finished jobs go: by time, on request; and come back from the store.

use crate::kit::{Board, failed};
use callboard_core::{Archived, Effect, End, Input, Limits, Retention};
use callboard_protocol::{
    JobId, Node, Time, caps,
    command::{Command, JobArgs},
    error::ErrorCode,
    job::{AttemptOutcome, DispatchArgs, JobState},
    to_node,
};

fn wide() -> Board {
    Board::with(Limits { concurrency: 1, ..Limits::default() })
}

fn ended(board: &mut Board, id: &str, end: End) {
    board.dispatch(id, |_| ());
    board.advance();
    board.end(id, 1, end);
}

#[test]
fn finished_jobs_are_kept_as_long_as_their_outcome_says() {
    let mut board = wide();
    ended(&mut board, "good", End::succeeded(Node::from("kept")));
    ended(&mut board, "bad", failed());
    assert_eq!(board.core.next_due(), Some(Time(1_000).plus_ms(caps::RETAIN_MS)));
    board.now += caps::RETAIN_MS as i64;
    let decided = board.core.advance(&board.context(None)).expect("it is due");
    board.follow(&decided);
    assert_eq!(decided.archive, [Archived::Delete(JobId::from("good"))]);
    assert_eq!(decided.effects, [Effect::Forget(JobId::from("good"))]);
    assert_eq!(board.at("/results/good/result"), Node::from("kept"), "the gallery has a limit of its own");
    board.advance();
    assert_eq!(board.state("bad"), JobState::Failed);
    board.now += caps::RETAIN_FAILED_MS as i64;
    board.advance();
    assert_eq!(board.at("/jobs"), Node::object());
}

#[test]
fn retention_can_be_configured() {
    let retention = Retention { succeeded_ms: 5, ..Retention::default() };
    let mut board = Board::with(Limits { retention, ..Limits::default() });
    ended(&mut board, "a", End::succeeded(Node::Null));
    assert_eq!(board.core.next_due(), Some(Time(1_005)));
}

#[test]
fn clear_takes_what_fits_and_says_how_many() {
    let mut board = wide();
    ended(&mut board, "old", End::succeeded(Node::Null));
    board.now += 1_000;
    ended(&mut board, "good", End::succeeded(Node::Null));
    ended(&mut board, "bad", failed());
    ended(&mut board, "gone", End::stopped(AttemptOutcome::Cancelled));
    board.dispatch("waits", |_| ());
    let deleted = |board: &mut Board, args: &str| {
        let decided = board.say("jobs.clear", args).expect("accepted");
        decided.result.child("deleted").and_then(Node::as_u64).expect("a number")
    };
    assert_eq!(deleted(&mut board, r#"{"states":["failed"],"olderThanMs":1}"#), 0);
    assert_eq!(deleted(&mut board, r#"{"olderThanMs":500}"#), 1);
    assert_eq!(deleted(&mut board, r#"{"queue":"other"}"#), 0);
    assert_eq!(deleted(&mut board, r#"{"states":["failed","cancelled"],"kind":"echo"}"#), 2);
    assert_eq!(deleted(&mut board, "{}"), 1);
    assert_eq!(board.state("waits"), JobState::Queued);
    let refused = board.say("jobs.clear", r#"{"states":["running"]}"#).expect_err("not terminal");
    assert_eq!(refused.code, ErrorCode::InvalidArgs);
}

#[test]
fn one_clear_is_a_small_step() {
    let mut board = Board::with(Limits { history: 1_000, ..Limits::default() });
    for index in 0..caps::CLEAR_STEP + 10 {
        ended(&mut board, &format!("j{index}"), End::succeeded(Node::Null));
    }
    let decided = board.say("jobs.clear", "{}").expect("accepted");
    assert_eq!(decided.result.child("more"), Some(&Node::from(true)));
    assert_eq!(
        board.core.document().child("jobs").and_then(Node::as_object).map(|jobs| jobs.len()),
        Some(10)
    );
}

/// A finished job as the store has it.
fn stored(id: &str) -> Node {
    let mut board = wide();
    board.dispatch(id, |_| ());
    board.advance();
    board.end(id, 1, failed());
    to_node(&board.job(id)).expect("a record")
}

#[test]
fn a_job_that_only_the_store_has_can_be_run_again() {
    let mut board = wide();
    let retry = || Command::Retry(JobArgs { id: JobId::from("old") });
    assert_eq!(board.send(retry()).expect_err("unknown").code, ErrorCode::NotFound);
    let decided = board.receive(board.knowing(retry(), vec![stored("old")])).expect("accepted");
    assert!(matches!(&decided.archive[..], [Archived::Job(..)]), "retention must pass the stored row by");
    board.settle();
    assert_eq!(board.at("/summary/queues/default/queued"), Node::from(1u32));
    assert_eq!(board.advance(), ["old"]);
    board.end("old", 2, End::succeeded(Node::Null));
    assert_eq!((board.state("old"), board.job("old").attempt), (JobState::Succeeded, 2));
}

/// Seed 549: somebody had read the record before another one's deletion was stored.
#[test]
fn what_was_read_before_a_deletion_brings_nothing_back() {
    let mut board = wide();
    let args = || JobArgs { id: JobId::from("old") };
    let late = board.knowing(Command::Retry(args()), vec![stored("old")]);
    board.receive(board.knowing(Command::Delete(args()), vec![stored("old")])).expect("accepted");
    assert_eq!(board.receive(late.clone()).expect_err("it is gone").code, ErrorCode::NotFound);
    let Input::CommandWith(command, known) = late else { unreachable!("it is a command") };
    // One of the same name that was read since is another one.
    board.receive(board.knowing(command, known.records)).expect("accepted");
}

#[test]
fn an_id_that_only_the_store_has_is_taken() {
    let mut board = wide();
    let args = DispatchArgs { id: Some("old".into()), kind: "echo".into(), ..DispatchArgs::default() };
    let dispatch = Command::Dispatch(Box::new(args));
    let refused = board.receive(board.knowing(dispatch, vec![stored("old")])).expect_err("taken");
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[test]
fn a_job_that_only_the_store_has_can_be_deleted() {
    let mut board = wide();
    let delete = Command::Delete(JobArgs { id: JobId::from("old") });
    let decided = board.receive(board.knowing(delete, vec![stored("old")])).expect("accepted");
    assert_eq!(decided.archive, [Archived::Delete(JobId::from("old"))]);
    assert!(decided.change.is_some(), "a row of the store goes with a change only");
}
