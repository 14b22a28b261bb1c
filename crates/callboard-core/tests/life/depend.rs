//! Jobs that wait for others.

use crate::kit::{Board, failed};
use callboard_core::End;
use callboard_protocol::{
    JobId, Node,
    command::Command,
    error::ErrorCode,
    job::{DependencyPolicy, DispatchArgs, JobState},
};

fn needs(board: &mut Board, id: &str, on: &[&str], policy: Option<DependencyPolicy>) {
    board.dispatch(id, |args| {
        args.depends_on = on.iter().map(|id| JobId::from(*id)).collect();
        args.on_dependency_failure = policy;
    });
}

#[test]
fn a_job_waits_until_all_that_it_needs_have_succeeded() {
    let mut board = Board::new(4);
    board.dispatch("a", |_| ());
    board.dispatch("b", |_| ());
    needs(&mut board, "c", &["a", "b", "a"], None);
    assert_eq!(board.advance(), ["a", "b"]);
    assert_eq!(board.state("c"), JobState::Pending);
    board.end("a", 1, End::succeeded(Node::Null));
    assert!(board.advance().is_empty());
    assert_eq!(board.job("c").waiting_for, [JobId::from("b")]);
    board.end("b", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["c"]);
}

#[test]
fn a_need_that_is_met_already_is_not_waited_for() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.drain();
    needs(&mut board, "b", &["a"], None);
    assert_eq!(board.advance(), ["b"]);
}

#[test]
fn what_becomes_of_a_job_whose_need_failed_is_its_own_choice() {
    for (policy, state) in [
        (None, JobState::Failed),
        (Some(DependencyPolicy::Fail), JobState::Failed),
        (Some(DependencyPolicy::Cancel), JobState::Cancelled),
        (Some(DependencyPolicy::Ignore), JobState::Running),
    ] {
        let mut board = Board::new(1);
        board.dispatch("a", |_| ());
        board.advance();
        needs(&mut board, "b", &["a"], policy);
        board.end("a", 1, failed());
        board.advance();
        assert_eq!(board.state("b"), state, "{policy:?}");
    }
}

#[test]
fn a_failure_goes_down_a_chain_and_every_job_ends_once() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    needs(&mut board, "b", &["a"], None);
    needs(&mut board, "c", &["b"], None);
    board.advance();
    board.end("a", 1, failed());
    board.advance();
    assert_eq!((board.state("b"), board.state("c")), (JobState::Failed, JobState::Failed));
    assert_eq!(board.job("c").error.expect("some").code, "dependency_failed");
    board.settle();
    assert_eq!(board.at("/summary/failed"), Node::from(3u32));
    assert_eq!(board.at("/summary/pending"), Node::from(0u32));
}

#[test]
fn history_may_not_take_a_job_before_its_dependents_have_heard_of_it() {
    // The live state keeps 3 finished jobs; the crash comes before any dependent was told.
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    for index in 0..10 {
        needs(&mut board, &format!("d{index}"), &["a"], None);
    }
    assert_eq!(board.advance(), ["a"]);
    board.end("a", 1, End::succeeded(Node::Null));
    board.crash();
    assert_eq!(board.advance().len(), 10);
}

#[test]
fn needs_of_the_store_count_and_unknown_ones_are_refused() {
    let mut board = Board::new(1);
    let dispatch = |id: &str| {
        let args = DispatchArgs {
            id: Some(JobId::from(id)),
            kind: "echo".into(),
            depends_on: vec!["old".into()],
            ..DispatchArgs::default()
        };
        Command::Dispatch(Box::new(args))
    };
    let missing = board.receive(board.knowing(dispatch("a"), vec![])).expect_err("unknown");
    assert_eq!(missing.code, ErrorCode::NotFound);
    for (id, state, then) in [("b", "succeeded", JobState::Queued), ("c", "failed", JobState::Failed)] {
        let record = serde_json::from_str(&format!(r#"{{"id":"old","state":"{state}"}}"#)).expect("JSON");
        board.receive(board.knowing(dispatch(id), vec![record])).expect("accepted");
        assert_eq!(board.state(id), then);
    }
}

#[test]
fn a_job_on_hold_waits_for_a_hand() {
    let mut board = Board::new(1);
    board.dispatch("need", |_| ());
    board.dispatch("a", |args| (args.hold, args.depends_on) = (true, vec!["need".into()]));
    board.drain();
    assert_eq!(board.state("a"), JobState::Pending, "its need is met, and still it waits");
    board.say("jobs.update", r#"{"id":"a","release":true}"#).expect("accepted");
    assert_eq!(board.advance(), ["a"]);
}

#[test]
fn a_released_job_with_a_time_ahead_waits_for_it() {
    let mut board = Board::new(1);
    board.dispatch("need", |_| ());
    board.dispatch("a", |args| (args.delay_ms, args.depends_on) = (Some(900), vec!["need".into()]));
    assert_eq!(board.drain(), ["need"]);
    assert_eq!(board.state("a"), JobState::Scheduled);
    board.now = 1_900;
    assert_eq!(board.advance(), ["a"]);
}
