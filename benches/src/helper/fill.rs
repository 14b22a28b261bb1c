//! A data folder as a busy server leaves it: a journal without a snapshot, jobs that run, jobs that wait.

use super::{say, serve};
use crate::{
    Done, boards,
    load::{Load, Until},
};
use callboard::exec::{Echo, Sleep};
use callboard_protocol::Node;
use std::{path::Path, sync::Arc};
use tokio::runtime::Runtime;

/// Jobs that have come and gone.
const FINISHED: u64 = 2_900;
/// Jobs that wait behind those that run.
const QUEUED: u64 = 1_000;
/// Jobs that run; also the usual concurrency of a server.
const RUNNING: usize = callboard_protocol::caps::CONCURRENCY;
const LOAD: Load = Load { tasks: 16, depth: 8 };

/// Fills the folder and says the version that it has come to.
pub(super) fn run(runtime: &Runtime, folder: &Path) -> Done {
    let board = runtime.block_on(async {
        let kinds: Vec<(_, Arc<dyn callboard::exec::Executor>)> =
            vec![(Echo::info(), Arc::new(Echo)), (Sleep::info(), Arc::new(Sleep))];
        let board = boards::open(folder, RUNNING, kinds).await?;
        let sender = board.clone();
        let echo = move |number| {
            let board = sender.clone();
            let args = Node::from(&serde_json::json!({ "number": number }));
            async move { boards::dispatch(&board, boards::dispatch_args("echo", args)).await }
        };
        LOAD.run(Until::Count(FINISHED), echo).await?;
        wait_for(&board, "succeeded", FINISHED).await?;
        let sender = board.clone();
        let sleep = move |_| {
            let board = sender.clone();
            let args = Node::from(&serde_json::json!({ "ms": 3_600_000, "steps": 1 }));
            async move { boards::dispatch(&board, boards::dispatch_args("sleep", args)).await }
        };
        LOAD.run(Until::Count(QUEUED + RUNNING as u64), sleep).await?;
        wait_for(&board, "running", RUNNING as u64).await?;
        Done::Ok(board)
    })?;
    say(&board.state().version.to_string())?;
    serve(|question| Err(format!("a filler is not asked {question:?}").into()))
}

async fn wait_for(board: &callboard::Board, member: &str, count: u64) -> Done {
    let path = format!("/summary/{member}");
    board.head().wait_for(|_| board.state().document.at(&path).and_then(Node::as_u64) == Some(count)).await?;
    Ok(())
}
