//! A board inside your own program: a typed job, its progress, its result. No server, no port.
//!
//! Run it with `cargo run -p callboard-examples --bin embed [DATA_FOLDER]`. With a folder everything outlives the
//! process; without one it is kept in memory.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{Board, BoardOptions, Job, JobContext, JobFailure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is to be done. Its serialised form is journalled, so it survives a crash.
#[derive(Serialize, Deserialize)]
struct Brew {
    cups: u32,
}

impl Job for Brew {
    const KIND: &'static str = "coffee.brew";
    type Output = String;
}

/// What does it.
async fn brew(job: Brew, context: JobContext) -> Result<String, JobFailure> {
    for cup in 1..=job.cups {
        if context.is_cancelled() {
            return Err(JobFailure::Cancelled);
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        context.step(cup, job.cups, &format!("cup {cup} of {}", job.cups));
    }
    Ok(format!("{} cups are ready", job.cups))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = std::env::args().nth(1).map(Into::into);
    let board = Board::open(BoardOptions { data, ..BoardOptions::default() }).await?;
    board.register(brew)?;

    let handle = board.start(Brew { cups: 5 }).await?;
    let mut progress = handle.progress();
    let printer = tokio::spawn(async move {
        while let Some(progress) = progress.next().await {
            println!("{:>4.0} %  {}", progress.value * 100.0, progress.message.unwrap_or_default());
        }
    });
    let said = handle.result().await?;
    // The last progress first: the printer runs beside this.
    printer.await?;
    println!("{said}");
    board.shutdown().await;
    Ok(())
}
