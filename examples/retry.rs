//! A service that is busy at first, one that refuses for good, and somebody who gives up waiting.
//!
//! Run it with `cargo run -p callboard-examples --bin retry`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard_flow::{Backoff, CancelToken, Failure, Reason, Retry};
use std::{error::Error, io, time::Duration};

/// What an answer's status means for another try.
fn judge(status: u16) -> Result<&'static str, Failure<io::Error>> {
    let error = || io::Error::other(format!("status {status}"));
    match status {
        200 => Ok("42 bottles"),
        429 => Err(Failure::retry_after(error(), Duration::from_millis(50))),
        500..=599 => Err(Failure::retry(error())),
        _ => Err(Failure::fatal(error())),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Seed 1's numbers, a hundred times faster.
    let backoff = Backoff {
        initial: Duration::from_millis(10),
        max: Duration::from_millis(300),
        ..Backoff::ORCHESTRATION
    };
    let retry = Retry::new(backoff);

    let busy = |attempt: u32| async move { judge([503, 429, 200][attempt as usize - 1]) };
    let answer = retry.run_observed(busy, |retrying| {
        println!("try {}: {}, again in a moment", retrying.attempt, retrying.error);
    });
    println!("busy: {}", answer.await.expect("the third try succeeds"));

    let refused = retry.run(|_| async { judge(403) }).await.expect_err("it is forbidden");
    println!("forbidden: {refused}: {}", refused.source().expect("it has a cause"));

    let exhausted = retry.run(|_| async { judge(500) }).await.expect_err("it never succeeds");
    println!("broken: {exhausted}");

    let token = CancelToken::new();
    let patient = Retry::new(backoff.unlimited()).cancelled_by(&token);
    let waiting = tokio::spawn(async move { patient.run(|_| async { judge(500) }).await });
    tokio::task::yield_now().await;
    token.cancel(Reason::other("the user went home"));
    let gave_up = waiting.await.expect("it does not panic").expect_err("it was cancelled");
    println!("endless: {gave_up}");
}
