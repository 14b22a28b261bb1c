//! Workflows on a board: awaited, refused, and going on after the board was gone.

use crate::kit::{Stage, on, stage, with};
use callboard::{Board, BoardOptions, Limits, WorkflowHandle};
use callboard_exec::{Outcome, Registry};
use callboard_journal::MemoryJournal;
use callboard_protocol::{
    Actor, Node,
    error::{ErrorCode, Rejection},
    from_node,
    workflow::{Compensation, Recipe, Step, StepState, Workflow, WorkflowArgs, WorkflowState},
};
use callboard_testkit::{Attempts, ScriptedExecutor, scripted_kind};
use std::path::Path;

/// One job, one for each thing that it returns, one that gets all.
fn recipe() -> Recipe {
    Recipe::new("three")
        .step(Step::new("list", "work").compensate(Compensation::new("work").arg("undo", "${result}")))
        .step(Step::new("each", "work").for_each("${steps.list.result}").arg("it", "${item}"))
        .step(Step::new("all", "work").arg("sum", "${steps.each.result}"))
}

async fn start(board: &Board, recipe: Recipe) -> Result<WorkflowHandle, Rejection> {
    let args = WorkflowArgs { id: Some("w".into()), recipe, input: None };
    board.start_workflow(args, Actor::new("test")).await
}

fn things() -> Outcome {
    Outcome::Succeeded(vec![Node::from("x"), Node::from("y")].into())
}

fn record(board: &Board) -> Workflow {
    from_node(board.state().document.at("/workflows/w").expect("there")).expect("a workflow")
}

/// Ends the next attempts well, in the order in which they come, each with its own job's name.
async fn finish(attempts: &mut Attempts, jobs: &[&str]) {
    for job in jobs {
        let attempt = attempts.next().await;
        assert_eq!(attempt.context().job_id.as_str(), *job);
        attempt.finish(Outcome::Succeeded((*job).into()));
    }
}

