//! A job every second. The schedule is part of the state: it outlives the process, and every screen shows when the next
//! job is due.
//!
//! Run it with `cargo run -p callboard-examples --bin schedule`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{
    Board, BoardOptions, Job, JobContext, JobFailure,
    protocol::{
        Actor, Node,
        command::Command,
        schedule::{Overlap, ScheduleArgs, ScheduleName},
    },
};
use callboard_examples::job;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Counts what is in a shop.
#[derive(Serialize, Deserialize)]
struct TakeStock {
    shop: String,
}

impl Job for TakeStock {
    const KIND: &'static str = "stock.take";
    type Output = u32;
}

async fn take_stock(job: TakeStock, _: JobContext) -> Result<u32, JobFailure> {
    Ok(job.shop.len() as u32)
}

/// Waits until the schedule has made so many jobs. The head changes with every commit, so nobody has to poll.
async fn made(board: &Board, jobs: u64) {
    let runs = || board.state().document.at("/schedules/stock/runs").and_then(Node::as_u64);
    let mut head = board.head();
    while runs().unwrap_or(0) < jobs && head.changed().await.is_ok() {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let board = Board::open(BoardOptions::default()).await?;
    board.register(take_stock)?;
    let me = || Actor::new("example");
    let schedule = ScheduleArgs {
        id: "stock".into(),
        // Six fields: seconds first. `0 6 * * mon` would be Mondays at six, in the time zone below.
        cron: Some("* * * * * *".into()),
        time_zone: Some("Europe/Oslo".into()),
        job: job(TakeStock::KIND, &json!({ "shop": "Grünerløkka" })),
        // When the last job is still running, this time is left out.
        overlap: Overlap::Skip,
        ..ScheduleArgs::default()
    };
    board.send(Command::PutSchedule(Box::new(schedule)), me(), None).await?;

    tokio::time::timeout(Duration::from_secs(30), made(&board, 3)).await?;
    board.send(Command::DeleteSchedule(ScheduleName { id: "stock".into() }), me(), None).await?;

    let state = board.state();
    let jobs = state.document.child("jobs").and_then(Node::as_object).ok_or("there are jobs")?;
    for (id, record) in jobs.iter() {
        let member = |name: &str| record.child(name).and_then(Node::as_str).unwrap_or_default();
        println!("{id}: made by {}, {}", member("scheduleId"), member("state"));
        assert_eq!(member("scheduleId"), "stock");
    }
    assert_eq!(jobs.len(), 3, "one for each second that has passed");
    board.shutdown().await;
    Ok(())
}
