//! Pages of the history.

use super::{
    Checked, Site,
    make::{archive, job},
    same,
};
use crate::{Archive, JobQuery, JobRow, Journal};
use callboard_protocol::{Node, Time, caps::PAGE_ROWS, job::JobState};
use std::sync::Arc;

const QUEUES: [&str; 2] = ["default", "gpu"];
const KINDS: [&str; 3] = ["image.generate", "checksum", "sleep"];

/// Jobs of all states and kinds, several in each millisecond, not in their order.
fn rows() -> Vec<JobRow> {
    let row = |number: usize| {
        let (state, kind) = (JobState::ALL[number % 8], KINDS[number % 3]);
        let row = job(&format!("job-{:02}", (number * 17) % 47), kind, state, (number as i64 * 29) % 47 / 4);
        JobRow { queue: QUEUES[number % 5 % 2].into(), ..row }
    };
    (0..47).map(row).collect()
}

fn queries() -> Vec<JobQuery> {
    let mut queries = Vec::new();
    for kind in [None, Some("checksum"), Some("none such")] {
        let states =
            [vec![], vec![JobState::Failed], vec![JobState::Running, JobState::Queued, JobState::Running]];
        let kind = kind.map(String::from);
        queries.extend(states.map(|states| JobQuery { states, kind: kind.clone(), ..JobQuery::default() }));
    }
    let narrower = queries.clone().into_iter().flat_map(|query| {
        let of_queue = |name: &str| JobQuery { queue: Some(name.into()), ..query.clone() };
        let since = JobQuery { created_from: Some(Time(5)), ..of_queue("gpu") };
        [of_queue("gpu"), of_queue("none such"), since, JobQuery { created_from: Some(Time(11)), ..query }]
    });
    queries.extend(narrower.collect::<Vec<_>>());
    queries
}

/// What a query must find, by the definition.
fn expected(rows: &[JobRow], query: &JobQuery) -> Vec<Node> {
    let mut found: Vec<&JobRow> = rows
        .iter()
        .filter(|row| query.states.is_empty() || query.states.contains(&row.state))
        .filter(|row| query.kind.as_ref().is_none_or(|kind| *kind == row.kind))
        .filter(|row| query.queue.as_ref().is_none_or(|queue| *queue == row.queue))
        .filter(|row| query.created_from.is_none_or(|from| row.created_at >= from))
        .collect();
    found.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id.clone())));
    found.into_iter().map(|row| row.body.clone()).collect()
}

async fn store(journal: &dyn Journal, rows: &[JobRow]) -> Checked {
    archive(journal, rows.iter().cloned().map(Archive::Job).collect()).await
}

pub(super) async fn listings_are_newest_first_and_filtered(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let rows = rows();
    store(&*journal, &rows).await?;
    for query in queries() {
        let page = journal.jobs(JobQuery { limit: 100, ..query.clone() }).await?;
        same!(page.jobs, expected(&rows, &query), "{query:?}");
        same!(page.next, None, "the end of {query:?}");
    }
    Ok(())
}

pub(super) async fn pages_lose_and_repeat_nothing(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let rows = rows();
    store(&*journal, &rows).await?;
    for query in queries() {
        let all = expected(&rows, &query);
        for limit in [1, 2, 7, all.len().max(1), all.len() + 1] {
            let mut query = JobQuery { limit, ..query.clone() };
            let mut found = Vec::new();
            loop {
                let page = journal.jobs(query.clone()).await?;
                found.extend(page.jobs);
                query.before = page.next;
                if query.before.is_none() || found.len() > all.len() {
                    break;
                }
            }
            same!(found, all, "pages of {limit} of {query:?}");
        }
    }
    Ok(())
}

pub(super) async fn limits_are_clamped(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let many: Vec<JobRow> = (0..=PAGE_ROWS as i64)
        .map(|number| job(&format!("j{number}"), "k", JobState::Failed, number))
        .collect();
    store(&*journal, &many).await?;
    for (limit, rows) in [(0, 1), (1, 1), (usize::MAX, PAGE_ROWS)] {
        let page = journal.jobs(JobQuery { limit, ..JobQuery::default() }).await?;
        same!(page.jobs.len(), rows, "rows of a page of {limit}");
        same!(page.next.is_some(), true, "a next page after {limit}");
    }
    Ok(())
}

pub(super) async fn pages_stand_while_jobs_come_and_go(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let rows: Vec<JobRow> =
        (1..=4).map(|number| job(&format!("j{number}"), "k", JobState::Failed, number)).collect();
    store(&*journal, &rows).await?;
    let first = journal.jobs(JobQuery { limit: 2, ..JobQuery::default() }).await?;
    same!(first.jobs, vec![rows[3].body.clone(), rows[2].body.clone()], "the first page");
    let newer = job("j9", "k", JobState::Failed, 9);
    archive(
        &*journal,
        vec![Archive::Job(newer), Archive::DeleteJob("j3".into()), Archive::DeleteJob("j1".into())],
    )
    .await?;
    let second = journal.jobs(JobQuery { limit: 2, before: first.next, ..JobQuery::default() }).await?;
    same!(second.jobs, vec![rows[1].body.clone()], "the second page");
    same!(second.next, None, "the end");
    Ok(())
}
