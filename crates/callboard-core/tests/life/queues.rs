//! What queues let through: limits, rates, pauses, priorities, turns.

use crate::kit::Board;
use callboard_core::{End, Limits};
use callboard_protocol::{Node, Time, caps, error::ErrorCode, job::JobState};

fn in_queue(board: &mut Board, id: &str, queue: &str, key: &str) {
    board.now += 1;
    board.dispatch(id, |args| {
        args.queue = Some(queue.into());
        args.concurrency_key = Some(key.to_owned()).filter(|key| !key.is_empty());
    });
}

fn many(board: &mut Board, queue: &str, key: &str, count: usize) {
    for index in 0..count {
        in_queue(board, &format!("{queue}-{key}{index}"), queue, key);
    }
}

#[test]
fn a_queue_starts_no_more_than_its_limit_and_does_not_hold_up_others() {
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"gpu","concurrency":2}"#).expect("accepted");
    many(&mut board, "gpu", "", 5);
    many(&mut board, "cpu", "", 2);
    assert_eq!(board.advance(), ["gpu-0", "gpu-1", "cpu-0", "cpu-1"]);
    board.end("gpu-1", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["gpu-2"]);
}

#[test]
fn a_kind_may_be_limited_in_a_queue_and_on_the_board() {
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"a","kinds":{"echo":1}}"#).expect("accepted");
    many(&mut board, "a", "", 3);
    many(&mut board, "b", "", 3);
    assert_eq!(board.advance(), ["a-0", "b-0", "b-1", "b-2"]);
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"*","kinds":{"echo":2}}"#).expect("accepted");
    many(&mut board, "a", "", 2);
    many(&mut board, "b", "", 2);
    assert_eq!(board.advance(), ["a-0", "a-1"]);
    board.end("a-0", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["b-0"], "the slot goes to the queue that waits for it");
}

