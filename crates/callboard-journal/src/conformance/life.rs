//! Opening and closing.

use super::{
    Checked, Site, fits,
    make::{after, archive, attempt, fill, job, snapshot},
    same,
};
use crate::{AppendError, Archive, JobQuery, Journal, ReadError};
use callboard_protocol::job::JobState;
use std::sync::Arc;

pub(super) async fn a_restart_keeps_everything(mut journal: Arc<dyn Journal>, site: &dyn Site) -> Checked {
    let mut jobs = Vec::new();
    for round in 1..=3_u32 {
        let row = job(&format!("j{round}"), "k", JobState::Succeeded, -i64::from(round));
        jobs.push(row.body.clone());
        archive(&*journal, vec![Archive::Job(row), Archive::Attempt(attempt("j1", round))]).await?;
        let tail = fill(&*journal, 2).await?;
        journal.put_snapshot(snapshot(&tail)).await?;
        let commits = journal.read(1, 100).await?;
        journal.close().await;
        site.restart().await?;
        journal = site.handle().await?;
        same!(journal.tail().await?, tail, "the tail");
        same!(journal.read(1, 100).await?, commits, "the commits");
        same!(journal.latest_snapshot().await?, Some(snapshot(&tail)), "the snapshot");
        same!(journal.jobs(JobQuery::default()).await?.jobs, jobs, "the history");
        same!(journal.attempts(&"j1".into()).await?.len(), round as usize, "the number of attempts");
    }
    Ok(())
}

pub(super) async fn closing_is_idempotent(journal: Arc<dyn Journal>, site: &dyn Site) -> Checked {
    let tail = fill(&*journal, 1).await?;
    futures_util::future::join(journal.close(), journal.close()).await;
    journal.close().await;
    site.restart().await?;
    let again = site.handle().await?;
    journal.close().await;
    same!(again.tail().await?, tail, "the tail on the new handle");
    Ok(())
}

pub(super) async fn a_closed_journal_refuses(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let tail = fill(&*journal, 1).await?;
    journal.close().await;
    fits!(journal.append(after(&tail, 1).into()).await, Err(AppendError::Rejected(_)));
    fits!(journal.put_snapshot(snapshot(&tail)).await, Err(AppendError::Rejected(_)));
    fits!(journal.tail().await, Err(ReadError::Closed));
    fits!(journal.read(1, 1).await, Err(ReadError::Closed));
    fits!(journal.truncate(1).await, Err(ReadError::Closed));
    fits!(journal.latest_snapshot().await, Err(ReadError::Closed));
    fits!(journal.job(&"a".into()).await, Err(ReadError::Closed));
    fits!(journal.jobs(JobQuery::default()).await, Err(ReadError::Closed));
    fits!(journal.attempts(&"a".into()).await, Err(ReadError::Closed));
    Ok(())
}
