//! From the first dispatch to the last end: jobs that do nothing, 100 in flight, beside one row for each job in
//! plain SQLite under the same load.

use super::{block_on, dispatch::change_bytes};
use crate::{
    Done, boards, disk,
    figure::{Figure, Unit},
    load::{Load, Until},
    measure::{ROUNDS, Took, Watch, median},
    raw_commit::RawCommit,
};
use callboard::Board;
use callboard_protocol::Node;
use std::path::Path;

/// Enough to be over what the live state keeps many times.
pub(super) const JOBS: u64 = 30_000;
const WARM_UP: u64 = 500;
const CONCURRENCY: usize = 100;
const LOAD: Load = Load { tasks: 64, depth: 8 };

/// A durable queue has three facts to store for each job: it is asked for, it has begun, it is over.
const FACTS: u64 = 3;

pub(super) fn run() -> Done<Vec<Figure>> {
    let bytes = change_bytes()?;
    let (mut ours, mut rows, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(block_on(board())?);
        rows.push(block_on(plain(bytes, 1))?);
        facts.push(block_on(plain(bytes, FACTS))?);
    }
    let all = |took: &[Took], value: fn(&Took) -> f64| median(took.iter().map(value));
    let rate = |name| Figure::new(name, all(&ours, Took::per_second), Unit::PerSecond("jobs"));
    let cost = |name| Figure::new(name, all(&ours, Took::cpu_us), Unit::Cost("us/job"));
    let (one, three) =
        ("raw SQLite group commit, one row a job", "raw SQLite group commit, three rows a job");
    Ok(vec![
        rate("dispatch and drain, 100 in flight").beside(one, all(&rows, Took::per_second)),
        rate("the same, beside three rows").beside(three, all(&facts, Took::per_second)),
        cost("dispatch and drain: CPU").beside(one, all(&rows, Took::cpu_us)),
        cost("the same, beside three rows: CPU").beside(three, all(&facts, Took::cpu_us)),
    ])
}

async fn board() -> Done<Took> {
    let folder = disk::folder()?;
    on(folder.path(), JOBS).await
}

/// Drains so many jobs on a board in this folder, after some to warm up.
pub(super) async fn on(folder: &Path, jobs: u64) -> Done<Took> {
    let board = boards::open(folder, CONCURRENCY, Vec::new()).await?;
    let before = succeeded(&board).unwrap_or(0);
    settle(&board, WARM_UP, before + WARM_UP).await?;
    let watch = Watch::start();
    settle(&board, jobs, before + WARM_UP + jobs).await?;
    let took = watch.stop(jobs);
    board.shutdown().await;
    Ok(took)
}

fn succeeded(board: &Board) -> Option<u64> {
    board.state().document.at("/summary/succeeded").and_then(Node::as_u64)
}

/// Dispatches `count` jobs and waits until `total` jobs have succeeded on this board.
async fn settle(board: &Board, count: u64, total: u64) -> Done {
    let sender = board.clone();
    let send = move |number| {
        let board = sender.clone();
        async move { boards::dispatch(&board, boards::noop(number)).await }
    };
    LOAD.run(Until::Count(count), send).await?;
    let mut head = board.head();
    head.wait_for(|_| succeeded(board) >= Some(total)).await?;
    Ok(())
}

/// As many jobs, with so many rows for each.
async fn plain(bytes: usize, rows: u64) -> Done<Took> {
    let folder = disk::folder()?;
    let raw = RawCommit::open(folder.path())?;
    raw.drive(LOAD, Until::Count(WARM_UP * rows), bytes).await?;
    let took = raw.drive(LOAD, Until::Count(JOBS * rows), bytes).await?;
    raw.close()?;
    Ok(Took { count: JOBS, ..took })
}
