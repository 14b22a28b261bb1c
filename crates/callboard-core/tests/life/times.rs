//! Delays, deadlines, ttls.

use crate::kit::{Board, failed, settles};
use callboard_core::{Effect, End, Input};
use callboard_protocol::{
    JobId, Node, Time,
    job::{AttemptOutcome, CancelCause, JobState},
};

#[test]
fn a_delayed_job_is_queued_when_its_time_has_come() {
    let mut board = Board::new(1);
    board.dispatch("a", |args| args.delay_ms = Some(500));
    assert_eq!((board.state("a"), board.core.next_due()), (JobState::Scheduled, Some(Time(1_500))));
    assert!(board.advance().is_empty());
    board.now = 1_500;
    assert_eq!(board.advance(), ["a"]);
}

#[test]
fn a_job_that_waited_for_its_time_comes_after_those_that_wait_already() {
    let mut board = Board::new(1);
    board.dispatch("later", |args| args.delay_ms = Some(500));
    board.now = 1_400;
    board.dispatch("b", |_| ());
    board.now = 1_500;
    assert_eq!(board.drain(), ["b", "later"]);
}

#[test]
fn max_retries_is_another_name_for_tries_after_the_first() {
    // X1
    let mut board = Board::new(1);
    board.dispatch("a", |args| args.max_retries = Some(2));
    assert_eq!(board.job("a").max_attempts, 3);
}

#[test]
fn a_job_that_was_not_started_within_its_ttl_fails_as_expired() {
    let mut board = Board::new(1);
    board.dispatch("first", |_| ());
    board.advance();
    board.dispatch("a", |args| args.ttl_ms = Some(100));
    board.dispatch("later", |args| (args.ttl_ms, args.delay_ms) = (Some(100), Some(1000)));
    board.now = 1_100;
    board.advance();
    assert_eq!(
        (board.state("a"), board.job("a").error.expect("some").code.as_str()),
        (JobState::Failed, "expired")
    );
    assert_eq!(board.state("later"), JobState::Scheduled, "its ttl counts from when it may start");
    board.now = 2_100;
    board.advance();
    assert_eq!(board.state("later"), JobState::Failed);
}

#[test]
fn a_ttl_means_nothing_once_the_first_attempt_has_started() {
    let mut board = Board::new(1);
    board.dispatch("a", |args| (args.ttl_ms, args.max_attempts) = (Some(100), Some(2)));
    board.advance();
    board.now = 5_000;
    board.end("a", 1, failed());
    assert_eq!(board.state("a"), JobState::Retrying);
    assert_ne!(board.core.next_due(), Some(Time(1_100)));
}

#[test]
fn the_deadline_ends_a_job_wherever_it_is() {
    // S2.10: around the whole retry loop, not one attempt. X5, W2.2
    for phase in ["pending", "scheduled", "queued", "retrying"] {
        let mut board = Board::new(1);
        board.dispatch("a", |args| {
            (args.deadline_ms, args.max_attempts) = (Some(800), Some(9));
            args.hold = phase == "pending";
            args.delay_ms = (phase == "scheduled").then_some(5_000);
        });
        if phase == "retrying" {
            board.advance();
            board.end("a", 1, failed());
        } else if phase == "queued" {
            board.say("queues.pause", r#"{"queue":"default"}"#).expect("accepted");
        }
        board.advance();
        assert_eq!(board.state("a").as_str(), phase);
        board.now = 1_800;
        board.advance();
        let job = board.job("a");
        assert_eq!(
            (job.state, job.error.expect("some").code.as_str()),
            (JobState::Failed, "deadline"),
            "{phase}"
        );
    }
}

#[test]
fn a_running_job_is_stopped_at_its_deadline_and_its_late_result_is_discarded() {
    // X5, W2.1
    let mut board = Board::new(1);
    board.dispatch("a", |args| args.deadline_ms = Some(100));
    board.advance();
    board.now = 1_100;
    let decided = board.core.advance(&board.context(None)).expect("something is due");
    board.follow(&decided);
    let stop = Effect::Stop { id: JobId::from("a"), attempt: 1, cause: CancelCause::Deadline };
    assert_eq!(decided.effects, [stop]);
    assert!(board.advance().is_empty(), "it is asked once");
    let decided = board.end("a", 1, End::succeeded(Node::from("late")));
    let job = board.job("a");
    assert_eq!((job.state, job.result, settles(&decided)), (JobState::Failed, None, 1));
    assert_eq!(job.error.expect("some").code, "deadline");
}

#[test]
fn a_crash_while_a_late_job_stops_still_fails_it() {
    let mut board = Board::new(1);
    board.dispatch("a", |args| args.deadline_ms = Some(100));
    board.advance();
    board.now = 1_100;
    board.advance();
    board.receive(Input::Rescue(JobId::from("a"))).expect("accepted");
    assert_eq!(board.job("a").error.expect("some").code, "deadline");
}

#[test]
fn a_redriven_job_has_no_deadline_any_more() {
    let mut board = Board::new(1);
    board.dispatch("a", |args| args.deadline_ms = Some(100));
    board.now = 2_000;
    board.advance();
    board.say("jobs.retry", r#"{"id":"a"}"#).expect("accepted");
    assert_eq!(board.advance(), ["a"]);
    assert_eq!(board.state("a"), JobState::Running);
}

#[test]
fn an_attempt_may_ask_for_the_shortest_snooze_only() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.advance();
    board.end("a", 1, End::snoozed(0));
    let job = board.job("a");
    assert_eq!((job.state, job.snoozes, job.scheduled_at), (JobState::Scheduled, 1, Some(Time(1_100))));
}

#[test]
fn a_cancel_wins_over_every_way_an_attempt_can_end() {
    // W2.2: nothing goes on after the caller was told.
    let ends =
        [failed(), End::snoozed(500), End::stopped(AttemptOutcome::Interrupted), End::succeeded(Node::Null)];
    for end in ends {
        let mut board = Board::new(1);
        board.dispatch("a", |args| args.max_attempts = Some(5));
        board.advance();
        board.cancel("a").expect("accepted");
        board.end("a", 1, end);
        assert_eq!(board.state("a"), JobState::Cancelled);
    }
}
