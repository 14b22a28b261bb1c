//! Attempts that take too long, panic, ignore their token, or talk without end.

use crate::kit::{GRACE, stage, work};
use callboard_exec::{CancelReason, Outcome};
use callboard_protocol::{
    JobId, Node, caps,
    command::{Command, JobArgs},
    job::{AttemptOutcome, DispatchArgs, JobState, Progress, RetryPolicy},
    log::Level,
};
use std::time::Duration;
use tokio::time::Instant;

/// A second try follows at once.
fn twice(id: &str) -> DispatchArgs {
    let retry = Some(RetryPolicy { initial_ms: 1, max_ms: 1, factor: 1.0, jitter: 0.0 });
    DispatchArgs { max_attempts: Some(2), retry, ..work(id) }
}

/// X5: the limit is one attempt's; the next one has all of its own.
#[tokio::test(start_paused = true)]
async fn a_timeout_is_per_attempt() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { timeout_ms: Some(60_000), ..twice("a") }).await;
    let first = stage.attempts.next().await;
    let began = Instant::now();
    first.context().cancel.cancelled().await;
    assert_eq!(first.context().cancel.reason(), Some(CancelReason::Timeout));
    assert_eq!(began.elapsed().as_secs(), 60);
    first.finish(Outcome::Cancelled);

    let second = stage.attempts.next().await;
    assert_eq!(second.context().attempt, 2);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(!second.context().cancel.is_cancelled());
    second.finish(Outcome::Succeeded("in time".into()));
    assert_eq!(handle.end().await.unwrap().state, JobState::Succeeded);
    let attempts = stage.board.attempts(&JobId::new("a")).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::TimedOut, AttemptOutcome::Succeeded]);
    let error = attempts[0].error.as_ref().unwrap();
    assert_eq!(error.code, "timeout");
    assert!(error.message.contains("60000 ms"), "{}", error.message);
    // The one that succeeded is a part of the record, and a row of its own once the record says something else.
    stage.send(Command::Retry(JobArgs { id: "a".into() })).await.unwrap();
    assert_eq!(stage.board.attempts(&JobId::new("a")).await.unwrap(), attempts);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_ignores_its_timeout_is_aborted_after_the_grace() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { timeout_ms: Some(1000), ..work("a") }).await;
    let mut attempt = stage.attempts.next().await;
    let began = Instant::now();
    attempt.aborted().await;
    assert!(began.elapsed() >= GRACE + Duration::from_secs(1));
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.error.unwrap().code.as_str()), (JobState::Failed, "timeout"));
}

/// A result that comes after the limit does not count; the attempt was told to stop.
#[tokio::test(start_paused = true)]
async fn a_result_after_the_timeout_is_a_timeout() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(DispatchArgs { timeout_ms: Some(1000), ..work("a") }).await;
    let attempt = stage.attempts.next().await;
    attempt.context().cancel.cancelled().await;
    attempt.finish(Outcome::Succeeded("late".into()));
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.result), (JobState::Failed, None));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_crashed_attempt_and_counts_as_a_try() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(twice("a")).await;
    for _ in 0..2 {
        stage.attempts.next().await.panic("on request of the test");
    }
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.attempt), (JobState::Failed, 2));
    assert_eq!(job.error.unwrap().code, "panicked");
    let attempts = stage.board.attempts(&JobId::new("a")).await.unwrap();
    assert!(attempts.iter().all(|attempt| attempt.outcome == AttemptOutcome::Crashed));
    // The board goes on.
    stage.dispatch(work("b")).await;
    stage.attempts.next().await;
}

/// Invariant 9: at most ten changes a second, however often an executor speaks; the last value is not lost.
#[tokio::test(start_paused = true)]
async fn a_flood_of_progress_becomes_few_changes() {
    const REPORTS: u32 = 50_000;
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let (before, began) = (stage.board.state().version, Instant::now());
    for step in 1..=REPORTS {
        let value = f64::from(step) / f64::from(REPORTS);
        attempt.context().reporter.progress(Progress { value, ..Progress::default() });
        if step % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    attempt.finish(Outcome::Succeeded(Node::Null));
    let job = handle.end().await.unwrap();
    assert_eq!(job.progress.unwrap().value, 1.0);
    let (changes, seconds) = (stage.board.state().version - before, began.elapsed().as_secs_f64());
    // The end is one change, the log's metadata at most one per second.
    assert!(changes as f64 <= seconds * 11.0 + 3.0, "{changes} changes in {seconds} s");
    stage.assert_fold().await;
}

/// Invariant 7: lines are bounded, the newest stay, and other jobs are served meanwhile.
#[tokio::test(start_paused = true)]
async fn a_flood_of_lines_is_bounded_and_stops_nobody() {
    const LINES: usize = 50_000;
    let mut stage = stage(2).await;
    let _noisy = stage.dispatch(work("noisy")).await;
    let noisy = stage.attempts.next().await;
    for line in 0..LINES {
        noisy.context().reporter.log("stdout", Level::Info, &format!("line {line}"));
    }
    let other = stage.dispatch(work("other")).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    assert_eq!(other.end().await.unwrap().state, JobState::Succeeded);
    let newest = stage.board.board_log(None, 1);
    assert_eq!(&*newest.entries[0].message, format!("line {}", LINES - 1));
    let all = stage.board.board_log(Some(0), caps::LOG_QUERY_LINES);
    assert!(all.truncated, "what fell out of the ring is said");
    assert!(newest.next_seq - all.entries[0].seq <= caps::LOG_RING_LINES as u64);
}

/// What an attempt says after its end changes nothing.
#[tokio::test(start_paused = true)]
async fn a_reporter_that_outlives_its_attempt_changes_no_state() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let reporter = attempt.context().reporter.clone();
    attempt.finish(Outcome::Succeeded("done".into()));
    handle.end().await.unwrap();
    let before = stage.job("a");
    reporter.progress(Progress { value: 0.5, ..Progress::default() });
    reporter.log("stdout", Level::Info, "am I still here?");
    stage.dispatch(work("b")).await;
    stage.attempts.next().await;
    assert_eq!(stage.job("a"), before);
}
