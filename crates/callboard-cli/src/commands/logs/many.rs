//! The lines of all jobs that a query means, in the order in which they were written.

use super::{Wanted, end, go_on, newest};
use crate::{
    api::Api,
    clock::now,
    commands::{ps::MOST, wait::meant},
    failure::{Failure, Outcome, exit},
    follow::Interrupts,
    place::Place,
    text::{log_line::LogForm, output::note},
};
use callboard::Query;
use callboard_client::Client;
use callboard_protocol::{JobId, log::LogEntry};
use std::collections::HashSet;

/// Jobs whose logs are read; of more the newest.
const JOBS: usize = 200;

/// Shows them; with `follow` also those that come, also of jobs that the query means only then.
pub(super) async fn logs(
    place: &Place,
    api: &Api,
    query: &str,
    (follow, mut wanted): (bool, Wanted),
) -> Outcome {
    if let LogForm::Full { with_job } = &mut wanted.form {
        *with_job = true;
    }
    if !follow {
        wanted.show(&history(api, &meant(api, query).await?, &wanted).await?)?;
        return Ok(exit::OK);
    }
    let mut interrupts = Interrupts::listen()?;
    // Connected first: what is written between the history and now is in both.
    let client = place.connect().await?;
    let live = client.logs();
    let before = end(api, None).await?;
    // Nothing is meant yet: then something may be meant soon.
    let ids = match meant(api, query).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => Vec::new(),
        ids => ids?,
    };
    let lines = history(api, &ids, &wanted).await?;
    wanted.show(&lines)?;
    let last = lines.iter().map(|line| line.seq).max().unwrap_or(0).max(before);
    let mut meant = Meant { query: Query::parse(query).unwrap_or_default(), ids: ids.into_iter().collect() };
    go_on((&client, live), last, &mut interrupts, async |lines: &[LogEntry]| {
        let mut of_meant = Vec::new();
        for line in lines {
            if meant.has(line, &client, api).await? {
                of_meant.push(line.clone());
            }
        }
        wanted.show(&of_meant)
    })
    .await
}

/// The jobs of a query: once meant, a job's lines are shown to its end.
struct Meant {
    query: Query,
    ids: HashSet<JobId>,
}

impl Meant {
    async fn has(&mut self, line: &LogEntry, client: &Client, api: &Api) -> Result<bool, Failure> {
        let Some(id) = &line.job_id else { return Ok(false) };
        if self.ids.contains(id) {
            return Ok(true);
        }
        let view = client.view();
        let known = view.state.child("jobs").and_then(|jobs| jobs.child(id.as_str())).cloned();
        let record = match known {
            Some(record) => Some(record),
            // Lines and patches come on their own: the job of a line may not be in the mirror yet, or no more.
            None => match api.job(id).await {
                Err(failure) if failure.exit == exit::NOT_FOUND => None,
                record => Some(record?),
            },
        };
        let is_meant = record.is_some_and(|record| self.query.fits(&record, now()));
        // Whoever follows for weeks must not gather names for weeks.
        if is_meant && self.ids.len() < MOST {
            self.ids.insert(id.clone());
        }
        Ok(is_meant)
    }
}

/// The newest lines of all of them, oldest first.
async fn history(api: &Api, ids: &[JobId], wanted: &Wanted) -> Result<Vec<LogEntry>, Failure> {
    if ids.len() > JOBS {
        note(&format!("only the newest {JOBS} of {} jobs are read", ids.len()));
    }
    let mut kept: Vec<LogEntry> = Vec::new();
    for id in ids.iter().take(JOBS) {
        kept.extend(newest(api, Some(id), wanted).await?);
        kept.sort_by_key(|line| (line.ts, line.seq));
        kept.drain(..kept.len().saturating_sub(wanted.count));
    }
    Ok(kept)
}
