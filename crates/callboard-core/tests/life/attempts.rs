//! Attempts, tries, cancels and what they leave.

use crate::kit::{Board, failed, settles};
use callboard_core::{Archived, Core, Effect, End, Input, Limits, News, Recovered, successful_attempt};
use callboard_protocol::{
    JobId, Node, Time, caps,
    command::{CancelArgs, Command, JobArgs},
    error::ErrorCode,
    job::{AttemptOutcome, CancelCause, DispatchArgs, JobState, Progress, RetryPolicy},
};

#[test]
fn a_job_runs_and_leaves_its_result() {
    let mut board = Board::new(1);
    board.dispatch("a", |args| {
        args.args = Some(serde_json::from_str(r#"{"prompt":"a red fox"}"#).expect("JSON"))
    });
    assert_eq!(board.job("a").title, "a red fox");
    assert_eq!(board.advance(), ["a"]);
    let progress = |value| News::Progress(Progress { value, ..Progress::default() });
    board.report("a", 1, progress(0.5)).expect("accepted");
    board.report("a", 1, progress(0.2)).expect("accepted");
    assert_eq!(board.job("a").progress.expect("some").value, 0.5, "X3: it does not go back");
    let decided = board.end("a", 1, End::succeeded(Node::from("done")));
    assert_eq!(settles(&decided), 1);
    // The record says all of the attempt that succeeded, until the job is run again.
    let [Archived::Job(_, record)] = &decided.archive[..] else { panic!("{:?}", decided.archive) };
    let attempt = successful_attempt(record).expect("it has succeeded");
    assert_eq!((attempt.attempt, attempt.outcome), (1, AttemptOutcome::Succeeded));
    assert_eq!(board.job("a").state, JobState::Succeeded);
    assert_eq!(board.core.document().at("/results/a/result"), Some(&Node::from("done")));
    board.settle();
    assert_eq!(board.core.document().at("/summary/succeeded"), Some(&Node::from(1u32)));
    assert_eq!(board.core.document().at("/summary/running"), Some(&Node::from(0u32)));
    let redriven = board.say("jobs.retry", r#"{"id":"a"}"#).expect("accepted");
    assert!(redriven.archive.contains(&Archived::Attempt(attempt)), "{:?}", redriven.archive);
}

#[test]
fn slots_are_limited_and_lower_priority_numbers_go_first() {
    let mut board = Board::new(2);
    for (id, priority) in [("a", 5), ("b", 0), ("c", 5), ("d", -1)] {
        board.now += 1;
        board.dispatch(id, |args| args.priority = Some(priority));
    }
    assert_eq!(board.advance(), ["d", "b"]);
    board.end("d", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["a"]);
}

#[test]
fn tries_are_counted_as_calls_and_wait_for_their_backoff() {
    // X1, X2
    let mut board = Board::new(1);
    let retry = RetryPolicy { initial_ms: 100, factor: 2.0, max_ms: 1000, jitter: 0.0 };
    board.dispatch("a", |args| (args.max_attempts, args.retry) = (Some(2), Some(retry)));
    board.advance();
    board.end("a", 1, failed());
    assert_eq!((board.job("a").state, board.core.next_due()), (JobState::Retrying, Some(Time(1_100))));
    assert!(board.advance().is_empty());
    board.now = 1_100;
    assert_eq!(board.advance(), ["a"]);
    let decided = board.end("a", 2, failed());
    assert_eq!((board.job("a").state, settles(&decided)), (JobState::Failed, 1));
}

#[test]
fn a_stale_attempt_can_change_nothing() {
    // Invariant 5
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.advance();
    assert_eq!(
        board.report("a", 2, News::End(Box::new(failed()))).expect_err("stale").code,
        ErrorCode::Conflict
    );
    board.end("a", 1, failed());
    let again = board.report("a", 1, News::End(Box::new(End::succeeded(Node::Null))));
    assert_eq!(again.expect_err("over").code, ErrorCode::Conflict);
    assert_eq!(board.job("a").state, JobState::Failed);
}

#[test]
fn cancel_works_in_every_phase_and_settles_once() {
    // X5
    let mut board = Board::new(1);
    board.dispatch("later", |args| args.scheduled_at = Some(Time(9_999)));
    board.dispatch("running", |_| ());
    board.now += 1;
    board.dispatch("queued", |_| ());
    assert_eq!(board.advance(), ["running"]);
    for id in ["later", "queued"] {
        assert_eq!(settles(&board.cancel(id).expect("accepted")), 1, "{id}");
    }
    let asked = board.cancel("running").expect("accepted");
    assert_eq!(
        asked.effects,
        [Effect::Stop { id: JobId::from("running"), attempt: 1, cause: CancelCause::User }]
    );
    assert_eq!(board.cancel("running").expect("again").change, None, "asked already");
    // W0.7: a result that comes after the cancel does not win.
    let decided = board.end("running", 1, End::succeeded(Node::from("late")));
    assert_eq!((board.job("running").state, settles(&decided)), (JobState::Cancelled, 1));
    assert_eq!(board.job("running").result, None);
    assert_eq!(board.cancel("running").expect("already so").change, None);
}

#[test]
fn a_finished_job_can_be_run_again_with_all_its_tries() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.advance();
    board.end("a", 1, failed());
    board.send(Command::Retry(JobArgs { id: JobId::from("a") })).expect("accepted");
    assert_eq!((board.job("a").error, board.job("a").finished_at), (None, None));
    assert_eq!(board.advance(), ["a"]);
    board.end("a", 2, End::succeeded(Node::Null));
    assert_eq!((board.job("a").state, board.job("a").attempt), (JobState::Succeeded, 2));
}

#[test]
fn a_crash_takes_jobs_back_and_a_poison_job_ends() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    for attempt in 1..=4 {
        assert_eq!(board.advance(), ["a"]);
        assert_eq!(board.core.orphans(), [JobId::from("a")]);
        let decided = board.receive(Input::Rescue(JobId::from("a"))).expect("accepted");
        let expected = if attempt < 4 { JobState::Queued } else { JobState::Failed };
        assert_eq!((board.job("a").state, settles(&decided)), (expected, usize::from(attempt == 4)));
    }
    assert_eq!(board.job("a").error.expect("some").code, "lost");
}

#[test]
fn an_orderly_shutdown_costs_no_try() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    board.advance();
    board.end("a", 1, End::stopped(AttemptOutcome::Interrupted));
    assert_eq!(board.job("a").state, JobState::Queued);
    board.advance();
    board.end("a", 2, failed());
    assert_eq!(board.job("a").state, JobState::Failed, "its one try is used now");
}

