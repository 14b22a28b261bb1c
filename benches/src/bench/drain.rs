//! Jobs that do nothing, 100 in flight: those that wait already, as queues are usually measured, and from the first
//! dispatch to the last end. Beside plain SQLite with as many rows in flight, which stores a row for each fact, or one
//! for each job: how many share an `fsync` is half of what a store can do, so the same must wait for both.

use super::{block_on, dispatch::change_bytes};
use crate::{
    Done, boards, disk,
    figure::{Figure, Unit},
    load::{Load, Until},
    measure::{ROUNDS, Took, Watch, median},
    raw_commit::RawCommit,
};
use callboard::Board;
use callboard_protocol::{Actor, Node, command::Command, queue::QueueArgs};
use std::path::Path;

/// Enough to be over what the live state keeps many times.
pub(super) const JOBS: u64 = 30_000;
const WARM_UP: u64 = 500;
const CONCURRENCY: usize = 100;
/// Who dispatches.
const LOAD: Load = Load { tasks: 64, depth: 8 };
/// What is in flight when jobs wait already.
const IN_FLIGHT: Load = Load { tasks: CONCURRENCY as u64, depth: 1 };

/// The facts of a job that are stored: it is asked for, it has begun, it is over.
const FACTS: u64 = 3;

pub(super) fn run() -> Done<Vec<Figure>> {
    let bytes = change_bytes()?;
    let (mut waiting, mut ours) = (Vec::new(), Vec::new());
    let mut raw = [const { Vec::new() }; 4];
    let loads = [(IN_FLIGHT, 1), (IN_FLIGHT, FACTS - 1), (LOAD, 1), (LOAD, FACTS)];
    for _ in 0..ROUNDS {
        waiting.push(block_on(queued())?);
        ours.push(block_on(board())?);
        for (raw, (load, rows)) in raw.iter_mut().zip(loads) {
            raw.push(block_on(plain(bytes, load, rows))?);
        }
    }
    let [waiting_one, waiting_two, one, three] = raw;
    let drained = "drain of jobs that wait, 100 in flight";
    let both = "dispatch and drain, 100 in flight";
    Ok([
        figures(drained, &waiting, &waiting_two, "raw SQLite group commit, 100 in flight, two rows a job"),
        figures("the same", &waiting, &waiting_one, "raw SQLite group commit, 100 in flight, one row a job"),
        figures(both, &ours, &three, "raw SQLite group commit, three rows a job"),
        figures("the same", &ours, &one, "raw SQLite group commit, one row a job"),
    ]
    .concat())
}

/// How many a second, and what one costs, beside plain SQLite with so many rows.
fn figures(name: &str, ours: &[Took], plain: &[Took], beside: &'static str) -> Vec<Figure> {
    let all = |took: &[Took], value: fn(&Took) -> f64| median(took.iter().map(value));
    let figure =
        |name, value, unit| Figure::new(name, all(ours, value), unit).beside(beside, all(plain, value));
    vec![
        figure(name.to_owned(), Took::per_second, Unit::PerSecond("jobs")),
        figure(format!("{name}: CPU"), Took::cpu_us, Unit::Cost("us/job")),
    ]
}

/// Drains jobs that all wait in a paused queue when the time begins.
async fn queued() -> Done<Took> {
    let folder = disk::folder()?;
    let board = boards::open(folder.path(), CONCURRENCY, Vec::new()).await?;
    settle(&board, WARM_UP, WARM_UP).await?;
    let queue = || QueueArgs { queue: "default".into() };
    board.send(Command::PauseQueue(queue()), Actor::new("bench"), None).await?;
    dispatch(&board, JOBS).await?;
    let watch = Watch::start();
    board.send(Command::ResumeQueue(queue()), Actor::new("bench"), None).await?;
    until(&board, WARM_UP + JOBS).await?;
    let took = watch.stop(JOBS);
    board.shutdown().await;
    Ok(took)
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
    dispatch(board, count).await?;
    until(board, total).await
}

async fn dispatch(board: &Board, count: u64) -> Done {
    let sender = board.clone();
    let send = move |number| {
        let board = sender.clone();
        async move { boards::dispatch(&board, boards::noop(number)).await }
    };
    LOAD.run(Until::Count(count), send).await?;
    Ok(())
}

async fn until(board: &Board, total: u64) -> Done {
    let mut head = board.head();
    head.wait_for(|_| succeeded(board) >= Some(total)).await?;
    Ok(())
}

/// As many jobs under this load, with so many rows for each.
async fn plain(bytes: usize, load: Load, rows: u64) -> Done<Took> {
    let folder = disk::folder()?;
    let raw = RawCommit::open(folder.path())?;
    raw.drive(load, Until::Count(WARM_UP * rows), bytes).await?;
    let took = raw.drive(load, Until::Count(JOBS * rows), bytes).await?;
    raw.close()?;
    Ok(Took { count: JOBS, ..took })
}
