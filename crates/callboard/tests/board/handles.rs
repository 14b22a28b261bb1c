//! S2.15, X5, W2.1: a handle settles exactly once, whatever happens to its job and in whatever phase.

use crate::kit::{GRACE, stage, text, work};
use callboard::JobEnd;
use callboard_exec::{CancelReason, Outcome};
use callboard_protocol::{
    Node, Time,
    command::{CancelArgs, Command},
    error::ErrorCode,
    job::{DispatchArgs, JobState, Progress, RetryPolicy},
};
use futures_util::poll;
use std::{pin::pin, time::Duration};
use tokio::time::Instant;

/// The first second of 2100.
const NEXT_CENTURY: Time = Time(4_102_444_800_000);

fn cancel(id: &str) -> Command {
    Command::Cancel(CancelArgs { id: id.into(), reason: Some("enough".into()) })
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_its_time() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { scheduled_at: Some(NEXT_CENTURY), ..work("a") }).await;
    handle.cancel("enough").await.unwrap();
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.attempt), (JobState::Cancelled, 0));
    assert_eq!(job.cancel.unwrap().reason.as_deref(), Some("enough"));
    assert!(stage.attempts.try_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_the_queue() {
    let mut stage = stage(1).await;
    let _first = stage.dispatch(work("first")).await;
    let running = stage.attempts.next().await;
    let handle = stage.dispatch(work("a")).await;
    handle.cancel("enough").await.unwrap();
    assert_eq!(handle.end().await.unwrap().state, JobState::Cancelled);
    running.finish(Outcome::Succeeded(Node::Null));
    stage.until_state("first", JobState::Succeeded).await;
    assert!(stage.attempts.try_next().is_none(), "it never starts");
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_running_and_the_executor_stops() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let accepted = stage.send(cancel("a")).await.unwrap();
    assert_eq!(text(accepted.result.child("state")), "running", "it has not stopped yet");
    attempt.context().cancel.cancelled().await;
    assert_eq!(attempt.context().cancel.reason(), Some(CancelReason::User));
    attempt.finish(Outcome::Cancelled);
    assert_eq!(handle.end().await.unwrap().state, JobState::Cancelled);
}

/// W0.7: a result that comes after the cancel was asked for is discarded.
#[tokio::test(start_paused = true)]
async fn cancelled_while_running_and_the_executor_succeeds_anyway() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.send(cancel("a")).await.unwrap();
    attempt.finish(Outcome::Succeeded("too late".into()));
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.result), (JobState::Cancelled, None));
    assert_eq!(stage.board.state().document.at("/results/a"), None);
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_running_and_the_executor_ignores_it() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let mut attempt = stage.attempts.next().await;
    let asked = Instant::now();
    stage.send(cancel("a")).await.unwrap();
    attempt.aborted().await;
    assert!(asked.elapsed() >= GRACE, "it has its grace");
    assert_eq!(handle.end().await.unwrap().state, JobState::Cancelled);
    assert!(asked.elapsed() < GRACE * 2);
    // The slot is free again.
    stage.dispatch(work("next")).await;
    stage.attempts.next().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_it_waits_for_its_next_try() {
    let mut stage = stage(1).await;
    let retry = Some(RetryPolicy { initial_ms: 3_600_000, max_ms: 3_600_000, ..RetryPolicy::default() });
    let handle = stage.dispatch(DispatchArgs { max_attempts: Some(2), retry, ..work("a") }).await;
    stage.attempts.next().await.finish(Outcome::retryable("flaky", "once more"));
    stage.until_state("a", JobState::Retrying).await;
    handle.cancel("enough").await.unwrap();
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.attempt), (JobState::Cancelled, 1));
}

/// The end is on its way into the journal when the cancel comes: one of both wins, and only one.
#[tokio::test(start_paused = true)]
async fn cancelled_while_its_end_is_being_stored() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.faults.hold_appends();
    attempt.finish(Outcome::Succeeded("done".into()));
    stage.faults.append_held().await;
    let mut cancelled = pin!(stage.send(cancel("a")));
    assert!(poll!(&mut cancelled).is_pending());
    stage.faults.release_appends();
    assert_eq!(cancelled.await.unwrap_err().code, ErrorCode::Conflict);
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.result), (JobState::Succeeded, Some("done".into())));
}

#[tokio::test(start_paused = true)]
async fn a_second_cancel_changes_nothing_and_one_after_the_end_is_a_conflict() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.send(cancel("a")).await.unwrap();
    let version = stage.board.state().version;
    stage.send(cancel("a")).await.unwrap();
    assert_eq!(stage.board.state().version, version, "a no-op commits nothing (invariant 3)");
    attempt.finish(Outcome::Cancelled);
    handle.end().await.unwrap();
    stage.send(cancel("a")).await.expect("it is what was asked for");

    stage.dispatch(work("b")).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    stage.until_state("b", JobState::Succeeded).await;
    assert_eq!(stage.send(cancel("b")).await.unwrap_err().code, ErrorCode::Conflict);
}

#[tokio::test(start_paused = true)]
async fn every_handle_of_a_job_settles_and_dropping_one_cancels_nothing() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    drop(handle);
    assert!(!attempt.context().cancel.is_cancelled());
    attempt.finish(Outcome::Succeeded("done".into()));
    stage.until_state("a", JobState::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_dispatch_leaves_no_handle_and_settles_no_other() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let again = stage.board.dispatch(work("a"), "test".into()).await;
    assert_eq!(again.err().map(|rejection| rejection.code), Some(ErrorCode::Conflict));
    attempt.finish(Outcome::Succeeded("done".into()));
    assert_eq!(handle.end().await.unwrap().result, Some("done".into()));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_settles_all_handles() {
    let mut stage = stage(1).await;
    let running = stage.dispatch(work("running")).await;
    let attempt = stage.attempts.next().await;
    let queued = stage.dispatch(work("queued")).await;
    let stopping = tokio::spawn({
        let board = stage.board.clone();
        async move { board.shutdown().await }
    });
    attempt.context().cancel.cancelled().await;
    assert_eq!(attempt.context().cancel.reason(), Some(CancelReason::Shutdown));
    attempt.finish(Outcome::Cancelled);
    stopping.await.unwrap();
    for handle in [running, queued] {
        let end = tokio::time::timeout(Duration::from_secs(1), handle.end()).await;
        assert!(matches!(end, Ok(Err(JobEnd::BoardStopped))), "{end:?}");
    }
    let late = stage.board.dispatch(work("late"), "test".into()).await;
    assert_eq!(late.err().map(|rejection| rejection.code), Some(ErrorCode::Overloaded));
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_and_ends_with_the_job() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let mut progress = handle.progress();
    let attempt = stage.attempts.next().await;
    attempt.context().reporter.progress(Progress { value: 0.25, ..Progress::default() });
    progress.changed().await.unwrap();
    assert_eq!(progress.borrow_and_update().as_ref().map(|progress| progress.value), Some(0.25));
    assert_eq!(stage.job("a").unwrap().progress.map(|progress| progress.value), Some(0.25), "durable first");
    attempt.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.unwrap();
    assert!(progress.changed().await.is_err(), "nothing more comes");
}
