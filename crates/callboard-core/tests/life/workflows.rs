//! Workflows as scripts: what is started when, and what the record says.

use crate::kit::{Board, failed};
use callboard_core::End;
use callboard_protocol::{
    Node,
    error::ErrorCode,
    from_node,
    job::JobState,
    workflow::{StepState, Workflow, WorkflowState},
};

pub(crate) fn board() -> Board {
    Board::with(callboard_core::Limits { concurrency: 50, ..callboard_core::Limits::default() })
}

pub(crate) fn start(board: &mut Board, steps: &str) {
    let args = format!(r#"{{"id":"w","recipe":{{"name":"test","steps":{steps}}}}}"#);
    board.say("workflows.start", &args).unwrap_or_else(|refused| panic!("{steps}: {refused}"));
}

pub(crate) fn workflow(board: &Board) -> Workflow {
    from_node(&board.at("/workflows/w")).expect("a workflow")
}

fn step(board: &Board, id: &str) -> StepState {
    workflow(board).steps[id].state
}

fn result(json: &str) -> End {
    End::succeeded(serde_json::from_str(json).expect("JSON"))
}

#[test]
fn a_step_runs_after_what_it_needs_and_finds_its_result() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"c","kind":"echo","needs":["b"],"args":{"n":"${steps.a.result.n}","all":"<${steps.b.result}>"}},
            {"id":"a","kind":"echo","args":{"x":1}},
            {"id":"b","kind":"echo","args":{"of":"${steps.a.result.n}"}}]"#,
    );
    assert_eq!(board.advance(), ["w:a"]);
    assert_eq!((step(&board, "a"), step(&board, "c")), (StepState::Running, StepState::Waiting));
    let job = board.job("w:a");
    assert_eq!(job.workflow_id.as_deref(), Some("w"));
    assert_eq!(job.workflow_step.expect("there").id, "a");
    assert_eq!(job.title, "test: a");
    board.end("w:a", 1, result(r#"{"n":7}"#));
    assert_eq!(step(&board, "a"), StepState::Succeeded, "in the change in which its job ended");
    assert_eq!(board.advance(), ["w:b"]);
    assert_eq!(board.job("w:b").args.to_string(), r#"{"of":7}"#);
    board.end("w:b", 1, result(r#"["z"]"#));
    assert_eq!(board.advance(), ["w:c"]);
    assert_eq!(board.job("w:c").args.to_string(), r#"{"all":"<[\"z\"]>","n":7}"#);
    board.end("w:c", 1, result("true"));
    board.advance();
    let ended = workflow(&board);
    assert_eq!(ended.state, WorkflowState::Succeeded);
    assert_eq!(ended.steps["c"].result, Some(true.into()), "the result of the last step is shown");
    assert!(ended.finished_at.is_some());
    assert!(!board.core.can_advance(callboard_protocol::Time(board.now)), "nothing is left");
}

#[test]
fn independent_steps_run_beside_each_other() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo"},{"id":"b","kind":"echo"},{"id":"end","kind":"echo","needs":["a","b"]}]"#,
    );
    assert_eq!(board.advance(), ["w:a", "w:b"]);
    board.end("w:b", 1, End::succeeded(Node::Null));
    assert!(board.advance().is_empty());
    board.end("w:a", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["w:end"]);
}

#[test]
fn a_condition_that_is_false_skips_a_step_and_the_rest_goes_on() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo"},
            {"id":"b","kind":"echo","when":"${steps.a.result.n} > 5"},
            {"id":"c","kind":"echo","needs":["b"],"args":{"b":"${steps.b.result}","state":"${steps.b.state}"}}]"#,
    );
    board.advance();
    board.end("w:a", 1, result(r#"{"n":5}"#));
    assert_eq!(board.advance(), ["w:c"]);
    assert_eq!(step(&board, "b"), StepState::Skipped);
    assert_eq!(board.job("w:c").args.to_string(), r#"{"b":null,"state":"skipped"}"#);
}

#[test]
fn a_list_makes_a_job_for_each_item_and_an_array_in_its_order() {
    let mut board = board();
    start(
        &mut board,
        r##"[{"id":"a","kind":"echo"},
            {"id":"each","kind":"echo","forEach":"${steps.a.result}","args":{"it":"${item.v}","nth":"#${index}"}},
            {"id":"sum","kind":"echo","args":{"all":"${steps.each.result}"}}]"##,
    );
    board.advance();
    board.end("w:a", 1, result(r#"[{"v":"x"},{"v":"y"},{"v":"z"}]"#));
    assert_eq!(board.advance(), ["w:each:0", "w:each:1", "w:each:2"]);
    assert_eq!(board.job("w:each:1").args.to_string(), r##"{"it":"y","nth":"#1"}"##);
    board.end("w:each:2", 1, result("2"));
    board.end("w:each:0", 1, result("0"));
    assert!(board.advance().is_empty());
    let run = workflow(&board).steps["each"].clone();
    assert_eq!((run.items, run.jobs, run.succeeded), (Some(3), 3, 2));
    board.end("w:each:1", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["w:sum"]);
    assert_eq!(board.job("w:sum").args.to_string(), r#"{"all":[0,null,2]}"#);
    assert_eq!(workflow(&board).steps["each"].results, None);
}

#[test]
fn an_empty_list_is_done_at_once() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"each","kind":"echo","forEach":[]},{"id":"b","kind":"echo","args":{"n":"${steps.each.result}"}}]"#,
    );
    assert_eq!(board.advance(), ["w:b"]);
    assert_eq!(board.job("w:b").args.to_string(), r#"{"n":[]}"#);
}

#[test]
fn a_step_is_tried_again_as_it_says() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo","maxAttempts":2,"retry":{"initialMs":100,"jitter":0},"timeoutMs":900,"queue":"q"}]"#,
    );
    board.advance();
    let job = board.job("w:a");
    assert_eq!((job.timeout_ms, job.queue.as_str(), job.max_attempts), (Some(900), "q", 2));
    board.end("w:a", 1, failed());
    assert_eq!(step(&board, "a"), StepState::Running);
    board.now += 100;
    assert_eq!(board.advance(), ["w:a"]);
    board.end("w:a", 2, End::succeeded(Node::Null));
    board.advance();
    assert_eq!(workflow(&board).state, WorkflowState::Succeeded);
}

#[test]
fn a_failure_stops_the_rest_and_undoes_what_was_done_last_first() {
    // S2.23.
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"book","compensate":{"kind":"free","args":{"seat":"${result.seat}"}}},
            {"id":"b","kind":"book","needs":["a"],"compensate":{"kind":"free","args":{"of":"${steps.a.result.seat}"}}},
            {"id":"slow","kind":"echo"},
            {"id":"bad","kind":"echo","needs":["b"]},
            {"id":"never","kind":"echo","needs":["bad"]}]"#,
    );
    assert_eq!(board.advance(), ["w:a", "w:slow"]);
    board.end("w:a", 1, result(r#"{"seat":17}"#));
    board.advance();
    board.end("w:b", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["w:bad"]);
    board.end("w:bad", 1, failed());
    assert_eq!(workflow(&board).state, WorkflowState::Stopping);
    board.advance();
    assert!(board.job("w:slow").cancel.is_some(), "it is asked to stop before anything is undone");
    board.end("w:slow", 1, End::stopped(callboard_protocol::job::AttemptOutcome::Cancelled));
    assert_eq!(board.advance(), ["w:b:undo"]);
    assert_eq!(board.job("w:b:undo").args.to_string(), r#"{"of":17}"#);
    board.end("w:b:undo", 1, failed());
    assert_eq!(board.advance(), ["w:a:undo"], "best effort: the others are undone all the same");
    assert_eq!(board.job("w:a:undo").args.to_string(), r#"{"seat":17}"#);
    board.end("w:a:undo", 1, End::succeeded(Node::Null));
    assert!(board.advance().is_empty());
    let ended = workflow(&board);
    assert_eq!(ended.state, WorkflowState::Failed);
    assert_eq!(ended.error.expect("the cause").step, "bad");
    assert_eq!(ended.compensation_errors.len(), 1, "both errors are reported");
    assert_eq!(ended.compensation_errors[0].step, "b");
    assert_eq!((ended.compensated, ended.undo.len(), ended.undoing), (1, 0, None));
    let states = |id: &str| ended.steps[id].state;
    assert_eq!(states("never"), StepState::Cancelled);
    assert_eq!(
        (states("slow"), states("bad"), states("a")),
        (StepState::Cancelled, StepState::Failed, StepState::Succeeded)
    );
}

#[test]
fn a_step_that_may_fail_does_not_end_the_workflow() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo","onFailure":"continue"},
            {"id":"each","kind":"echo","forEach":[1,2],"onFailure":"continue"},
            {"id":"end","kind":"echo","args":{"why":"${steps.a.error}","all":"${steps.each.result}"}}]"#,
    );
    assert_eq!(board.advance(), ["w:a", "w:each:0", "w:each:1"]);
    board.end("w:a", 1, failed());
    board.end("w:each:0", 1, failed());
    board.end("w:each:1", 1, result("2"));
    assert_eq!(board.advance(), ["w:end"]);
    assert_eq!(board.job("w:end").args.to_string(), r#"{"all":[null,2],"why":"no"}"#);
    board.end("w:end", 1, End::succeeded(Node::Null));
    board.advance();
    let ended = workflow(&board);
    assert_eq!((ended.state, ended.error), (WorkflowState::Succeeded, None));
    assert_eq!((ended.steps["a"].state, ended.steps["each"].state), (StepState::Failed, StepState::Failed));
    assert_eq!(ended.steps["each"].error.as_ref().and_then(|error| error.item), Some(0));
}

#[test]
fn items_that_succeeded_are_undone_one_by_one() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"e","kind":"book","forEach":["x","y","z"],
             "compensate":{"kind":"free","args":{"i":"${item}","r":"${result}"}}}]"#,
    );
    board.advance();
    board.end("w:e:1", 1, result("11"));
    board.end("w:e:0", 1, result("10"));
    board.end("w:e:2", 1, failed());
    assert_eq!(board.advance(), ["w:e:0:undo"]);
    assert_eq!(board.job("w:e:0:undo").args.to_string(), r#"{"i":"x","r":10}"#);
    board.end("w:e:0:undo", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["w:e:1:undo"]);
    board.end("w:e:1:undo", 1, End::succeeded(Node::Null));
    board.advance();
    let ended = workflow(&board);
    assert_eq!((ended.state, ended.compensated), (WorkflowState::Failed, 2));
    assert_eq!(ended.error.expect("the cause").item, Some(2));
}

