//! Boards as the benches use them.

use crate::Done;
use async_trait::async_trait;
use callboard::{Board, BoardOptions, Limits, exec};
use callboard_protocol::{Actor, Node, command::Command, job::DispatchArgs};
use exec::{AttemptContext, Executor, KindInfo, Outcome, Registry};
use std::{path::Path, sync::Arc};

/// The kind that does nothing.
pub(crate) const NOOP: &str = "bench.noop";

struct Noop;

#[async_trait]
impl Executor for Noop {
    async fn execute(&self, _: AttemptContext) -> Outcome {
        Outcome::Succeeded(Node::Null)
    }
}

pub(crate) fn info(kind: &str) -> KindInfo {
    KindInfo {
        kind: kind.into(),
        title: kind.into(),
        description: String::new(),
        example: Node::object(),
        first_run: false,
    }
}

/// A board in a folder that runs up to `concurrency` jobs of these kinds at once and knows [`NOOP`] besides.
pub(crate) async fn open(
    folder: &Path,
    concurrency: usize,
    kinds: Vec<(KindInfo, Arc<dyn Executor>)>,
) -> Done<Board> {
    let mut registry = Registry::new();
    registry.register(info(NOOP), Arc::new(Noop))?;
    for (info, executor) in kinds {
        registry.register(info, executor)?;
    }
    let limits = Limits { concurrency, ..Limits::default() };
    let options = BoardOptions { data: Some(folder.to_owned()), registry, limits, ..BoardOptions::default() };
    Ok(Board::open(options).await?)
}

/// What a small job says: a few arguments, and a text that no other job has.
pub(crate) fn noop(number: u64) -> DispatchArgs {
    let args = serde_json::json!({ "number": number, "text": format!("the {number}th of many small jobs") });
    dispatch_args(NOOP, Node::from(&args))
}

pub(crate) fn dispatch_args(kind: &str, args: Node) -> DispatchArgs {
    DispatchArgs { kind: kind.into(), args: Some(args), ..DispatchArgs::default() }
}

/// Dispatches and waits until it is durable.
pub(crate) async fn dispatch(board: &Board, args: DispatchArgs) -> Done {
    let command = Command::Dispatch(Box::new(args));
    board.send(command, Actor::new("bench"), None).await?;
    Ok(())
}