#[tokio::test]
async fn a_workflow_is_awaited_and_each_step_gets_what_was_before() {
    let mut stage = stage(1).await;
    let handle = start(&stage.board, recipe()).await.expect("accepted");
    stage.attempts.next().await.finish(things());
    finish(&mut stage.attempts, &["w:each:0", "w:each:1"]).await;
    let last = stage.attempts.next().await;
    assert_eq!(last.context().args.to_string(), r#"{"sum":["w:each:0","w:each:1"]}"#);
    last.finish(Outcome::Succeeded(7u32.into()));
    let ended = handle.end().await.expect("it ended");
    assert_eq!(ended.state, WorkflowState::Succeeded);
    assert_eq!(ended.steps["all"].result, Some(7u32.into()));
    let late = stage.board.workflow("w").expect("it is in the state").end().await.expect("it had ended");
    assert_eq!(late, ended);
    stage.assert_fold().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_resumes_at_the_step_where_it_was() {
    // Issue 4: resume after a crash at the step where it was, at every step.
    let mut first = stage(4).await;
    start(&first.board, recipe()).await.expect("accepted");
    let _hangs = first.attempts.next().await;
    let mut second = on(first.journal.reopen(), 4).await;
    let again = second.attempts.next().await;
    assert_eq!((again.context().job_id.as_str(), again.context().attempt), ("w:list", 2));
    again.finish(things());
    second.attempts.next().await.finish(Outcome::Succeeded("zero".into()));
    let _hangs = second.attempts.next().await;
    second.until(|stage| record(&stage.board).steps["each"].succeeded == 1).await;
    let mut third = on(second.journal.reopen(), 4).await;
    let left = third.attempts.next().await;
    assert_eq!(left.context().job_id.as_str(), "w:each:1", "what is done is not done again");
    left.finish(Outcome::Succeeded("one".into()));
    let last = third.attempts.next().await;
    assert_eq!(last.context().args.to_string(), r#"{"sum":["zero","one"]}"#);
    last.finish(Outcome::fatal("no", "it cannot"));
    let undo = third.attempts.next().await;
    assert_eq!(undo.context().job_id.as_str(), "w:list:undo");
    let mut fourth = on(third.journal.reopen(), 4).await;
    let undo = fourth.attempts.next().await;
    assert_eq!((undo.context().job_id.as_str(), undo.context().attempt), ("w:list:undo", 2));
    assert_eq!(undo.context().args.to_string(), r#"{"undo":["x","y"]}"#);
    undo.finish(Outcome::Succeeded(Node::Null));
    let ended = fourth.board.workflow("w").expect("there").end().await.expect("it ended");
    assert_eq!((ended.state, ended.compensated), (WorkflowState::Failed, 1));
    assert_eq!(ended.error.expect("the cause").step, "all");
    fourth.assert_fold().await;
}

/// A board in a folder, with real files.
async fn in_folder(data: &Path) -> (Board, Attempts) {
    let (executor, attempts) = ScriptedExecutor::new();
    let mut registry = Registry::new();
    registry.register(scripted_kind("work"), executor).expect("a new kind");
    let options = BoardOptions { data: Some(data.into()), registry, ..BoardOptions::default() };
    (Board::open(options).await.expect("it opens"), attempts)
}

#[tokio::test]
async fn a_workflow_goes_on_from_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let (board, mut attempts) = in_folder(folder.path()).await;
    start(&board, recipe()).await.expect("accepted");
    attempts.next().await.finish(things());
    let interrupted = [attempts.next().await, attempts.next().await];
    let stopping = tokio::spawn({
        let board = board.clone();
        async move { board.shutdown().await }
    });
    for attempt in interrupted {
        attempt.context().cancel.cancelled().await;
        attempt.finish(Outcome::Cancelled);
    }
    stopping.await.expect("it stops");
    let (board, mut attempts) = in_folder(folder.path()).await;
    finish(&mut attempts, &["w:each:0", "w:each:1", "w:all"]).await;
    let ended = board.workflow("w").expect("there").end().await.expect("it ended");
    assert_eq!(ended.state, WorkflowState::Succeeded);
    board.shutdown().await;
}

#[tokio::test]
async fn a_cancelled_workflow_stops_its_jobs_and_undoes() {
    let mut stage = stage(4).await;
    let handle = start(&stage.board, recipe()).await.expect("accepted");
    stage.attempts.next().await.finish(things());
    let running = [stage.attempts.next().await, stage.attempts.next().await];
    handle.cancel("enough").await.expect("accepted");
    for attempt in running {
        attempt.context().cancel.cancelled().await;
        attempt.finish(Outcome::Cancelled);
    }
    finish(&mut stage.attempts, &["w:list:undo"]).await;
    let ended = handle.end().await.expect("it ended");
    assert_eq!((ended.state, ended.steps["each"].state), (WorkflowState::Cancelled, StepState::Cancelled));
    stage.assert_fold().await;
}

#[tokio::test]
async fn what_cannot_run_is_refused_before_anything_starts() {
    let stage = stage(1).await;
    for (recipe, code, word) in [
        (
            Recipe::new("n").step(Step::new("a", "nope")),
            ErrorCode::UnknownKind,
            "step \"a\": nothing here runs",
        ),
        (
            Recipe::new("n").step(Step::new("a", "work").compensate(Compensation::new("nope"))),
            ErrorCode::UnknownKind,
            "step \"a\": compensate: nothing here runs",
        ),
        (
            Recipe::new("n").step(Step::new("a", "work").needs(["a"])),
            ErrorCode::InvalidArgs,
            "in a circle: a -> a",
        ),
        (Recipe::new("n"), ErrorCode::InvalidArgs, "there is none"),
    ] {
        let refused = start(&stage.board, recipe).await.err().expect("refused");
        assert_eq!(refused.code, code);
        assert!(refused.message.contains(word), "{}", refused.message);
    }
    assert_eq!(stage.board.state().document.child("workflows"), None);
    assert_eq!(stage.board.workflow("w").err().expect("none").code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_name_whose_jobs_only_the_store_has_is_not_used_again() {
    let limits = Limits { concurrency: 1, history: 1, ..Limits::default() };
    let mut stage: Stage = with(MemoryJournal::new(), limits).await;
    let one = || Recipe::new("one").step(Step::new("a", "work"));
    let handle = start(&stage.board, one()).await.expect("accepted");
    finish(&mut stage.attempts, &["w:a"]).await;
    handle.end().await.expect("it ended");
    for id in ["w2", "w3"] {
        let args = WorkflowArgs { id: Some(id.into()), recipe: one(), input: None };
        let handle = stage.board.start_workflow(args, Actor::new("test")).await.expect("accepted");
        stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
        handle.end().await.expect("it ended");
    }
    assert_eq!(stage.job("w:a"), None, "it is in the store only");
    assert_eq!(start(&stage.board, one()).await.err().expect("taken").code, ErrorCode::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_failed_workflow_is_retried_from_its_step_across_a_crash_and_deleted() {
    let mut first = stage(4).await;
    let recipe = Recipe::new("two")
        .step(Step::new("fetch", "work"))
        .step(Step::new("load", "work").arg("of", "${steps.fetch.result}"));
    let handle = start(&first.board, recipe).await.expect("accepted");
    finish(&mut first.attempts, &["w:fetch"]).await;
    let load = first.attempts.next().await;
    let early = first.board.retry_workflow("w", Actor::new("test")).await.err().expect("it is under way");
    assert_eq!(early.code, ErrorCode::Conflict);
    load.finish(Outcome::fatal("no", "the disk is full"));
    assert_eq!(handle.end().await.expect("it ended").state, WorkflowState::Failed);
    let again = first.board.retry_workflow("w", Actor::new("test")).await.expect("accepted");
    assert_eq!(again.id(), "w");
    let _hangs = first.attempts.next().await;
    let mut second = on(first.journal.reopen(), 4).await;
    let load = second.attempts.next().await;
    assert_eq!((load.context().job_id.as_str(), load.context().attempt), ("w:load.2", 2));
    assert_eq!(load.context().args.to_string(), r#"{"of":"w:fetch"}"#, "the earlier result is kept");
    let late = second.board.workflow("w").expect("there");
    load.finish(Outcome::Succeeded(1u32.into()));
    let ended = late.end().await.expect("it ended");
    assert_eq!((ended.state, ended.retries, ended.error), (WorkflowState::Succeeded, 1, None));
    second.board.delete_workflow("w", Actor::new("test")).await.expect("accepted");
    assert_eq!(second.board.workflow("w").err().expect("gone").code, ErrorCode::NotFound);
    assert!(second.job("w:load.2").is_some(), "its jobs stay");
    second.assert_fold().await;
}