#[test]
fn a_cancel_stops_all_jobs_and_undoes() {
    let mut board = Board::new(2);
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo","compensate":{"kind":"free"}},
            {"id":"many","kind":"echo","needs":["a"],"forEach":[1,2,3,4]},
            {"id":"z","kind":"echo","needs":["many"]}]"#,
    );
    board.advance();
    board.end("w:a", 1, End::succeeded(Node::Null));
    assert_eq!(board.advance(), ["w:many:0", "w:many:1"]);
    let answer = board.say("workflows.cancel", r#"{"id":"w","reason":"enough"}"#).expect("accepted");
    assert_eq!(answer.result.to_string(), r#"{"state":"stopping"}"#);
    board.advance();
    assert_eq!(board.state("w:many:3"), JobState::Cancelled);
    assert!(board.job("w:many:0").cancel.is_some());
    for id in ["w:many:0", "w:many:1"] {
        board.end(id, 1, End::stopped(callboard_protocol::job::AttemptOutcome::Cancelled));
    }
    assert_eq!(board.advance(), ["w:a:undo"]);
    let again = board.say("workflows.cancel", r#"{"id":"w"}"#).expect("it is already so");
    assert!(again.change.is_none(), "X17");
    board.end("w:a:undo", 1, End::succeeded(Node::Null));
    board.advance();
    let ended = workflow(&board);
    assert_eq!((ended.state, ended.error), (WorkflowState::Cancelled, None));
    assert_eq!(ended.cancel.and_then(|cancel| cancel.reason).as_deref(), Some("enough"));
    assert_eq!(ended.steps["many"].state, StepState::Cancelled);
    assert_eq!(ended.steps["z"].state, StepState::Cancelled);
}

#[test]
fn a_crash_goes_on_at_the_step_where_it_was() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"a","kind":"echo"},{"id":"e","kind":"echo","forEach":"${steps.a.result}","args":{"i":"${item}"}},
            {"id":"b","kind":"echo","args":{"all":"${steps.e.result}"}}]"#,
    );
    board.crash();
    assert_eq!(board.advance(), ["w:a"]);
    board.end("w:a", 1, result("[5,6]"));
    board.crash();
    assert_eq!(board.advance(), ["w:e:0", "w:e:1"]);
    board.end("w:e:0", 1, result("50"));
    board.crash();
    assert_eq!(board.advance(), ["w:e:1"], "only what was under way runs again");
    board.end("w:e:1", 2, result("60"));
    board.crash();
    assert_eq!(board.advance(), ["w:b"]);
    assert_eq!(board.job("w:b").args.to_string(), r#"{"all":[50,60]}"#);
}

