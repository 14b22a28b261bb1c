//! What an attempt can ask of its board: more time, a memory, jobs on its behalf; and what it can answer.

use crate::kit::{GRACE, Stage, on, stage, text, work};
use callboard_exec::{CancelReason, Outcome};
use callboard_protocol::{
    JobId, Node,
    error::ErrorCode,
    job::{AttemptOutcome, DispatchArgs, Job, JobError, JobState, RetryPolicy},
};
use std::time::Duration;
use tokio::time::Instant;

async fn outcomes(stage: &Stage, id: &str) -> Vec<AttemptOutcome> {
    let attempts = stage.board.attempts(&JobId::new(id)).await.expect("the store answers");
    attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test(start_paused = true)]
async fn an_attempt_can_ask_for_more_time_before_its_limit() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { timeout_ms: Some(60_000), ..work("a") }).await;
    let attempt = stage.attempts.next().await;
    let began = Instant::now();
    assert_eq!(attempt.context().deadline(), Some(began + Duration::from_secs(60)));
    tokio::time::sleep(Duration::from_secs(50)).await;
    attempt.context().extend(Duration::from_secs(30));
    attempt.context().cancel.cancelled().await;
    assert_eq!(began.elapsed().as_secs(), 90);
    attempt.context().extend(Duration::from_secs(30));
    assert_eq!(attempt.context().deadline(), Some(began + Duration::from_secs(90)), "too late");
    attempt.finish(Outcome::Cancelled);
    assert_eq!(handle.end().await.unwrap().error.unwrap().code, "timeout");
}

/// A checkpoint is durable when the call returns: the attempt after a crash finds it.
#[tokio::test(start_paused = true)]
async fn a_checkpoint_survives_the_server() {
    let journal = {
        let mut stage = stage(1).await;
        stage.dispatch(work("a")).await;
        let attempt = stage.attempts.next().await;
        assert_eq!(attempt.context().restored("page"), None);
        attempt.context().checkpoint("page", 7u32).await.unwrap();
        attempt.context().checkpoint("gone", "x").await.unwrap();
        attempt.context().checkpoint("gone", Node::Null).await.unwrap();
        stage.assert_fold().await;
        stage.journal.clone()
    };
    let mut stage = on(journal, 1).await;
    let attempt = stage.attempts.next().await;
    assert_eq!(attempt.context().attempt, 2);
    assert_eq!(attempt.context().restored("page"), Some(&Node::from(7u32)));
    assert_eq!(attempt.context().restored("gone"), None);
    attempt.finish(Outcome::Succeeded(Node::Null));
    stage.until_state("a", JobState::Succeeded).await;
    assert_eq!(stage.job("a").unwrap().checkpoint, None, "what is done needs no memory");
}

#[tokio::test(start_paused = true)]
async fn checkpoints_are_small_and_only_the_current_attempt_leaves_them() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let context = attempt.context().clone();
    let refused = context.checkpoint("big", "x".repeat(20_000)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge);
    let refused = context.checkpoint("__proto__", 1u32).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidArgs);
    attempt.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.unwrap();
    let refused = context.checkpoint("late", 1u32).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_starts_other_jobs_in_its_name() {
    let mut stage = stage(2).await;
    stage.dispatch(work("parent")).await;
    let parent = stage.attempts.next().await;
    let child = parent.context().spawn_child(work("child")).await.unwrap();
    assert_eq!(child, JobId::new("child"));
    assert_eq!(stage.attempts.next().await.context().job_id, child);
    let record = stage.job("child").unwrap();
    assert_eq!((record.created_by.as_str(), record.parent_id), ("job:parent", Some("parent".into())));
    let unknown = DispatchArgs { kind: "nobody".into(), ..DispatchArgs::default() };
    let refused = parent.context().spawn_child(unknown).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UnknownKind);
}

/// `Retry-After` wins over the policy, which would not try again within a day.
#[tokio::test(start_paused = true)]
async fn an_attempt_says_how_long_the_next_one_waits() {
    let mut stage = stage(1).await;
    let retry = Some(RetryPolicy { initial_ms: 86_400_000, max_ms: 86_400_000, factor: 1.0, jitter: 0.0 });
    let handle = stage.dispatch(DispatchArgs { max_attempts: Some(2), retry, ..work("a") }).await;
    let error = JobError::new("http_status", "429 Too Many Requests");
    let after = Some(Duration::from_millis(20));
    stage.attempts.next().await.finish(Outcome::Errored { error, retryable: true, after });
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    assert_eq!(handle.end().await.unwrap().state, JobState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_snooze_waits_and_uses_up_no_try() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    for _ in 0..3 {
        stage.attempts.next().await.finish(Outcome::Snoozed(Duration::from_millis(5)));
    }
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    let job: Job = handle.end().await.unwrap();
    assert_eq!((job.state, job.max_attempts, job.attempt), (JobState::Succeeded, 1, 4));
    use AttemptOutcome::{Snoozed, Succeeded};
    assert_eq!(outcomes(&stage, "a").await, [Snoozed, Snoozed, Snoozed, Succeeded]);
}

/// X5: whoever ignores the token loses the slot, and people see it.
#[tokio::test(start_paused = true)]
async fn an_executor_that_ignores_its_token_is_counted_as_stuck() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.dispatch(work("b")).await;
    let version = stage.board.state().version;
    handle.cancel("enough").await.unwrap();
    attempt.context().cancel.cancelled().await;
    assert_eq!(attempt.context().cancel.reason(), Some(CancelReason::User));
    let began = Instant::now();
    assert_eq!(handle.end().await.unwrap().state, JobState::Cancelled);
    assert!(began.elapsed() >= GRACE);
    assert_eq!(stage.attempts.next().await.context().job_id, JobId::new("b"), "the slot is free");
    assert_eq!(stage.board.state().document.at("/meta/stuck"), Some(&Node::from(1u32)));
    assert!(stage.events_since(version).contains(&"attempt.stuck a".to_owned()));
    let log = stage.board.board_log(Some(0), 10);
    assert!(log.entries.iter().any(|entry| entry.message.contains("did not stop when asked")));
    assert_eq!(text(stage.board.state().document.at("/jobs/a/state")), "cancelled");

    let restarted = on(stage.journal.clone(), 1).await;
    assert_eq!(restarted.board.state().document.at("/meta/stuck"), Some(&Node::from(0u32)));
}

/// A cancel reaches what the job has started, and it starts nothing more.
#[tokio::test(start_paused = true)]
async fn a_cancel_reaches_the_jobs_that_an_attempt_has_started() {
    let mut stage = stage(2).await;
    let handle = stage.dispatch(work("parent")).await;
    let parent = stage.attempts.next().await;
    parent.context().spawn_child(work("child")).await.unwrap();
    let child = stage.attempts.next().await;
    handle.cancel("enough").await.unwrap();
    child.context().cancel.cancelled().await;
    let refused = parent.context().spawn_child(work("late")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
    for attempt in [parent, child] {
        attempt.finish(Outcome::Cancelled);
    }
    assert_eq!(handle.end().await.unwrap().state, JobState::Cancelled);
    stage.until(|stage| stage.state_of("child") == Some(JobState::Cancelled)).await;
}
