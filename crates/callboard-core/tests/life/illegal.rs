//! Every command and every report in every state, against the table: what has no place there is a typed rejection that
//! changes nothing (X4, invariant 5).

use crate::kit::{Board, failed};
use callboard_core::{
    Decided, End, News,
    table::{Cell, JobEvent, transition},
};
use callboard_protocol::{
    Node, Time,
    error::{ErrorCode, Rejection},
    job::JobState,
};

/// A board with one job in this state.
fn in_state(state: JobState) -> Board {
    let mut board = Board::new(1);
    board.dispatch("j", |args| match state {
        JobState::Pending => args.hold = true,
        JobState::Scheduled => args.scheduled_at = Some(Time(9_999)),
        JobState::Retrying => args.max_attempts = Some(2),
        _ => {}
    });
    match state {
        JobState::Pending | JobState::Scheduled | JobState::Queued => {}
        JobState::Cancelled => drop(board.cancel("j").expect("accepted")),
        state => {
            board.advance();
            match state {
                JobState::Succeeded => drop(board.end("j", 1, End::succeeded(Node::Null))),
                JobState::Failed | JobState::Retrying => drop(board.end("j", 1, failed())),
                _ => {}
            }
        }
    }
    assert_eq!(board.state("j"), state);
    board
}

fn happen(board: &mut Board, event: JobEvent) -> Result<Decided, Rejection> {
    match event {
        JobEvent::AskCancel => board.say("jobs.cancel", r#"{"id":"j"}"#),
        JobEvent::Redrive => board.say("jobs.retry", r#"{"id":"j"}"#),
        JobEvent::Delete => board.say("jobs.delete", r#"{"id":"j"}"#),
        JobEvent::Edit => board.say("jobs.update", r#"{"id":"j","priority":7}"#),
        JobEvent::Release => board.say("jobs.update", r#"{"id":"j","release":true}"#),
        JobEvent::Postpone => board.say("jobs.update", r#"{"id":"j","delayMs":900}"#),
        JobEvent::Succeed => board.report("j", 1, News::End(Box::new(End::succeeded(Node::Null)))),
        JobEvent::FailForGood => board.report("j", 1, News::End(Box::new(failed()))),
        event => unreachable!("{event:?} comes from the board itself"),
    }
}

#[test]
fn what_has_no_place_in_the_table_is_refused_and_changes_nothing() {
    let events = [
        JobEvent::AskCancel,
        JobEvent::Redrive,
        JobEvent::Delete,
        JobEvent::Edit,
        JobEvent::Release,
        JobEvent::Postpone,
        JobEvent::Succeed,
        JobEvent::FailForGood,
    ];
    let mut refused = 0;
    for state in JobState::ALL {
        for event in events {
            // A job that is held keeps the time for when it is released: that is no postponement yet.
            if (state, event) == (JobState::Pending, JobEvent::Postpone) {
                continue;
            }
            let mut board = in_state(state);
            let before = board.core.document().clone();
            let outcome = happen(&mut board, event);
            let place = format!("{state:?} {event:?}");
            match transition(state, event) {
                Cell::Refuse => {
                    let rejection = outcome.expect_err(&place);
                    assert_eq!(rejection.code, ErrorCode::Conflict, "{place}: {}", rejection.message);
                    assert_eq!(board.core.document(), &before, "{place}");
                    refused += 1;
                }
                Cell::Already => assert_eq!(outcome.expect(&place).change, None, "{place}"),
                Cell::Gone => {
                    outcome.expect(&place);
                    assert_eq!(board.at("/jobs/j"), Node::Null, "{place}");
                }
                Cell::Stay => {
                    assert!(outcome.expect(&place).change.is_some(), "{place}");
                    assert_eq!(board.state("j"), state, "{place}");
                }
                Cell::To(next) => {
                    outcome.expect(&place);
                    assert_eq!(board.state("j"), next, "{place}");
                }
            }
        }
    }
    assert!(refused > 30, "{refused} of them have no place");
}