#[test]
fn history_is_trimmed_in_the_change_that_overflows_it() {
    let mut board = Board::new(1);
    for index in 0..5 {
        board.now += 1;
        board.dispatch(&format!("j{index}"), |_| ());
        board.advance();
        board.end(&format!("j{index}"), 1, End::succeeded(Node::from("x")));
    }
    let keys = |domain: &str| -> Vec<String> {
        let members = board.core.document().child(domain).and_then(Node::as_object).expect("there");
        members.keys().map(ToString::to_string).collect()
    };
    assert_eq!(keys("jobs"), ["j2", "j3", "j4"]);
    assert_eq!(keys("results"), ["j3", "j4"]);
}

#[test]
fn a_repeated_command_is_answered_and_not_carried_out_again() {
    let mut board = Board::new(1);
    let dispatch = || {
        let args = DispatchArgs { id: Some("a".into()), kind: "echo".into(), ..DispatchArgs::default() };
        Input::Command(Command::Dispatch(Box::new(args)))
    };
    let context = board.context(Some("c:1"));
    let first = board.core.receive(dispatch(), &context).expect("accepted");
    let second = board.core.receive(dispatch(), &context).expect("answered");
    assert_eq!((second.version, &second.result, second.dup), (first.version, &first.result, true));
    assert_eq!(second.change, None);
    // W3.8: and so it is after a restart, from the kept outcomes.
    let recovered = Recovered {
        document: board.core.document().clone(),
        version: board.core.version(),
        outcomes: board.core.outcomes(),
        ..Recovered::default()
    };
    let mut again = Core::new(recovered, Limits::default());
    assert!(again.receive(dispatch(), &context).expect("answered").dup);
}

#[test]
fn a_commit_that_was_not_stored_leaves_no_trace() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    let (before, checkpoint) = (board.core.document().clone(), board.core.checkpoint());
    let context = board.context(Some("c:9"));
    let cancel = || Input::Command(Command::Cancel(CancelArgs { id: "a".into(), reason: None }));
    board.core.receive(cancel(), &context).expect("accepted");
    board.core.restore(checkpoint);
    assert_eq!(board.core.document(), &before);
    assert!(!board.core.receive(cancel(), &context).expect("accepted").dup, "its outcome is forgotten too");
}

