//! Schedules: times, overlap, what was missed.

use crate::kit::Board;
use callboard_core::End;
use callboard_protocol::{Node, Time, caps, error::ErrorCode, job::JobState};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

/// A board on 2024-02-28 at noon, UTC.
fn board() -> Board {
    let mut board =
        Board::with(callboard_core::Limits { concurrency: 50, ..callboard_core::Limits::default() });
    board.now = 1_709_121_600_000;
    board
}

fn put(board: &mut Board, id: &str, rest: &str) {
    let args = format!(r#"{{"id":"{id}","job":{{"kind":"echo"}},{rest}}}"#);
    board.say("schedules.put", &args).unwrap_or_else(|refused| panic!("{rest}: {refused}"));
}

fn next(board: &Board, id: &str) -> String {
    board.at(&format!("/schedules/{id}/nextAt")).as_str().unwrap_or("none").into()
}

fn number(board: &Board, path: &str) -> u64 {
    board.at(path).as_u64().unwrap_or(0)
}

#[test]
fn the_next_time_is_in_the_record() {
    for (rest, at) in [
        (r#""cron":"0 9 * * *""#, "2024-02-29T09:00:00.000Z"),
        (r#""cron":"0 9 * * *","timeZone":"Europe/Berlin""#, "2024-02-29T08:00:00.000Z"),
        (r#""cron":"*/10 * * * * *""#, "2024-02-28T12:00:10.000Z"),
        (r#""cron":"0 0 29 2 *""#, "2024-02-29T00:00:00.000Z"),
        (r#""cron":"@monthly""#, "2024-03-01T00:00:00.000Z"),
        (r#""cron":"0 30 2 31 3 * 2024","timeZone":"Europe/Berlin""#, "2024-03-31T01:00:00.000Z"),
        (r#""everyMs":90000"#, "2024-02-28T12:01:30.000Z"),
        (r#""cron":"0 9 * * *","paused":true"#, "none"),
    ] {
        let mut board = board();
        put(&mut board, "s", rest);
        assert_eq!(next(&board, "s"), at, "{rest}");
    }
}

#[test]
fn a_schedule_dispatches_a_job_named_after_the_time() {
    let mut board = board();
    put(&mut board, "s", r#""everyMs":60000"#);
    board.now += 60_000;
    assert_eq!(board.advance(), ["s:2024-02-28T12:01:00.000Z"]);
    assert_eq!(board.job("s:2024-02-28T12:01:00.000Z").schedule_id.as_deref(), Some("s"));
    assert_eq!(next(&board, "s"), "2024-02-28T12:02:00.000Z");
    assert_eq!(number(&board, "/schedules/s/runs"), 1);
}

#[test]
fn a_job_that_is_not_finished_is_skipped_queued_beside_or_cancelled() {
    for (overlap, started, state) in [
        ("skip", 0, JobState::Running),
        ("queue", 1, JobState::Running),
        ("cancel_previous", 1, JobState::Running),
    ] {
        let mut board = board();
        put(&mut board, "s", &format!(r#""everyMs":60000,"overlap":"{overlap}""#));
        board.now += 60_000;
        let first = board.advance().remove(0);
        board.now += 60_000;
        assert_eq!(board.advance().len(), started, "{overlap}");
        assert_eq!(board.state(&first), state);
        assert_eq!(board.job(&first).cancel.is_some(), overlap == "cancel_previous");
        assert_eq!(number(&board, "/schedules/s/skipped"), u64::from(overlap == "skip"));
        board.end(&first, 1, End::succeeded(Node::Null));
        board.now += 60_000;
        assert_eq!(board.advance().len(), 1, "{overlap}");
    }
}

#[test]
fn times_that_passed_while_nobody_was_there_are_made_up_for_as_it_says() {
    for (catch_up, jobs, skipped) in [("skip", 0, 3), ("one", 1, 2), ("all", 3, 0)] {
        let mut board = board();
        let rest = format!(r#""cron":"0 9 * * *","catchUp":"{catch_up}","overlap":"queue""#);
        put(&mut board, "s", &rest);
        board.now += 3 * DAY;
        board.crash();
        assert_eq!(board.advance().len(), jobs, "{catch_up}");
        assert_eq!(number(&board, "/schedules/s/skipped"), skipped, "{catch_up}");
        assert_eq!(next(&board, "s"), "2024-03-03T09:00:00.000Z", "{catch_up}");
    }
}

#[test]
fn a_time_that_is_a_little_late_is_not_missed() {
    let mut board = board();
    put(&mut board, "s", r#""cron":"0 13 * * *""#);
    board.now += HOUR + 30_000;
    assert_eq!(board.advance(), ["s:2024-02-28T13:00:00.000Z"]);
}

#[test]
fn a_year_away_costs_a_bounded_number_of_steps() {
    let mut board = board();
    put(&mut board, "each-second", r#""cron":"* * * * * *","catchUp":"all","overlap":"queue""#);
    put(&mut board, "steps", r#""everyMs":1000,"catchUp":"all","overlap":"queue""#);
    board.now += 365 * DAY;
    board.crash();
    let started = board.drain().len();
    assert_eq!(started, 2 * caps::CATCH_UP as usize);
    assert!(number(&board, "/schedules/steps/skipped") > 31_000_000);
}

#[test]
fn a_schedule_can_be_triggered_replaced_paused_and_deleted() {
    let mut board = board();
    put(&mut board, "s", r#""cron":"0 9 * * *""#);
    let first = board.say("schedules.trigger", r#"{"id":"s"}"#).expect("accepted");
    let second = board.say("schedules.trigger", r#"{"id":"s"}"#).expect("accepted");
    assert_ne!(first.result.child("job"), second.result.child("job"));
    assert_eq!(board.drain().len(), 2);
    assert_eq!(next(&board, "s"), "2024-02-29T09:00:00.000Z", "its times stay");
    put(&mut board, "s", r#""cron":"0 9 * * *","paused":true"#);
    assert_eq!(number(&board, "/schedules/s/runs"), 2, "counts stay");
    board.now += DAY;
    assert!(board.advance().is_empty());
    board.say("schedules.delete", r#"{"id":"s"}"#).expect("accepted");
    assert_eq!(board.say("schedules.delete", r#"{"id":"s"}"#).expect_err("gone").code, ErrorCode::NotFound);
    assert_eq!(board.say("schedules.trigger", r#"{"id":"s"}"#).expect_err("gone").code, ErrorCode::NotFound);
}

#[test]
fn a_refused_dispatch_is_told_in_the_record_and_the_schedule_goes_on() {
    let mut board = board();
    board.dispatch("other", |args| (args.unique_key, args.hold) = (Some("k".into()), true));
    let job = r#"{"id":"s","everyMs":60000,"job":{"kind":"echo","uniqueKey":"k"}}"#;
    board.say("schedules.put", job).expect("accepted");
    board.now += 60_000;
    assert!(board.advance().is_empty());
    assert!(board.at("/schedules/s/error").as_str().expect("told").contains("other"));
    board.cancel("other").expect("accepted");
    board.now += 60_000;
    assert_eq!(board.advance().len(), 1);
    assert_eq!(board.at("/schedules/s/error"), Node::Null);
}

#[test]
fn a_schedule_that_cannot_be_is_refused() {
    let mut board = board();
    let long = format!(r#""cron":"{}""#, "*".repeat(1_000_000));
    for (rest, word) in [
        (r#""cron":"0 0 30 2 *""#, "cron"),
        (r#""cron":"0 0 1 1 * 2020""#, "cron"),
        (r#""cron":"every day""#, "cron"),
        (r#""cron":"""#, "cron"),
        (long.as_str(), "cron"),
        (r#""cron":"0 0 * * *","timeZone":"Mars/Olympus""#, "timeZone"),
        (r#""everyMs":999"#, "everyMs"),
        (r#""everyMs":99999999999999"#, "everyMs"),
        (r#""everyMs":-5"#, "schedules.put"),
        (r#""everyMs":5000,"cron":"0 0 * * *""#, "cron"),
        (r#""overlap":"skip""#, "cron"),
    ] {
        let args = format!(r#"{{"id":"s","job":{{"kind":"echo"}},{rest}}}"#);
        let refused = board.say("schedules.put", &args).expect_err(word);
        assert_eq!(refused.code, ErrorCode::InvalidArgs);
        assert!(refused.message.contains(word), "{}", refused.message);
        assert!(refused.message.len() < 2_000);
    }
    for job in [r#"{"kind":"a b"}"#, r#"{"kind":"echo","id":"x"}"#, r#"{"kind":"echo","dependsOn":["x"]}"#] {
        let args = format!(r#"{{"id":"s","everyMs":5000,"job":{job}}}"#);
        assert_eq!(board.say("schedules.put", &args).expect_err(job).code, ErrorCode::InvalidArgs);
    }
    assert_eq!(board.at("/schedules"), Node::Null);
    assert_eq!(board.core.next_due(), None::<Time>);
}
