//! Durable dispatch through [`callboard::Board::send`], in process, beside rows of as many bytes in plain SQLite.

use super::block_on;
use crate::{
    Done, boards, disk,
    figure::{Figure, Unit},
    load::{Load, Until},
    measure::{ROUNDS, Took, median},
    raw_commit::{self, RawCommit},
};
use callboard_core::{Context, Core, Input, Limits, Recovered};
use callboard_protocol::{Actor, JobId, Time, command::Command};
use std::time::Duration;

const TIME: Duration = Duration::from_millis(1500);
const WARM_UP: Duration = Duration::from_millis(300);
const LOADS: [(&str, Load); 2] = [
    ("64 tasks, 8 under way each", Load { tasks: 64, depth: 8 }),
    ("1 task, one at a time", Load { tasks: 1, depth: 1 }),
];

pub(super) fn run() -> Done<Vec<Figure>> {
    let bytes = change_bytes()?;
    let mut figures = Vec::new();
    for (name, load) in LOADS {
        let mut ours = Vec::new();
        let mut raw = Vec::new();
        for _ in 0..ROUNDS {
            ours.push(block_on(board(load))?);
            raw.push(block_on(plain(load, bytes))?);
        }
        let both = |value: fn(&Took) -> f64| (median(ours.iter().map(value)), median(raw.iter().map(value)));
        let (value, beside) = both(Took::per_second);
        figures.push(Figure::new(name, value, Unit::PerSecond("jobs")).beside(raw_commit::NAME, beside));
        let (value, beside) = both(Took::cpu_us);
        let name = format!("{name}: CPU");
        figures.push(Figure::new(name, value, Unit::Cost("us/job")).beside(raw_commit::NAME, beside));
    }
    Ok(figures)
}

/// Jobs that wait, on a board that starts none.
async fn board(load: Load) -> Done<Took> {
    let folder = disk::folder()?;
    let board = boards::open(folder.path(), 0, Vec::new()).await?;
    let sender = board.clone();
    let send = move |number| {
        let board = sender.clone();
        async move { boards::dispatch(&board, boards::noop(number)).await }
    };
    load.run(Until::After(WARM_UP), send.clone()).await?;
    let took = load.run(Until::After(TIME), send).await?;
    board.shutdown().await;
    Ok(took)
}

async fn plain(load: Load, bytes: usize) -> Done<Took> {
    let folder = disk::folder()?;
    let raw = RawCommit::open(folder.path())?;
    raw.drive(load, Until::After(WARM_UP), bytes).await?;
    let took = raw.drive(load, Until::After(TIME), bytes).await?;
    raw.close()?;
    Ok(took)
}

/// The bytes that the journal stores for one dispatch, before compression.
pub(super) fn change_bytes() -> Done<usize> {
    let mut core = Core::new(Recovered::default(), Limits::default());
    let context =
        Context { now: Time(1_700_000_000_000), chance: 0.5, actor: Actor::new("bench"), key: None };
    let mut args = boards::noop(1000);
    args.id = Some(JobId::new("0197a3c8-5b7e-7f3c-9d6a-2f1b3c4d5e6f"));
    let decided = core.receive(Input::Command(Command::Dispatch(Box::new(args))), &context)?;
    Ok(serde_json::to_vec(&decided.change)?.len())
}
