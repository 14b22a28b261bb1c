//! Jobs that are changed, moved and released while they wait.

use crate::kit::Board;
use callboard_core::{
    End,
    bulk::{Skip, eligible},
};
use callboard_protocol::{
    Node,
    bulk::{self, BulkArgs},
    error::ErrorCode,
    job::JobState,
};

fn five(same_moment: bool) -> Board {
    let mut board = Board::new(1);
    for id in ["a", "b", "c", "d", "e"] {
        board.now += i64::from(!same_moment);
        board.dispatch(id, |_| ());
    }
    board
}

#[test]
fn a_queued_job_moves_before_or_after_another() {
    for same_moment in [false, true] {
        for (args, order) in [
            (r#"{"id":"e","before":"b"}"#, ["a", "e", "b", "c", "d"]),
            (r#"{"id":"e","before":"a"}"#, ["e", "a", "b", "c", "d"]),
            (r#"{"id":"a","after":"c"}"#, ["b", "c", "a", "d", "e"]),
            (r#"{"id":"a","after":"e"}"#, ["b", "c", "d", "e", "a"]),
            (r#"{"id":"b","before":"c"}"#, ["a", "b", "c", "d", "e"]),
            (r#"{"id":"c","after":"b"}"#, ["a", "b", "c", "d", "e"]),
        ] {
            let mut board = five(same_moment);
            board.say("jobs.update", args).expect("accepted");
            assert_eq!(board.drain(), order, "{args} {same_moment}");
        }
    }
}

/// Seed 2655: a bulk that moved everything moved one that waited, which then had no slot of its own any more.
#[test]
fn a_bulk_stays_in_its_queue() {
    let mut board = Board::new(1);
    board.dispatch("bulk", |args| {
        (args.kind, args.queue, args.hold) = (bulk::KIND.into(), Some(bulk::QUEUE.into()), true);
    });
    let refused = board.say("jobs.update", r#"{"id":"bulk","queue":"other"}"#).expect_err("it stays");
    assert!(refused.code == ErrorCode::Conflict && refused.message.contains("stays"), "{refused:?}");
    board
        .say("jobs.update", r#"{"id":"bulk","queue":"callboard","priority":3}"#)
        .expect("it is there already");
    let args = r#"{"action":"move","query":"kind:*","args":{"queue":"other"}}"#;
    let args: BulkArgs = serde_json::from_str(args).expect("JSON");
    assert_eq!(eligible(&args, &board.at("/jobs/bulk")), Err(Skip::Bulk));
}

#[test]
fn many_moves_to_one_place_all_hold() {
    let mut board = five(true);
    for round in 0..40 {
        let id = ["c", "d", "e"][round % 3];
        board.say("jobs.update", &format!(r#"{{"id":"{id}","before":"b"}}"#)).expect("accepted");
    }
    // The last three moves were e (38 % 3 = 2), c (39 % 3 = 0) and, before them, d.
    assert_eq!(board.drain(), ["a", "d", "e", "c", "b"]);
}

#[test]
fn a_job_takes_over_the_priority_of_its_new_place() {
    let mut board = Board::new(1);
    board.dispatch("urgent", |args| args.priority = Some(-5));
    board.dispatch("a", |_| ());
    board.dispatch("b", |_| ());
    board.say("jobs.update", r#"{"id":"b","before":"urgent"}"#).expect("accepted");
    assert_eq!((board.job("b").priority, board.drain()), (-5, vec!["b".into(), "urgent".into(), "a".into()]));
}

#[test]
fn input_limits_and_names_can_be_changed_until_the_start() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    let args =
        r#"{"id":"a","args":{"x":1},"title":"t","tags":["u"],"priority":3,"maxAttempts":4,"timeoutMs":9}"#;
    board.say("jobs.update", args).expect("accepted");
    let job = board.job("a");
    assert_eq!((job.title.as_str(), job.priority, job.max_attempts), ("t", 3, 4));
    assert_eq!((job.args.child("x"), job.timeout_ms), (Some(&Node::from(1u32)), Some(9)));
    board.advance();
    board.say("jobs.update", r#"{"id":"a","title":"now"}"#).expect("a title may change while it runs");
    let refused = board.say("jobs.update", r#"{"id":"a","args":{}}"#).expect_err("it runs");
    assert_eq!(refused.code, ErrorCode::Conflict);
    board.end("a", 1, End::succeeded(Node::Null));
    assert_eq!(
        board.say("jobs.update", r#"{"id":"a","title":"x"}"#).expect_err("over").code,
        ErrorCode::Conflict
    );
}

#[test]
fn a_queued_job_can_be_put_off_and_let_go_again() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.say("jobs.update", r#"{"id":"a","delayMs":60000}"#).expect("accepted");
    assert_eq!(board.state("a"), JobState::Scheduled);
    assert!(board.advance().is_empty());
    board.say("jobs.update", r#"{"id":"a","release":true}"#).expect("accepted");
    assert_eq!((board.job("a").scheduled_at, board.advance()), (None, vec!["a".into()]));
}

#[test]
fn a_refused_move_changes_nothing() {
    let mut board = five(false);
    board.dispatch("other", |args| args.queue = Some("other".into()));
    let before = board.core.document().clone();
    for args in [
        r#"{"id":"a","title":"x","before":"ghost"}"#,
        r#"{"id":"a","title":"x","before":"other"}"#,
        r#"{"id":"a","title":"x","before":"a"}"#,
        r#"{"id":"a","title":"x","before":"b","after":"c"}"#,
        r#"{"id":"a","title":"x","release":true,"delayMs":5}"#,
    ] {
        board.say("jobs.update", args).expect_err(args);
        assert_eq!(board.core.document(), &before, "{args}");
    }
}