#[test]
fn a_result_over_its_cap_fails_the_attempt_and_says_so() {
    let mut board = Board::new(1);
    let mut deep = Node::Null;
    for _ in 0..80 {
        deep = vec![deep].into();
    }
    for (id, result) in [("big", Node::from("x".repeat(70_000))), ("deep", deep)] {
        board.dispatch(id, |_| ());
        board.advance();
        board.end(id, 1, End::succeeded(result));
        let job = board.job(id);
        assert_eq!(
            (job.state, job.error.expect("some").code.as_str()),
            (JobState::Failed, "too_large"),
            "{id}"
        );
    }
}

#[test]
fn bad_input_is_refused_by_name_and_changes_nothing() {
    let mut board = Board::new(1);
    board.dispatch("taken", |_| ());
    let before = board.core.document().clone();
    type Change = fn(&mut DispatchArgs);
    let cases: [(&str, ErrorCode, Change); 9] = [
        ("id", ErrorCode::InvalidArgs, |args| args.id = Some("1234".into())),
        ("already", ErrorCode::Conflict, |args| args.id = Some("taken".into())),
        ("kind", ErrorCode::InvalidArgs, |args| args.kind = "a/b".into()),
        ("args", ErrorCode::TooLarge, |args| args.args = Some("x".repeat(70_000).into())),
        ("nest", ErrorCode::TooLarge, |args| {
            args.args = Some((0..80).fold(Node::Null, |inner, _| vec![inner].into()));
        }),
        ("maxAttempts", ErrorCode::InvalidArgs, |args| args.max_attempts = Some(0)),
        ("timeoutMs", ErrorCode::InvalidArgs, |args| args.timeout_ms = Some(0)),
        ("tags", ErrorCode::InvalidArgs, |args| args.tags = vec![String::new()]),
        ("retry", ErrorCode::InvalidArgs, |args| {
            args.retry = Some(RetryPolicy { factor: f64::NAN, ..RetryPolicy::default() });
        }),
    ];
    for (word, code, change) in cases {
        let mut args =
            DispatchArgs { id: Some("new".into()), kind: "echo".into(), ..DispatchArgs::default() };
        change(&mut args);
        let rejection = board.send(Command::Dispatch(Box::new(args))).expect_err(word);
        assert_eq!(rejection.code, code, "{word}");
        assert!(rejection.message.contains(word), "{}", rejection.message);
    }
    let ghost = || JobId::from("ghost");
    assert_eq!(board.cancel("ghost").expect_err("none").code, ErrorCode::NotFound);
    assert_eq!(
        board.send(Command::Delete(JobArgs { id: ghost() })).expect_err("none").code,
        ErrorCode::NotFound
    );
    let running = board.send(Command::Delete(JobArgs { id: "taken".into() }));
    assert_eq!(running.expect_err("not finished").code, ErrorCode::Conflict);
    assert!(
        board
            .report("taken", 0, News::Progress(Progress { value: f64::NAN, ..Progress::default() }))
            .is_err()
    );
    assert_eq!(board.core.document(), &before);
}

#[test]
fn the_documentation_shows_the_table_of_the_code() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/job-life.md");
    let text = std::fs::read_to_string(file).expect("the page is there");
    let hint = "run: cargo run -q -p callboard-core --example job_life > docs/reference/job-life.md";
    assert!(text.trim_end() == callboard_core::table::page().trim_end(), "the page is old; {hint}");
}

/// The delay of a `Retry-After` is what the record says, within the longest that there is.
#[test]
fn the_delay_that_an_attempt_asks_for_wins() {
    let mut board = Board::new(1);
    for (id, asked, waits) in [("a", 120_000, 120_000), ("b", u64::MAX, caps::RETRY_MS)] {
        board.dispatch(id, |args| args.max_attempts = Some(2));
        board.advance();
        board.end(id, 1, End { after_ms: Some(asked), ..failed() });
        let job = board.job(id);
        assert_eq!(job.state, JobState::Retrying);
        assert_eq!(job.scheduled_at, Some(Time(board.now).plus_ms(waits)));
    }
}

#[test]
fn a_snooze_is_no_try() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| {});
    for attempt in 1..=3 {
        board.advance();
        board.end("a", attempt, End::snoozed(500));
        assert_eq!(board.job("a").state, JobState::Scheduled);
        board.now += 500;
    }
    board.advance();
    board.end("a", 4, failed());
    assert_eq!(board.job("a").state, JobState::Failed, "the one try that it had");
}
