//! Unique keys and idempotency keys.

use crate::kit::{Board, settles};
use callboard_core::{Effect, End, Input};
use callboard_protocol::{
    JobId, Node, Time,
    command::Command,
    error::{ErrorCode, Rejection},
    job::{CancelCause, DispatchArgs, JobState, UniquePolicy},
};

fn unique(id: &str, policy: UniquePolicy) -> Command {
    Command::Dispatch(Box::new(DispatchArgs {
        id: Some(JobId::from(id)),
        kind: "echo".into(),
        args: Some(Node::from(id)),
        unique_key: Some("k".into()),
        unique_policy: Some(policy),
        ..DispatchArgs::default()
    }))
}

#[test]
fn a_second_job_with_a_key_is_refused_while_the_first_is_not_finished() {
    let mut board = Board::new(1);
    board.send(unique("a", UniquePolicy::Reject)).expect("accepted");
    let refused = board.send(unique("b", UniquePolicy::Reject)).expect_err("taken");
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert_eq!(refused.details.and_then(|details| details.child("id").cloned()), Some(Node::from("a")));
    board.drain();
    board.send(unique("b", UniquePolicy::Reject)).expect("the key is free again");
}

#[test]
fn a_newer_job_takes_the_place_of_one_that_waits() {
    let mut board = Board::new(1);
    board.send(unique("a", UniquePolicy::Replace)).expect("accepted");
    let decided = board.send(unique("b", UniquePolicy::Replace)).expect("accepted");
    assert_eq!((board.state("a"), settles(&decided)), (JobState::Cancelled, 1));
    assert_eq!(board.job("a").cancel.expect("some").cause, CancelCause::Superseded);
    assert_eq!(board.advance(), ["b"]);
}

#[test]
fn a_newer_job_stops_one_that_runs_and_starts_when_it_has_stopped() {
    let mut board = Board::new(5);
    board.send(unique("a", UniquePolicy::Replace)).expect("accepted");
    board.advance();
    let decided = board.send(unique("b", UniquePolicy::Replace)).expect("accepted");
    let stop = Effect::Stop { id: JobId::from("a"), attempt: 1, cause: CancelCause::Superseded };
    assert_eq!(decided.effects, [stop]);
    assert!(board.advance().is_empty(), "two of one key never run at once");
    board.end("a", 1, End::succeeded(Node::Null));
    assert_eq!(board.state("a"), JobState::Cancelled);
    assert_eq!(board.advance(), ["b"]);
}

#[test]
fn debounced_jobs_become_one_that_has_the_newest_input() {
    let mut board = Board::new(5);
    board.send(unique("a", UniquePolicy::Debounce)).expect("accepted");
    board.now = 1_600;
    let decided = board.send(unique("b", UniquePolicy::Debounce)).expect("accepted");
    assert_eq!(decided.result.child("id"), Some(&Node::from("a")));
    assert_eq!((board.job("a").args, board.core.next_due()), (Node::from("b"), Some(Time(2_600))));
    board.now = 2_600;
    assert_eq!(board.advance(), ["a"]);
    board.send(unique("c", UniquePolicy::Debounce)).expect("one more may wait beside one that runs");
    board.now = 9_000;
    assert!(board.advance().is_empty());
    assert_eq!(board.state("c"), JobState::Queued);
    board.end("a", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["c"]);
}

/// Seed 1464: a wall clock that is set forward is no reason to forget what was answered a moment ago; ten minutes are.
#[test]
fn an_answer_is_remembered_over_a_jump_of_the_clock_and_not_for_ever() {
    let mut board = Board::new(5);
    let send = |board: &mut Board, id: &str| {
        let input = Input::Command(unique(id, UniquePolicy::Reject));
        let decided = board.core.receive(input, &board.context(Some(id)))?;
        board.follow(&decided);
        board.drain();
        Ok::<bool, Rejection>(decided.dup)
    };
    assert_eq!(send(&mut board, "a"), Ok(false));
    board.now += 3_600_000;
    assert_eq!(send(&mut board, "b"), Ok(false));
    assert_eq!(send(&mut board, "a"), Ok(true), "an hour has gone by and one answer");
    // The jump has counted as one minute.
    for minute in 1..=9 {
        assert_eq!(send(&mut board, "a"), Ok(true), "{minute} minutes");
        board.now += 60_000;
        assert_eq!(send(&mut board, &format!("m{minute}")), Ok(false));
    }
    board.now += 60_000;
    assert_eq!(send(&mut board, "last"), Ok(false));
    let forgotten = send(&mut board, "a");
    assert!(forgotten.is_err() || forgotten == Ok(false), "{forgotten:?}");
}

