//! Policies end to end: what needs the store, deadlines of attempts, handles of jobs that were there already.

use crate::kit::{Stage, on, stage, with, work};
use callboard::{JobEnd, Limits};
use callboard_exec::Outcome;
use callboard_journal::{JobQuery, Journal, MemoryJournal};
use callboard_protocol::{
    Node,
    command::{Command, JobArgs},
    error::ErrorCode,
    job::{ClearArgs, DispatchArgs, JobState, UniquePolicy},
};

/// A board that keeps no more than one finished job in its live state.
async fn forgetful() -> Stage {
    with(MemoryJournal::new(), Limits { concurrency: 1, history: 1, ..Limits::default() }).await
}

async fn finished(stage: &mut Stage, id: &str) {
    let handle = stage.dispatch(work(id)).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::from(id)));
    handle.end().await.expect("it ended");
}

fn retry(id: &str) -> Command {
    Command::Retry(JobArgs { id: id.into() })
}

#[tokio::test]
async fn a_job_that_only_the_store_has_runs_again() {
    let mut stage = forgetful().await;
    finished(&mut stage, "a").await;
    finished(&mut stage, "b").await;
    assert_eq!(stage.job("a"), None, "it is in the store only");
    stage.send(retry("a")).await.expect("accepted");
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::from("again")));
    stage.until_state("a", JobState::Succeeded).await;
    let job = stage.job("a").expect("live");
    assert_eq!((job.attempt, job.result), (2, Some(Node::from("again"))));
    assert_eq!(stage.send(retry("ghost")).await.expect_err("unknown").code, ErrorCode::NotFound);
    stage.assert_fold().await;
}

#[tokio::test]
async fn an_id_that_only_the_store_has_is_not_used_again() {
    let mut stage = forgetful().await;
    finished(&mut stage, "a").await;
    finished(&mut stage, "b").await;
    let again = stage.send(Command::Dispatch(Box::new(work("a")))).await;
    assert_eq!(again.expect_err("taken").code, ErrorCode::Conflict);
    let needs = DispatchArgs { depends_on: vec!["a".into()], ..work("c") };
    let handle = stage.dispatch(needs).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    assert_eq!(handle.end().await.expect("it ended").state, JobState::Succeeded);
}

#[tokio::test]
async fn clear_takes_jobs_out_of_the_store_too() {
    let mut stage = forgetful().await;
    for id in ["a", "b", "c"] {
        finished(&mut stage, id).await;
    }
    let accepted = stage.send(Command::Clear(ClearArgs::default())).await.expect("accepted");
    assert_eq!(accepted.result.child("deleted"), Some(&Node::from(3u32)));
    assert_eq!(stage.journal.jobs(JobQuery::default()).await.expect("readable").jobs, Vec::<Node>::new());
    assert_eq!(stage.job("c"), None);
    stage.assert_fold().await;
}

#[tokio::test]
async fn a_handle_follows_the_job_that_was_there_already() {
    let mut stage = stage(1).await;
    let args = |id: &str| DispatchArgs { idempotency_key: Some("k".into()), ..work(id) };
    let first = stage.dispatch(args("a")).await;
    let second = stage.dispatch(args("b")).await;
    assert_eq!(second.id(), first.id());
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::from("once")));
    assert_eq!(second.end().await.expect("it ended").result, Some(Node::from("once")));
    let third = stage.dispatch(args("c")).await;
    assert_eq!(third.end().await.expect("it had ended").result, Some(Node::from("once")));
}

#[tokio::test]
async fn an_attempt_is_stopped_at_the_deadline_of_its_job() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { deadline_ms: Some(50), ..work("a") }).await;
    let attempt = stage.attempts.next().await;
    attempt.context().cancel.cancelled().await;
    attempt.finish(Outcome::Succeeded(Node::from("late")));
    let job = handle.end().await.expect("it ended");
    assert_eq!((job.state, job.result), (JobState::Failed, None));
    assert_eq!(job.error.expect("some").code, "deadline");
}

#[tokio::test]
async fn a_superseded_handle_settles_and_the_new_job_starts_after_it() {
    let mut stage = stage(2).await;
    let args = |id: &str| DispatchArgs {
        unique_key: Some("k".into()),
        unique_policy: Some(UniquePolicy::Replace),
        ..work(id)
    };
    let old = stage.dispatch(args("old")).await;
    let running = stage.attempts.next().await;
    let new = stage.dispatch(args("new")).await;
    running.context().cancel.cancelled().await;
    running.finish(Outcome::Succeeded(Node::from("late")));
    assert_eq!(old.end().await.expect("it ended").state, JobState::Cancelled);
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    assert_eq!(new.end().await.expect("it ended").state, JobState::Succeeded);
}

#[tokio::test]
async fn schedules_pauses_and_waiting_jobs_survive_a_restart() {
    let first = stage(1).await;
    let say = |name: &str, args: &str| {
        Command::parse(name, &serde_json::from_str(args).expect("JSON")).expect("a command")
    };
    let put = r#"{"id":"s","cron":"0 0 1 1 *","job":{"kind":"work"}}"#;
    first.send(say("schedules.put", put)).await.expect("accepted");
    let unknown =
        first.send(say("schedules.put", r#"{"id":"t","everyMs":9000,"job":{"kind":"nope"}}"#)).await;
    assert_eq!(unknown.expect_err("nobody runs it").code, ErrorCode::UnknownKind);
    first.send(say("queues.configure", r#"{"queue":"default"}"#)).await.expect("accepted");
    first.send(say("queues.pause", r#"{"queue":"default"}"#)).await.expect("accepted");
    let waits = first.dispatch(work("waits")).await;
    first.board.shutdown().await;
    assert!(matches!(waits.end().await, Err(JobEnd::BoardStopped)));
    let mut second = on(first.journal.reopen(), 1).await;
    assert_eq!(second.state_of("waits"), Some(JobState::Queued));
    let triggered = second.send(say("schedules.trigger", r#"{"id":"s"}"#)).await.expect("accepted");
    assert!(triggered.result.child("job").is_some());
    second.send(say("queues.resume", r#"{"queue":"default"}"#)).await.expect("accepted");
    assert_eq!(second.attempts.next().await.context().job_id.as_str(), "waits");
}