#[test]
fn the_board_has_a_limit_and_a_pause_of_its_own() {
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"*","concurrency":1}"#).expect("accepted");
    many(&mut board, "a", "", 2);
    assert_eq!(board.advance(), ["a-0"]);
    board.say("queues.pause", r#"{"queue":"*"}"#).expect("accepted");
    board.end("a-0", 1, End::succeeded(Node::Null));
    assert!(board.advance().is_empty());
    assert_eq!(
        board.core.next_due().map(|at| at > Time(board.now)),
        Some(true),
        "only retention is due, much later"
    );
    board.say("queues.resume", r#"{"queue":"*"}"#).expect("accepted");
    assert_eq!(board.advance(), ["a-1"]);
}

#[test]
fn a_paused_queue_starts_nothing_and_what_runs_goes_on() {
    let mut board = Board::new(10);
    many(&mut board, "a", "", 1);
    board.advance();
    board.say("queues.pause", r#"{"queue":"a"}"#).expect("accepted");
    assert_eq!(board.at("/queues/a/paused"), Node::from(true));
    in_queue(&mut board, "next", "a", "");
    assert!(board.advance().is_empty());
    board.end("a-0", 1, End::succeeded(Node::Null));
    board.crash();
    assert!(board.advance().is_empty(), "a pause survives a crash");
    board.say("queues.resume", r#"{"queue":"a"}"#).expect("accepted");
    assert_eq!(board.advance(), ["next"]);
    let again = board.say("queues.resume", r#"{"queue":"a"}"#).expect("accepted");
    assert_eq!(again.change, None, "X17: it is so already");
}

#[test]
fn keys_have_their_own_limit_and_take_turns() {
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"q","keyConcurrency":1}"#).expect("accepted");
    many(&mut board, "q", "a", 3);
    many(&mut board, "q", "b", 2);
    assert_eq!(board.advance(), ["q-a0", "q-b0"]);
    board.end("q-b0", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["q-b1"]);
}

#[test]
fn a_key_with_a_thousand_jobs_does_not_starve_one_with_two() {
    let mut board = Board::new(1);
    many(&mut board, "q", "big", 20);
    many(&mut board, "q", "small", 2);
    let order = board.drain();
    let first_small = order.iter().position(|id| id == "q-small0").expect("it ran");
    let second_small = order.iter().position(|id| id == "q-small1").expect("it ran");
    assert!(first_small <= 2 && second_small <= 4, "{order:?}");
}

#[test]
fn a_key_that_always_comes_back_does_not_starve_the_others() {
    let mut board = Board::new(1);
    many(&mut board, "q", "b", 3);
    many(&mut board, "q", "c", 3);
    let mut order = Vec::new();
    for round in 0..8 {
        in_queue(&mut board, &format!("q-again{round}"), "q", "again");
        for id in board.advance() {
            board.end(&id, 1, End::succeeded(Node::Null));
            order.push(id);
        }
    }
    let others = order.iter().take(6).filter(|id| !id.contains("again")).count();
    assert!(others >= 4, "{order:?}");
}

#[test]
fn a_rate_is_a_bucket_that_fills_while_nothing_starts() {
    let mut board = Board::new(100);
    board.say("queues.configure", r#"{"queue":"q","rate":{"limit":2,"perMs":1000}}"#).expect("accepted");
    many(&mut board, "q", "", 6);
    let start = board.now;
    assert_eq!(board.advance().len(), 2, "a burst");
    assert_eq!(board.core.next_due(), Some(Time(start + 500)));
    board.now = start + 499;
    assert!(board.advance().is_empty());
    board.now = start + 500;
    assert_eq!(board.advance().len(), 1);
    board.now = start + 60_000;
    assert_eq!(board.advance().len(), 2, "no more than the burst after a long pause");
}

#[test]
fn each_key_has_a_rate_of_its_own() {
    let mut board = Board::new(100);
    let settings = r#"{"queue":"q","keyRate":{"limit":1,"perMs":1000,"burst":1}}"#;
    board.say("queues.configure", settings).expect("accepted");
    many(&mut board, "q", "a", 2);
    many(&mut board, "q", "b", 2);
    in_queue(&mut board, "plain", "q", "");
    assert_eq!(board.advance(), ["q-a0", "q-b0", "plain"]);
    board.now += 1_000;
    assert_eq!(board.advance(), ["q-a1", "q-b1"]);
}

#[test]
fn priority_orders_and_age_outgrows_it() {
    let mut board = Board::new(1);
    board.dispatch("low", |args| args.priority = Some(3));
    board.now += 2 * caps::AGEING_MS;
    board.dispatch("high", |args| args.priority = Some(0));
    assert_eq!(board.drain(), ["high", "low"]);
    board.dispatch("low2", |args| args.priority = Some(3));
    board.now += 4 * caps::AGEING_MS;
    board.dispatch("high2", |args| args.priority = Some(0));
    assert_eq!(board.drain(), ["low2", "high2"], "it has waited long enough");
}

#[test]
fn settings_replace_each_other_and_take_effect_at_once() {
    let mut board = Board::new(10);
    board.say("queues.configure", r#"{"queue":"q","concurrency":1}"#).expect("accepted");
    many(&mut board, "q", "", 4);
    assert_eq!(board.advance().len(), 1);
    board.say("queues.configure", r#"{"queue":"q","concurrency":3}"#).expect("accepted");
    assert_eq!(board.advance().len(), 2);
    board.say("queues.configure", r#"{"queue":"q"}"#).expect("accepted");
    assert_eq!(board.advance().len(), 1);
    assert_eq!(board.at("/queues/q"), Node::object());
}

#[test]
fn the_summary_counts_by_queue() {
    let mut board = Board::new(1);
    many(&mut board, "a", "", 2);
    board.dispatch("plain", |_| ());
    board.advance();
    let count = |board: &mut Board, path: &str| {
        board.settle();
        board.at(&format!("/summary/queues/{path}")).as_u64()
    };
    assert_eq!((count(&mut board, "a/running"), count(&mut board, "a/queued")), (Some(1), Some(1)));
    assert_eq!(count(&mut board, "default/queued"), Some(1));
    board.say("jobs.update", r#"{"id":"a-1","queue":"default"}"#).expect("accepted");
    assert_eq!((count(&mut board, "a/queued"), count(&mut board, "default/queued")), (Some(0), Some(2)));
    board.drain();
    board.end("a-0", 1, End::succeeded(Node::Null));
    assert_eq!(count(&mut board, "a/succeeded"), Some(1));
}

#[test]
fn an_idle_queue_gives_way_when_there_are_too_many() {
    let mut board = Board::with(Limits { concurrency: 1, ..Limits::default() });
    board.say("queues.configure", r#"{"queue":"kept","concurrency":9}"#).expect("accepted");
    for index in 0..caps::QUEUES + 5 {
        board.dispatch(&format!("j{index}"), |args| args.queue = Some(format!("q{index}")));
        board.advance();
        board.end(&format!("j{index}"), 1, End::succeeded(Node::Null));
        board.settle();
    }
    let queues = board.at("/queues");
    assert_eq!(queues.as_object().map(|queues| queues.len()), Some(caps::QUEUES));
    assert!(queues.child("kept").is_some());
}

#[test]
fn an_unknown_queue_cannot_be_paused() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    let refused = board.say("queues.pause", r#"{"queue":"defautl"}"#).expect_err("unknown");
    assert_eq!(refused.code, ErrorCode::NotFound);
    assert!(refused.message.contains("default"), "{}", refused.message);
    assert_eq!(board.state("a"), JobState::Queued);
}