/// Seed 1376: an answer is remembered under its key even when the dispatch says what the job says already.
#[test]
fn a_debounce_that_says_the_same_is_a_change_and_is_remembered() {
    let mut board = Board::new(5);
    board.send(unique("a", UniquePolicy::Debounce)).expect("accepted");
    let Command::Dispatch(again) = unique("a", UniquePolicy::Debounce) else { unreachable!("it dispatches") };
    let again = Command::Dispatch(Box::new(DispatchArgs { id: Some(JobId::from("b")), ..*again }));
    for (times, dup) in [(1, false), (1, true)] {
        let input = Input::Command(again.clone());
        let decided = board.core.receive(input, &board.context(Some("key"))).expect("accepted");
        board.follow(&decided);
        assert_eq!((decided.dup, board.job("a").debounces), (dup, times));
        assert_eq!(decided.result.child("id"), Some(&Node::from("a")));
    }
}

#[test]
fn a_job_cannot_be_run_again_while_another_has_its_key() {
    let mut board = Board::new(1);
    board.send(unique("a", UniquePolicy::Reject)).expect("accepted");
    board.drain();
    board.send(unique("b", UniquePolicy::Reject)).expect("accepted");
    let refused = board.say("jobs.retry", r#"{"id":"a"}"#).expect_err("taken");
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[test]
fn two_of_a_key_do_not_run_at_once_after_a_crash_either() {
    let mut board = Board::new(5);
    board.send(unique("a", UniquePolicy::Debounce)).expect("accepted");
    board.now = 3_000;
    board.advance();
    board.send(unique("b", UniquePolicy::Debounce)).expect("accepted");
    board.now = 5_000;
    board.advance();
    board.crash();
    assert_eq!(board.advance().len(), 1);
}

#[test]
fn an_idempotency_key_is_answered_until_its_ttl_is_over() {
    let mut board = Board::new(1);
    let dispatch = |id: &str| {
        format!(r#"{{"id":"{id}","kind":"echo","idempotencyKey":"order 7","idempotencyTtlMs":1000}}"#)
    };
    board.say("jobs.dispatch", &dispatch("a")).expect("accepted");
    board.drain();
    board.say("jobs.delete", r#"{"id":"a"}"#).expect("accepted");
    board.crash();
    board.now += 1_000;
    let again = board.say("jobs.dispatch", &dispatch("b")).expect("answered");
    assert_eq!((again.dup, again.result.child("id")), (true, Some(&Node::from("a"))));
    board.now += 1;
    let later = board.say("jobs.dispatch", &dispatch("b")).expect("accepted");
    assert_eq!((later.dup, later.result.child("id")), (false, Some(&Node::from("b"))));
}

#[test]
fn an_idempotency_key_of_a_commit_that_was_refused_is_free() {
    let mut board = Board::new(1);
    let checkpoint = board.core.checkpoint();
    let command = || {
        let args = r#"{"id":"a","kind":"echo","idempotencyKey":"k"}"#;
        let args: Node = serde_json::from_str(args).expect("JSON");
        callboard_core::Input::Command(Command::parse("jobs.dispatch", &args).expect("a command"))
    };
    board.core.receive(command(), &board.context(None)).expect("accepted");
    board.core.restore(checkpoint);
    assert!(!board.core.receive(command(), &board.context(None)).expect("accepted").dup);
}