#[test]
fn a_template_that_finds_nothing_fails_its_step() {
    for (step, word) in [
        (
            r#"{"id":"b","kind":"echo","args":{"x":"${steps.a.result.nope}"}}"#,
            "steps.a.result.nope is missing",
        ),
        (r#"{"id":"b","kind":"echo","forEach":"${steps.a.result}"}"#, "it is no list"),
        (r#"{"id":"b","kind":"echo","forEach":"${input.x}","needs":["a"]}"#, "input.x is missing"),
    ] {
        let mut board = board();
        start(&mut board, &format!(r#"[{{"id":"a","kind":"echo","compensate":{{"kind":"free"}}}},{step}]"#));
        board.advance();
        board.end("w:a", 1, result("{}"));
        assert_eq!(board.advance(), ["w:a:undo"], "{step}");
        let error = workflow(&board).error.expect("told");
        assert_eq!((error.step.as_str(), error.code.as_str()), ("b", "bad_template"));
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[test]
fn input_is_that_of_the_recipe_with_what_was_given() {
    let mut board = board();
    let recipe = r#"{"name":"n","input":{"a":1,"b":2},"steps":[{"id":"s","kind":"echo","args":"${input}"}]}"#;
    let args = format!(r#"{{"id":"w","recipe":{recipe},"input":{{"b":3}}}}"#);
    board.say("workflows.start", &args).expect("accepted");
    board.advance();
    assert_eq!(board.job("w:s").args.to_string(), r#"{"a":1,"b":3}"#);
    assert_eq!(board.say("workflows.start", &args).expect_err("taken").code, ErrorCode::Conflict);
}

#[test]
fn results_beyond_the_limit_fail_their_step() {
    let mut board = board();
    start(
        &mut board,
        r#"[{"id":"e","kind":"echo","forEach":[1,2,3,4,5],"onFailure":"continue"},
            {"id":"z","kind":"echo","when":"${steps.e.result.4} == null"}]"#,
    );
    board.advance();
    let large = format!("\"{}\"", "x".repeat(60_000));
    for item in 0..5 {
        board.end(&format!("w:e:{item}"), 1, result(&large));
    }
    assert_eq!(board.advance(), ["w:z"]);
    let run = workflow(&board).steps["e"].clone();
    assert_eq!((run.state, run.succeeded, run.failed), (StepState::Failed, 4, 1));
    assert_eq!(run.error.expect("told").code, "too_large");
}

#[test]
fn a_job_that_somebody_cancels_fails_its_step_and_is_not_run_again_meanwhile() {
    let mut board = board();
    start(&mut board, r#"[{"id":"a","kind":"echo","onFailure":"continue"},{"id":"b","kind":"echo"}]"#);
    board.advance();
    board.cancel("w:a").expect("accepted");
    board.end("w:a", 1, End::stopped(callboard_protocol::job::AttemptOutcome::Cancelled));
    assert_eq!(
        workflow(&board).steps["a"].error.as_ref().map(|error| error.code.as_str()),
        Some("cancelled")
    );
    let refused = board.say("jobs.retry", r#"{"id":"w:a"}"#).expect_err("its workflow is under way");
    assert_eq!(refused.code, ErrorCode::Conflict);
    board.end("w:b", 1, End::succeeded(Node::Null));
    board.advance();
    board.say("jobs.retry", r#"{"id":"w:a"}"#).expect("its workflow has ended");
    assert_eq!(board.drain(), ["w:a"]);
    assert_eq!(step(&board, "a"), StepState::Failed, "what has ended stays as it was");
}

#[test]
fn workflows_that_ended_go_like_jobs() {
    let mut board = Board::with(callboard_core::Limits {
        concurrency: 9,
        history: 2,
        ..callboard_core::Limits::default()
    });
    for id in ["w1", "w2", "w3"] {
        let args = format!(r#"{{"id":"{id}","recipe":{{"name":"n","steps":[{{"id":"a","kind":"echo"}}]}}}}"#);
        board.say("workflows.start", &args).expect("accepted");
        board.drain();
        board.now += 1;
    }
    assert_eq!(board.at("/workflows/w1"), Node::Null);
    assert_ne!(board.at("/workflows/w2"), Node::Null);
    board.now += 86_400_000;
    board.advance();
    assert_eq!(board.at("/workflows").to_string(), "{}", "after a day those that succeeded are gone");
    assert_eq!(board.core.next_due(), None);
}

#[test]
fn a_cancel_of_what_is_not_there_or_has_ended_is_refused() {
    let mut board = board();
    assert_eq!(
        board.say("workflows.cancel", r#"{"id":"w"}"#).expect_err("unknown").code,
        ErrorCode::NotFound
    );
    start(&mut board, r#"[{"id":"a","kind":"echo"}]"#);
    board.drain();
    assert_eq!(board.say("workflows.cancel", r#"{"id":"w"}"#).expect_err("over").code, ErrorCode::Conflict);
}
