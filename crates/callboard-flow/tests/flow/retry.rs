//! S1.3 - S1.5, with the numbers of S1.1.

use callboard_flow::{Backoff, CancelToken, Failure, Reason, Retry, RetryError};
use std::{error::Error, fmt, time::Duration};
use tokio::time::Instant;

#[derive(Debug, PartialEq)]
struct Broken(u32);

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "broken {}", self.0)
    }
}

impl Error for Broken {}

/// S1.1's defaults without jitter.
fn plain() -> Backoff {
    Backoff { jitter: 0.0, ..Backoff::ORCHESTRATION }
}

async fn fails(attempt: u32) -> Result<(), Failure<Broken>> {
    Err(Failure::retry(Broken(attempt)))
}

#[tokio::test(start_paused = true)]
async fn tries_are_calls_and_nothing_is_waited_for_after_the_last() {
    let started = Instant::now();
    let error = Retry::new(plain()).run(fails).await.unwrap_err();
    assert_eq!(error, RetryError::Exhausted { source: Broken(3), attempts: 3 });
    assert_eq!(error.to_string(), "the operation failed after 3 attempts");
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("broken 3"));
    assert_eq!(started.elapsed(), Duration::from_secs(1 + 2));
}

#[tokio::test(start_paused = true)]
async fn success_and_the_observer() {
    let mut told = Vec::new();
    let retry = Retry::new(plain());
    let value = retry.run_observed(
        |attempt| async move { if attempt < 3 { Err(Failure::from(Broken(attempt))) } else { Ok("done") } },
        |retrying| told.push((retrying.attempt, retrying.delay.as_secs(), retrying.error.0)),
    );
    assert_eq!(value.await, Ok("done"));
    assert_eq!(told, [(1, 1, 1), (2, 2, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_tried_again_comes_back_at_once_and_unchanged() {
    let started = Instant::now();
    let retry = Retry::new(plain());
    let refused = retry.run(|attempt| async move { Err::<(), _>(Failure::fatal(Broken(attempt))) });
    let error = refused.await.unwrap_err();
    assert_eq!(error, RetryError::Fatal { source: Broken(1), attempts: 1 });
    assert_eq!((started.elapsed(), error.into_source()), (Duration::ZERO, Some(Broken(1))));
}

#[tokio::test(start_paused = true)]
async fn the_other_side_may_name_the_delay() {
    let started = Instant::now();
    let minute = Duration::from_secs(60);
    let retry = Retry::new(plain());
    let tries = retry.run(|_| async { Err::<(), _>(Failure::retry_after(Broken(0), minute)) });
    tries.await.unwrap_err();
    assert_eq!(started.elapsed(), minute * 2);
}

/// S1.4: the original answered with a plain error, a retry error or a cancellation error, depending on the phase.
#[tokio::test(start_paused = true)]
async fn cancellation_is_the_same_error_in_every_phase() {
    let cancelled_at = |seconds| CancelToken::after(Duration::from_secs(seconds));
    // Before, for one try and for several.
    let before = CancelToken::new();
    before.cancel(Reason::Timeout);
    for calls in [1, 2, 3] {
        let retry = Retry::new(plain().with_max_attempts(calls)).cancelled_by(&before);
        let never = |_| async { unreachable!("it was cancelled before the first try") };
        let result: Result<(), RetryError<Broken>> = retry.run(never).await;
        assert_eq!(result, Err(before.check().unwrap_err().into()));
    }
    // While waiting between two tries: at 1 s of the 2 s after the second one.
    let waiting = cancelled_at(2);
    let retry = Retry::new(plain().unlimited()).cancelled_by(&waiting);
    assert!(retry.run(fails).await.unwrap_err().is_cancelled());
    // While a try runs; it is dropped.
    let running = cancelled_at(2);
    let retry = Retry::new(plain()).cancelled_by(&running);
    let stuck = |_| async { std::future::pending::<Result<(), Failure<Broken>>>().await };
    assert_eq!(retry.run(stuck).await, Err(running.check().unwrap_err().into()));
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_the_jitter() {
    async fn took(seed: u64) -> Duration {
        let started = Instant::now();
        let retry = Retry::new(Backoff::ORCHFLOW).seeded(seed);
        retry.run(fails).await.unwrap_err();
        started.elapsed()
    }
    async fn jittered(seed: u64) -> Vec<Duration> {
        let mut delays = Vec::new();
        let retry = Retry::new(Backoff::ORCHESTRATION.with_max_attempts(6)).seeded(seed);
        let _ = retry.run_observed(fails, |retrying| delays.push(retrying.delay)).await;
        delays
    }
    assert_eq!(took(1).await, Duration::from_secs(1 + 2 + 4 + 8), "no jitter, no difference");
    assert_eq!(jittered(7).await, jittered(7).await);
    assert_ne!(jittered(7).await, jittered(8).await);
}
