//! Jobs that fail: tried again with growing delays, told when to come back, or given up at once. Every try and every wait
//! is in the journal, so a job that waits for its next try goes on after a crash.
//!
//! Run it with `cargo run -p callboard-examples --bin retries`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, Job, JobContext, JobFailure,
    protocol::{
        Actor,
        job::{DispatchArgs, JobState, RetryPolicy},
    },
};
use callboard_examples::job;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{io, time::Duration};

/// A letter to somebody; `answers` is what the post office says at each try.
#[derive(Serialize, Deserialize)]
struct Deliver {
    answers: Vec<u16>,
}

impl Job for Deliver {
    const KIND: &'static str = "letter.deliver";
    type Output = String;
}

async fn deliver(letter: Deliver, context: JobContext) -> Result<String, JobFailure> {
    let status = letter.answers[context.attempt() as usize - 1];
    let error = || Box::new(io::Error::other(format!("the post office says {status}")));
    match status {
        200 => Ok(format!("delivered at try {}", context.attempt())),
        // It says when it will have time.
        429 => Err(JobFailure::RetryAfter(error(), Duration::from_millis(150))),
        // Nobody lives there: another try cannot help.
        404 => Err(JobFailure::Fatal(error())),
        // Any other error is tried again; so is one that comes with `?`.
        _ => Err(JobFailure::Retry(error())),
    }
}

/// At most three tries, with about 20 and 40 ms between them.
fn letter(answers: &[u16]) -> DispatchArgs {
    let retry = RetryPolicy { initial_ms: 20, factor: 2.0, max_ms: 1000, jitter: 0.1 };
    DispatchArgs {
        max_attempts: Some(3),
        retry: Some(retry),
        ..job(Deliver::KIND, &json!({ "answers": answers }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let board = Board::open(BoardOptions::default()).await?;
    board.register(deliver)?;
    for (answers, state, tries) in [
        (&[503, 503, 200][..], JobState::Succeeded, 3),
        (&[429, 200], JobState::Succeeded, 2),
        (&[404], JobState::Failed, 1),
        (&[503, 503, 503], JobState::Failed, 3),
    ] {
        let ended = board.dispatch(letter(answers), Actor::new("example")).await?.end().await?;
        let told = ended.error.map_or_else(|| "no error".to_owned(), |error| error.message);
        println!("{answers:?}: {:?} after {} tries; {told}", ended.state, ended.attempt);
        assert_eq!((ended.state, ended.attempt), (state, tries));
    }
    board.shutdown().await;
    Ok(())
}
