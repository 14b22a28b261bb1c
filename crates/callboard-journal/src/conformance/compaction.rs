//! Taking away what snapshots cover.

use super::{
    Checked, Site,
    make::{fill, snapshot},
    same,
};
use crate::{Journal, ReadError};
use std::sync::Arc;

pub(super) async fn compaction_keeps_the_numbering(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let covered = fill(&*journal, 5).await?;
    journal.put_snapshot(snapshot(&covered)).await?;
    fill(&*journal, 5).await?;
    journal.truncate(4).await?;
    same!(numbers(&*journal, 4).await?, (4..=10).collect::<Vec<u64>>(), "what is left");
    journal.truncate(2).await?;
    for late in [0, 1, 3] {
        let compacted = ReadError::Compacted { first: 4 };
        same!(journal.read(late, 1).await, Err(compacted), "the answer to a late reader at {late}");
    }
    same!(fill(&*journal, 1).await?.seq, 11, "the next number");
    same!(numbers(&*journal, 10).await?, vec![10, 11], "the end");
    Ok(())
}

pub(super) async fn a_journal_may_be_compacted_to_its_tail(
    journal: Arc<dyn Journal>,
    site: &dyn Site,
) -> Checked {
    let tail = fill(&*journal, 3).await?;
    journal.put_snapshot(snapshot(&tail)).await?;
    journal.truncate(4).await?;
    journal.close().await;
    site.restart().await?;
    let journal = site.handle().await?;
    same!(journal.tail().await?, tail, "the tail");
    same!(journal.read(3, 1).await, Err(ReadError::Compacted { first: 4 }), "the answer to a late reader");
    same!(numbers(&*journal, 4).await?, Vec::<u64>::new(), "what is left");
    same!(fill(&*journal, 1).await?.seq, 4, "the next number");
    same!(numbers(&*journal, 4).await?, vec![4], "what came");
    Ok(())
}

pub(super) async fn what_no_snapshot_covers_stays(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    fill(&*journal, 2).await?;
    journal.truncate(u64::MAX).await?;
    same!(numbers(&*journal, 1).await?, vec![1, 2], "what is left without a snapshot");
    journal.put_snapshot(snapshot(&journal.tail().await?)).await?;
    journal.put_snapshot(snapshot(&fill(&*journal, 2).await?)).await?;
    fill(&*journal, 1).await?;
    journal.truncate(u64::MAX).await?;
    same!(numbers(&*journal, 3).await?, vec![3, 4, 5], "what the older of two snapshots needs");
    Ok(())
}

pub(super) async fn three_snapshots_are_kept(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    for _ in 0..5 {
        let tail = fill(&*journal, 1).await?;
        journal.put_snapshot(snapshot(&tail)).await?;
    }
    journal.truncate(u64::MAX).await?;
    same!(journal.read(1, 1).await, Err(ReadError::Compacted { first: 4 }), "what the oldest of three needs");
    same!(journal.latest_snapshot().await?.map(|newest| newest.seq), Some(5), "the newest");
    Ok(())
}

async fn numbers(journal: &dyn Journal, from: u64) -> Checked<Vec<u64>> {
    Ok(journal.read(from, 100).await?.iter().map(|commit| commit.seq).collect())
}
