//! Rows of jobs and attempts beside the log.

use super::{
    Checked, Site, fits,
    make::{abyss, after, archive, attempt, job},
    same,
};
use crate::{Append, AppendError, Archive, JobPage, JobQuery, Journal, Prune};
use callboard_protocol::{JobId, Node, Time, job::JobState};
use std::sync::Arc;

pub(super) async fn rows_come_with_their_commit(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let (a, b) = (job("a", "k", JobState::Succeeded, 1), job("b", "k", JobState::Failed, 2));
    let rows = vec![
        Archive::Job(a.clone()),
        Archive::Attempt(attempt("a", 2)),
        Archive::Attempt(attempt("a", 1)),
        Archive::Attempt(attempt("ab", 1)),
        Archive::Job(b.clone()),
    ];
    archive(&*journal, rows).await?;
    same!(journal.job(&a.id).await?, Some(a.body), "job a");
    same!(journal.job(&b.id).await?, Some(b.body), "job b");
    same!(journal.job(&"c".into()).await?, None, "a job that is not there");
    same!(journal.attempts(&a.id).await?, vec![attempt("a", 1), attempt("a", 2)], "the attempts of a");
    same!(journal.attempts(&b.id).await?, vec![], "the attempts of b");
    Ok(())
}

pub(super) async fn a_later_row_replaces(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let id = JobId::from("a");
    let mut other_try = attempt("a", 1);
    other_try.error = None;
    let first = vec![Archive::Job(job("a", "k", JobState::Running, 1)), Archive::Attempt(attempt("a", 1))];
    archive(&*journal, first).await?;
    let last = job("a", "other", JobState::Cancelled, 9);
    let rows = vec![
        Archive::Job(job("a", "k", JobState::Failed, 1)),
        Archive::Job(last.clone()),
        Archive::Attempt(other_try.clone()),
    ];
    archive(&*journal, rows).await?;
    same!(journal.job(&id).await?, Some(last.body.clone()), "the record");
    same!(journal.attempts(&id).await?, vec![other_try], "the attempts");
    let all = JobPage { jobs: vec![last.body], next: None, passed: 0 };
    same!(journal.jobs(JobQuery::default()).await?, all, "the listing");
    let former = JobQuery { states: vec![JobState::Running, JobState::Failed], ..JobQuery::default() };
    same!(journal.jobs(former).await?, JobPage::default(), "the listing of its former states");
    Ok(())
}

pub(super) async fn deleting_takes_the_attempts_too(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let kept = job("b", "k", JobState::Failed, 1);
    let rows = vec![
        Archive::Job(job("a", "k", JobState::Failed, 1)),
        Archive::Attempt(attempt("a", 1)),
        Archive::Attempt(attempt("b", 1)),
        Archive::Job(kept.clone()),
        Archive::DeleteJob("nobody".into()),
        Archive::DeleteJob("a".into()),
    ];
    archive(&*journal, rows).await?;
    same!(journal.job(&"a".into()).await?, None, "the record");
    same!(journal.attempts(&"a".into()).await?, vec![], "the attempts");
    same!(journal.attempts(&"b".into()).await?.len(), 1, "the attempts of another job");
    let rest = JobPage { jobs: vec![kept.body], next: None, passed: 0 };
    same!(journal.jobs(JobQuery::default()).await?, rest, "the listing");
    let again = job("a", "k", JobState::Failed, 3);
    archive(&*journal, vec![Archive::DeleteJob("b".into()), Archive::Job(again.clone())]).await?;
    same!(journal.jobs(JobQuery::default()).await?.jobs, vec![again.body], "the listing after it came again");
    Ok(())
}

pub(super) async fn pruning_takes_what_ended_long_enough_ago(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let rows = vec![
        Archive::Job(job("a", "k", JobState::Failed, 1)),
        Archive::Attempt(attempt("a", 1)),
        Archive::Job(job("b", "k", JobState::Succeeded, 2)),
        Archive::Job(job("c", "other", JobState::Failed, 3)),
        Archive::Job(crate::JobRow { finished_at: None, ..job("d", "k", JobState::Failed, 4) }),
        Archive::Job(job("e", "k", JobState::Failed, 5)),
        Archive::Job(job("f", "k", JobState::Failed, 6)),
    ];
    archive(&*journal, rows).await?;
    let wanted = |kind: Option<&str>, limit| Prune {
        state: JobState::Failed,
        until: Time(10),
        kind: kind.map(Into::into),
        queue: None,
        limit,
    };
    same!(journal.prune(wanted(Some("k"), 1)).await?, vec!["a".into()], "one step");
    same!(journal.attempts(&"a".into()).await?, vec![], "its attempts");
    same!(
        journal.prune(wanted(None, 9)).await?,
        vec!["c".into(), "e".into()],
        "the others that are old enough"
    );
    same!(journal.prune(wanted(None, 9)).await?, vec![], "nothing more");
    same!(journal.jobs(JobQuery::default()).await?.jobs.len(), 3, "what stays");
    Ok(())
}

pub(super) async fn a_refused_batch_leaves_no_rows(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let bad = crate::JobRow { body: abyss(), ..job("bad", "k", JobState::Failed, 2) };
    let good = job("good", "k", JobState::Failed, 1);
    let rows = vec![Archive::Job(good), Archive::Attempt(attempt("good", 1)), Archive::Job(bad)];
    let commit = after(&journal.tail().await?, 1);
    let refused = journal.append(Append { archive: rows, ..commit.into() }).await;
    fits!(refused, Err(AppendError::Rejected(_)));
    same!(journal.tail().await?.seq, 0, "the tail");
    same!(journal.job(&"good".into()).await?, None::<Node>, "the record");
    same!(journal.attempts(&"good".into()).await?, vec![], "the attempts");
    same!(journal.jobs(JobQuery::default()).await?, JobPage::default(), "the listing");
    Ok(())
}
