//! Workflows that are late, deleted, and run again from where they went wrong, as scripts.

use crate::{
    kit::{Board, failed},
    workflows::{board, start, workflow},
};
use callboard_core::End;
use callboard_protocol::{
    Node, Time,
    error::ErrorCode,
    job::{AttemptOutcome, JobState},
    workflow::{StepState, WorkflowState},
};

fn ok(json: &str) -> End {
    End::succeeded(serde_json::from_str(json).expect("JSON"))
}

fn retry(board: &mut Board) -> Node {
    board.say("workflows.retry", r#"{"id":"w"}"#).unwrap_or_else(|refused| panic!("{refused}")).result
}

fn states(board: &Board) -> String {
    let steps = workflow(board).steps;
    steps.iter().map(|(id, run)| format!("{id}:{} ", run.state.as_str())).collect::<String>().trim().into()
}

#[test]
fn a_retry_runs_what_did_not_succeed_and_keeps_the_rest() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo"},{"id":"skip","kind":"echo","when":"false"},
            {"id":"b","kind":"echo","args":{"n":"${steps.a.result}"},"needs":["skip"]},
            {"id":"c","kind":"echo","args":{"n":"${steps.b.result}"}}]"#,
    );
    board.advance();
    board.end("w:a", 1, ok("7"));
    board.advance();
    board.end("w:b", 1, failed());
    board.advance();
    assert_eq!(states(&board), "a:succeeded b:failed c:cancelled skip:skipped");
    let first = workflow(&board);
    board.now += 50;
    assert_eq!(retry(&mut board).to_string(), r#"{"id":"w","steps":2}"#);
    assert_eq!(states(&board), "a:succeeded b:waiting c:waiting skip:skipped");
    let now = workflow(&board);
    assert_eq!((now.error, now.finished_at, now.retries), (None, None, 1));
    assert_eq!((now.created_at, now.retried_at), (first.created_at, Some(Time(board.now))));
    assert_eq!(board.advance(), ["w:b.2"], "the job of the first round keeps its record and log");
    assert_eq!(
        (board.state("w:b"), board.job("w:b.2").args.to_string()),
        (JobState::Failed, r#"{"n":7}"#.into())
    );
    assert_eq!(board.job("w:b.2").workflow_step.map(|part| part.round), Some(2));
    board.end("w:b.2", 1, failed());
    board.advance();
    retry(&mut board);
    board.crash();
    assert_eq!(board.advance(), ["w:b.3"], "a crash right after the retry loses nothing");
    board.end("w:b.3", 1, ok("8"));
    assert_eq!(board.advance(), ["w:c.3"]);
    board.end("w:c.3", 1, ok("9"));
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
    let refused = board.say("workflows.retry", r#"{"id":"w"}"#).expect_err("nothing is left");
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[test]
fn a_retry_from_a_step_runs_it_and_all_that_need_it() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo"},{"id":"side","kind":"echo"},
            {"id":"b","kind":"echo","args":{"n":"${steps.a.result}"}},
            {"id":"each","kind":"echo","forEach":[1,2],"needs":["b"]}]"#,
    );
    board.advance();
    board.end("w:a", 1, ok("7"));
    board.end("w:side", 1, ok("1"));
    board.advance();
    board.end("w:b", 1, ok("8"));
    board.advance();
    board.end("w:each:0", 1, ok("1"));
    board.end("w:each:1", 1, failed());
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Failed);
    // A name that is none is refused, and nothing is changed.
    let before = board.core.document().clone();
    let refused = board.say("workflows.retry", r#"{"id":"w","from":["nope"]}"#).expect_err("no such step");
    assert_eq!(refused.code, ErrorCode::InvalidArgs);
    assert!(refused.message.contains("there are a, side, b, each"), "{}", refused.message);
    assert_eq!(board.core.document(), &before);
    // Of a list that is named, or needs what runs again, all items do.
    let told = board.say("workflows.retry", r#"{"id":"w","from":["each","b"]}"#).expect("accepted");
    assert_eq!(told.result.to_string(), r#"{"id":"w","steps":2}"#);
    assert_eq!(states(&board), "a:succeeded b:waiting each:waiting side:succeeded");
    assert_eq!(board.advance(), ["w:b.2"]);
    assert_eq!(board.job("w:b.2").args.to_string(), r#"{"n":7}"#, "what is kept is found");
    board.end("w:b.2", 1, ok("9"));
    assert_eq!(board.advance(), ["w:each.2:0", "w:each.2:1"]);
    board.end("w:each.2:0", 1, ok("1"));
    board.end("w:each.2:1", 1, ok("2"));
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
    // Now it has succeeded: all of it again, over a crash.
    board.say("workflows.retry", r#"{"id":"w","from":["a"]}"#).expect("accepted");
    board.crash();
    assert_eq!(board.advance(), ["w:a.3"]);
    assert_eq!(states(&board), "a:running b:waiting each:waiting side:succeeded");
    board.end("w:a.3", 1, failed());
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Failed);
}

#[test]
fn what_could_not_be_undone_any_more_is_not_kept() {
    // S2.23: a saga that fails undoes what it did, in whichever round that was.
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"seat","kind":"book","compensate":{"kind":"free"}},{"id":"mail","kind":"echo","needs":["seat"]}]"#,
    );
    board.advance();
    board.end("w:seat", 1, ok("17"));
    board.advance();
    board.end("w:mail", 1, ok("1"));
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
    let refused = board.say("workflows.retry", r#"{"id":"w","from":["mail"]}"#).expect_err("it was done");
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("step \"seat\""), "{}", refused.message);
    board.say("workflows.retry", r#"{"id":"w","from":["mail","seat"]}"#).expect("accepted");
    assert_eq!(board.advance(), ["w:seat.2"]);
    board.end("w:seat.2", 1, ok("18"));
    board.advance();
    board.end("w:mail.2", 1, failed());
    assert_eq!(board.advance(), ["w:seat.2:undo"], "what this round did is undone");
}

#[test]
fn what_was_undone_is_done_again_and_so_is_what_needs_it() {
    // S2.23: a compensation that ran has taken the effect away, so the kept result would be a lie.
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"seat","kind":"book","compensate":{"kind":"free","args":{"seat":"${result}"}}},
            {"id":"mail","kind":"echo","args":{"seat":"${steps.seat.result}"}},
            {"id":"alone","kind":"echo"},
            {"id":"pay","kind":"echo","needs":["mail","alone"]}]"#,
    );
    board.advance();
    board.end("w:seat", 1, ok("17"));
    board.end("w:alone", 1, ok("1"));
    board.advance();
    board.end("w:mail", 1, ok("true"));
    board.advance();
    board.end("w:pay", 1, failed());
    assert_eq!(board.advance(), ["w:seat:undo"]);
    let early = board.say("workflows.retry", r#"{"id":"w"}"#).expect_err("it is being undone");
    assert_eq!(early.code, ErrorCode::Conflict);
    board.end("w:seat:undo", 1, failed());
    board.advance();
    assert_eq!(workflow(&board).compensation_errors.len(), 1);
    retry(&mut board);
    assert_eq!(states(&board), "alone:succeeded mail:waiting pay:waiting seat:waiting");
    assert_eq!(workflow(&board).compensation_errors.len(), 0);
    assert_eq!(board.advance(), ["w:seat.2"]);
    board.end("w:seat.2", 1, ok("18"));
    assert_eq!(board.advance(), ["w:mail.2"]);
    assert_eq!(board.job("w:mail.2").args.to_string(), r#"{"seat":18}"#);
    board.end("w:mail.2", 1, ok("true"));
    board.advance();
    board.end("w:pay.2", 1, failed());
    assert_eq!(board.advance(), ["w:seat.2:undo"], "the seat of this round, and only that");
    assert_eq!(board.job("w:seat.2:undo").args.to_string(), r#"{"seat":18}"#);
    board.end("w:seat.2:undo", 1, ok("null"));
    board.advance();
    assert_eq!((workflow(&board).state, workflow(&board).compensated), (WorkflowState::Failed, 1));
}

const LIST: &str = r#"[{"id":"e","kind":"echo","forEach":[10,11,12,13],"args":{"v":"${item}"}},
    {"id":"sum","kind":"echo","args":{"all":"${steps.e.result}"}}]"#;

#[test]
fn of_a_list_only_the_items_without_success_run_again() {
    let mut board = Board::new(3);
    start(&mut board, LIST);
    assert_eq!(board.advance(), ["w:e:0", "w:e:1", "w:e:2"]);
    board.end("w:e:0", 1, ok("100"));
    board.advance();
    board.end("w:e:2", 1, failed());
    board.advance();
    for id in ["w:e:1", "w:e:3"] {
        board.end(id, 1, End::stopped(AttemptOutcome::Cancelled));
    }
    board.advance();
    let run = workflow(&board).steps["e"].clone();
    let codes: Vec<_> = run.item_errors.iter().map(|(item, code)| format!("{item} {code}")).collect();
    assert_eq!(codes, ["i1 cancelled", "i2 failed", "i3 cancelled"]);
    retry(&mut board);
    let run = workflow(&board).steps["e"].clone();
    assert_eq!((run.state, run.jobs, run.succeeded, run.again), (StepState::Running, 1, 1, vec![1, 2, 3]));
    assert_eq!(board.advance(), ["w:e.2:1", "w:e.2:2", "w:e.2:3"]);
    assert_eq!(board.job("w:e.2:2").args.to_string(), r#"{"v":12}"#);
    board.end("w:e.2:1", 1, ok("101"));
    board.end("w:e.2:3", 1, ok("103"));
    board.crash();
    assert_eq!(board.advance(), ["w:e.2:2"]);
    board.end("w:e.2:2", 2, failed());
    board.advance();
    retry(&mut board);
    assert_eq!(workflow(&board).steps["e"].again, [2]);
    assert_eq!(board.advance(), ["w:e.3:2"]);
    board.end("w:e.3:2", 1, ok("102"));
    assert_eq!(board.advance(), ["w:sum.3"]);
    assert_eq!(board.job("w:sum.3").args.to_string(), r#"{"all":[100,101,102,103]}"#);
}

#[test]
fn a_cancel_right_after_a_retry_or_between_items_ends_it() {
    let mut board = board();
    start(&mut board, LIST);
    board.advance();
    for item in 0..3 {
        board.end(&format!("w:e:{item}"), 1, ok("1"));
    }
    board.end("w:e:3", 1, failed());
    board.advance();
    retry(&mut board);
    board.say("workflows.cancel", r#"{"id":"w"}"#).expect("accepted");
    assert!(board.advance().is_empty());
    assert_eq!(workflow(&board).state, WorkflowState::Cancelled, "no job is there whose end could end it");
    retry(&mut board);
    assert_eq!(board.advance(), ["w:e.3:3"]);
    // One item at a time: what was dispatched has ended, the others have no job yet.
    let mut board = Board::new(1);
    start(&mut board, LIST);
    for _ in 0..2 {
        let decided = board.core.advance(&board.context(None)).expect("begun, then the first item");
        board.follow(&decided);
    }
    board.cancel("w:e:0").expect("accepted");
    board.advance();
    assert_eq!(
        (workflow(&board).state, states(&board).as_str()),
        (WorkflowState::Failed, "e:failed sum:cancelled")
    );
    assert_eq!(workflow(&board).steps["e"].jobs, 1);
    retry(&mut board);
    assert_eq!(states(&board), "e:waiting sum:waiting", "nothing of it had succeeded");
}

#[test]
fn a_job_of_an_earlier_round_says_nothing_to_this_one() {
    let mut board = board();
    start(&mut board, r#"[{"id":"a","kind":"echo"},{"id":"b","kind":"echo","needs":["a"]}]"#);
    board.advance();
    board.end("w:a", 1, failed());
    board.advance();
    board.say("jobs.retry", r#"{"id":"w:a"}"#).expect("by hand");
    assert_eq!(board.advance(), ["w:a"]);
    retry(&mut board);
    assert_eq!(board.advance(), ["w:a.2"]);
    board.end("w:a", 2, ok("1"));
    assert_eq!(states(&board), "a:running b:waiting");
    board.end("w:a.2", 1, ok("2"));
    assert_eq!(board.advance(), ["w:b.2"]);
}

fn start_late(board: &mut Board, steps: &str) {
    let args = format!(r#"{{"id":"w","recipe":{{"name":"test","deadlineMs":1000,"steps":{steps}}}}}"#);
    board.say("workflows.start", &args).expect("accepted");
}

#[test]
fn a_deadline_stops_and_undoes_like_a_failure() {
    let mut board = board();
    start_late(
        &mut board,
        r#"[{"id":"a","kind":"book","compensate":{"kind":"free"}},{"id":"b","kind":"echo","needs":["a"]},
            {"id":"c","kind":"echo","needs":["b"]}]"#,
    );
    assert_eq!(workflow(&board).deadline, Some(Time(2_000)));
    board.advance();
    board.end("w:a", 1, ok("1"));
    assert_eq!(board.advance(), ["w:b"]);
    board.crash();
    board.advance();
    board.now = 1_999;
    assert!(board.advance().is_empty());
    assert_eq!(workflow(&board).state, WorkflowState::Running);
    assert_eq!(board.core.next_due(), Some(Time(2_000)));
    board.now = 2_000;
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Stopping);
    let reason = board.job("w:b").cancel.and_then(|cancel| cancel.reason).expect("told");
    assert_eq!(reason, "its workflow was not done by its deadline");
    board.end("w:b", 2, End::stopped(AttemptOutcome::Cancelled));
    assert_eq!(board.advance(), ["w:a:undo"]);
    board.now += 5_000;
    assert!(board.advance().is_empty(), "what undoes has no deadline");
    board.end("w:a:undo", 1, ok("null"));
    board.advance();
    let ended = workflow(&board);
    let error = ended.error.expect("told");
    assert_eq!(
        (ended.state, error.step.as_str(), error.code.as_str()),
        (WorkflowState::Failed, "b", "deadline")
    );
    retry(&mut board);
    assert_eq!(workflow(&board).deadline, Some(Time(board.now + 1_000)), "a retry has its time anew");
    assert_eq!(board.drain(), ["w:a.2", "w:b.2", "w:c.2"]);
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
    board.now += 10_000;
    assert!(board.advance().is_empty());
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
}

#[test]
fn what_is_done_by_its_deadline_has_succeeded() {
    let mut board = board();
    start_late(&mut board, r#"[{"id":"a","kind":"echo"}]"#);
    board.advance();
    board.now = 2_000;
    // The end and the deadline are there at once.
    board.end("w:a", 1, ok("1"));
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
}

#[test]
fn a_workflow_that_ended_is_deleted_and_its_jobs_stay() {
    let mut board = board();
    start(&mut board, r#"[{"id":"a","kind":"echo"}]"#);
    let refused = board.say("workflows.delete", r#"{"id":"w"}"#).expect_err("it is under way");
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.message.contains("cancel it first"), "{}", refused.message);
    board.drain();
    let deleted = board.say("workflows.delete", r#"{"id":"w"}"#).expect("accepted");
    assert_eq!(deleted.result.to_string(), r#"{"id":"w"}"#);
    assert_eq!((board.at("/workflows").to_string(), board.state("w:a")), ("{}".into(), JobState::Succeeded));
    for name in ["workflows.delete", "workflows.retry"] {
        assert_eq!(board.say(name, r#"{"id":"w"}"#).expect_err("gone").code, ErrorCode::NotFound);
        assert_eq!(board.say(name, "{}").expect_err("no id").code, ErrorCode::InvalidArgs);
    }
    assert_eq!(
        board
            .say(
                "workflows.start",
                r#"{"recipe":{"name":"n","deadlineMs":0,"steps":[{"id":"a","kind":"k"}]},"id":"x"}"#
            )
            .expect_err("no time at all")
            .code,
        ErrorCode::InvalidArgs
    );
}
