//! Several handles on one journal.

use super::{
    Checked, Site, Unmet,
    make::{after, fill},
    same,
};
use crate::{AppendError, Journal};
use callboard_protocol::Commit;
use futures_util::future::join_all;
use std::sync::Arc;

const WRITERS: usize = 6;
const ROUNDS: u64 = 20;

pub(super) async fn an_acknowledged_commit_is_on_every_handle(
    journal: Arc<dyn Journal>,
    site: &dyn Site,
) -> Checked {
    let others = [site.handle().await?, site.handle().await?];
    for _ in 0..5 {
        let tail = fill(&*journal, 1).await?;
        for other in &others {
            same!(other.tail().await?, tail, "the tail on another handle");
            same!(other.read(tail.seq, 1).await?.len(), 1, "the commits on another handle");
        }
    }
    Ok(())
}

pub(super) async fn racing_writers_win_one_place_each(journal: Arc<dyn Journal>, site: &dyn Site) -> Checked {
    let handles = join_all((0..WRITERS).map(|_| site.handle())).await;
    let handles: Vec<_> = handles.into_iter().collect::<Result<_, _>>()?;
    let mut winners = Vec::new();
    for round in 1..=ROUNDS {
        let tail = journal.tail().await?;
        let racing = handles.iter().enumerate().map(|(number, handle)| {
            let commit = Commit { node: format!("writer-{number}"), ..after(&tail, 1) };
            async move { handle.append(commit.into()).await }
        });
        winners.push(winner(round, join_all(racing).await)?);
    }
    let commits = journal.read(1, 100).await?;
    let written: Vec<(u64, String)> =
        commits.iter().map(|commit| (commit.seq, commit.node.clone())).collect();
    let expected = (1..).zip(winners.iter().map(|number| format!("writer-{number}"))).collect::<Vec<_>>();
    same!(written, expected, "the winners");
    Ok(())
}

/// The one writer that was told Ok; all others must have been told whose turn is over.
fn winner(round: u64, results: Vec<Result<crate::Appended, AppendError>>) -> Checked<usize> {
    let mut winners = Vec::new();
    for (number, result) in results.into_iter().enumerate() {
        match result {
            Ok(_) => winners.push(number),
            Err(error) => {
                same!(error, AppendError::Conflict { expected: round - 1, found: round }, "the loss")
            }
        }
    }
    match winners[..] {
        [winner] => Ok(winner),
        _ => Err(Unmet(format!("place {round} was won by {winners:?}"))),
    }
}
