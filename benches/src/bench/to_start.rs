//! From a dispatch to the executor's first line, in process, on a board that has nothing else to do: one commit, for a
//! job that may start at once is stored with its start. Beside one row in plain SQLite.

use super::{block_on, dispatch::change_bytes};
use crate::{
    Done, boards, disk,
    figure::{Figure, Unit},
    load::{Load, Until},
    measure::{ROUNDS, median, millis, percentile},
    net::http::PATIENCE,
    raw_commit::{self, RawCommit},
};
use async_trait::async_trait;
use callboard::exec::{AttemptContext, Executor, Outcome};
use callboard_protocol::Node;
use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

const KIND: &str = "bench.start";
const SAMPLES: usize = 100;
const WARM_UP: usize = 10;
/// Between two samples: the end of the one before is stored long since.
const PAUSE_MS: Range<u64> = 10..30;

/// Says when it was started.
struct Started(mpsc::Sender<Instant>);

#[async_trait]
impl Executor for Started {
    async fn execute(&self, _: AttemptContext) -> Outcome {
        // Whoever asked may have gone.
        let _ = self.0.send(Instant::now()).await;
        Outcome::Succeeded(Node::Null)
    }
}

pub(super) fn run() -> Done<Vec<Figure>> {
    let bytes = change_bytes()?;
    let (mut starts, mut commits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        starts.push(block_on(board())?);
        commits.push(block_on(plain(bytes))?);
    }
    let figure = |name: &str, share| {
        let usual = |rounds: &[Vec<f64>]| {
            median(rounds.iter().map(|samples| percentile(samples.iter().copied(), share)))
        };
        let figure = Figure::new(format!("dispatch to start, {name}"), usual(&starts), Unit::Cost("ms"));
        figure.beside(raw_commit::NAME, usual(&commits))
    };
    Ok(vec![figure("p50", 0.5), figure("p99", 0.99)])
}

async fn board() -> Done<Vec<f64>> {
    let folder = disk::folder()?;
    let (sender, mut started) = mpsc::channel(1);
    let kinds = vec![(boards::info(KIND), Arc::new(Started(sender)) as Arc<dyn Executor>)];
    let board = boards::open(folder.path(), 1, kinds).await?;
    let mut samples = Vec::new();
    for number in 0..WARM_UP + SAMPLES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS))).await;
        let args = Node::from(&serde_json::json!({ "number": number }));
        let sent = Instant::now();
        let (_, at) = tokio::try_join!(boards::dispatch(&board, boards::dispatch_args(KIND, args)), async {
            Ok(tokio::time::timeout(PATIENCE, started.recv()).await?.ok_or("the kind has gone")?)
        },)?;
        samples.extend(Some(millis(at - sent)).filter(|_| number >= WARM_UP));
    }
    board.shutdown().await;
    Ok(samples)
}

/// One row at a time, with the same pauses.
async fn plain(bytes: usize) -> Done<Vec<f64>> {
    let folder = disk::folder()?;
    let raw = RawCommit::open(folder.path())?;
    let mut samples = Vec::new();
    for number in 0..WARM_UP + SAMPLES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS))).await;
        let took = raw.drive(Load { tasks: 1, depth: 1 }, Until::Count(1), bytes).await?;
        samples.extend(Some(millis(took.elapsed)).filter(|_| number >= WARM_UP));
    }
    raw.close()?;
    Ok(samples)
}
