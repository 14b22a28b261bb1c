//! Snapshots.

use super::{
    Checked, Site, fits,
    make::{abyss, fill, snapshot},
    same,
};
use crate::{AppendError, Journal, Snapshot, hash};
use callboard_protocol::Node;
use std::sync::Arc;

pub(super) async fn the_newest_snapshot_comes_back(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let (early, late) = (fill(&*journal, 2).await?, fill(&*journal, 2).await?);
    journal.put_snapshot(snapshot(&late)).await?;
    journal.put_snapshot(snapshot(&early)).await?;
    same!(journal.latest_snapshot().await?, Some(snapshot(&late)), "the snapshot");
    Ok(())
}

pub(super) async fn a_snapshot_replaces_one_of_the_same_commit(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let tail = fill(&*journal, 1).await?;
    let second = Snapshot { state: Node::from("other"), ..snapshot(&tail) };
    journal.put_snapshot(snapshot(&tail)).await?;
    journal.put_snapshot(second.clone()).await?;
    same!(journal.latest_snapshot().await?, Some(second), "the snapshot");
    Ok(())
}

pub(super) async fn a_snapshot_that_does_not_fit_is_refused(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let tail = fill(&*journal, 2).await?;
    let right = snapshot(&tail);
    let wrong = [
        Snapshot { seq: 0, ..right.clone() },
        Snapshot { seq: 3, ..right.clone() },
        Snapshot { seq: u64::MAX, ..right.clone() },
        Snapshot { seq: 1, ..right.clone() },
        Snapshot { hash: hash(b"another history"), ..right.clone() },
        Snapshot { state: abyss(), ..right.clone() },
    ];
    for wrong in wrong {
        fits!(journal.put_snapshot(wrong).await, Err(AppendError::Rejected(_)));
    }
    same!(journal.latest_snapshot().await?, None, "the snapshot");
    journal.put_snapshot(right).await?;
    Ok(())
}

pub(super) async fn a_snapshot_of_compacted_commits_is_refused(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let early = fill(&*journal, 1).await?;
    let late = fill(&*journal, 3).await?;
    journal.put_snapshot(snapshot(&late)).await?;
    journal.truncate(u64::MAX).await?;
    fits!(journal.put_snapshot(snapshot(&early)).await, Err(AppendError::Rejected(_)));
    same!(journal.latest_snapshot().await?, Some(snapshot(&late)), "the snapshot");
    Ok(())
}

pub(super) async fn a_damaged_snapshot_is_skipped(journal: Arc<dyn Journal>, site: &dyn Site) -> Checked {
    let early = fill(&*journal, 1).await?;
    journal.put_snapshot(snapshot(&early)).await?;
    let late = fill(&*journal, 1).await?;
    journal.put_snapshot(snapshot(&late)).await?;
    journal.close().await;
    if !site.damage_newest_snapshot().await? {
        return Ok(());
    }
    site.restart().await?;
    let journal = site.handle().await?;
    same!(journal.latest_snapshot().await?, Some(snapshot(&early)), "the snapshot before");
    same!(journal.tail().await?, late, "the tail");
    Ok(())
}
