//! Cancelling a job from anywhere, in every phase of its life, and having it really stop: one that waits for its turn, one
//! that runs in this program, one that runs as a child process with children of its own, one that waits for its next try.
//!
//! Run it with `cargo run -p callboard-examples --bin cancel`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, Job, JobContext, JobFailure, RawHandle,
    exec::{ProcessExecutor, Registry},
    protocol::{
        Actor, Node,
        job::{DispatchArgs, JobState},
    },
};
use callboard_examples::job;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{error::Error, io, sync::Arc, time::Duration};

/// Something long.
#[derive(Serialize, Deserialize)]
struct Dig {
    breaks: bool,
}

impl Job for Dig {
    const KIND: &'static str = "hole.dig";
    type Output = ();
}

async fn dig(job: Dig, context: JobContext) -> Result<(), JobFailure> {
    if job.breaks {
        return Err(io::Error::other("the spade broke").into());
    }
    context.progress(0.5, "digging");
    // An executor says where it can stop. One that does not listen is aborted after the grace.
    context.cancelled().await;
    Err(JobFailure::Cancelled)
}

/// Waits until the job is in this state.
async fn reaches(board: &Board, handle: &RawHandle, state: JobState) -> Result<(), Box<dyn Error>> {
    let mut head = board.head();
    let is_there = || {
        let record = board.live_job(handle.id())?;
        Some(record.child("state")?.as_str()? == state.as_str())
    };
    while is_there() != Some(true) {
        head.changed().await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::new();
    registry.register(ProcessExecutor::run_info(), Arc::new(ProcessExecutor::run_any()))?;
    let board = Board::open(BoardOptions { registry, ..BoardOptions::default() }).await?;
    board.register(dig)?;
    // The child starts another one. Both are ended: TERM for the whole group, KILL after the grace.
    let shell = json!({ "argv": ["sh", "-c", "sleep 600 & wait"] });
    let later = DispatchArgs { delay_ms: Some(3_600_000), ..job(Dig::KIND, &json!({ "breaks": false })) };
    let again = DispatchArgs { max_attempts: Some(9), ..job(Dig::KIND, &json!({ "breaks": true })) };
    for (args, phase) in [
        (later, JobState::Scheduled),
        (job(Dig::KIND, &json!({ "breaks": false })), JobState::Running),
        (job("process.run", &shell), JobState::Running),
        (again, JobState::Retrying),
    ] {
        let kind = args.kind.clone();
        let handle = board.dispatch(args, Actor::new("example")).await?;
        tokio::time::timeout(Duration::from_secs(30), reaches(&board, &handle, phase)).await??;
        handle.cancel("changed my mind").await?;
        let ended = handle.end().await?;
        let reason = ended.cancel.and_then(|cancel| cancel.reason).unwrap_or_default();
        println!("{kind}, {}: {} ({reason})", phase.as_str(), ended.state.as_str());
        assert_eq!((ended.state, reason.as_str()), (JobState::Cancelled, "changed my mind"));
    }
    let running = board.state().document.at("/summary/running").and_then(Node::as_u64);
    assert_eq!(running, Some(0), "every slot is free again");
    board.shutdown().await;
    Ok(())
}
