//! `callboard history [ID|PATH|QUERY]`: what happened.

use super::{state::pointer, wait::meant};
use crate::{
    api::{Api, PastChange},
    clock::local,
    failure::{Failure, Outcome, exit},
    moment::Moment,
    query::reads,
    text::{
        clean::clean,
        form::Output,
        op_line,
        output::{note, print},
        paint::DIM,
        progress::short_id,
    },
};
use callboard_protocol::{JobId, Node, caps::PAGE_ROWS};
use clap::Args;
use std::collections::{HashSet, VecDeque};

/// The arguments of `callboard history`.
#[derive(Args)]
pub(crate) struct HistoryArgs {
    /// Only what touches this: a job, the jobs that a query means now, or a JSON pointer that begins with /
    #[arg(value_name = "ID|PATH|QUERY")]
    of: Option<String>,
    /// The newest so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    lines: usize,
    /// Only after this: a version, a span ago such as -10m, or a time
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<Moment>,
    /// Also what each of them did to the state
    #[arg(long, short)]
    patch: bool,
}

/// Versions that are looked through for the newest changes of one thing.
const VERSIONS_SEARCHED: u64 = 100_000;

pub(crate) async fn history(api: &Api, args: HistoryArgs, out: &Output) -> Outcome {
    let (path, jobs) = match args.of.as_deref() {
        None => (String::new(), None),
        Some(path) if path.starts_with('/') => (pointer(path).map_err(Failure::usage)?, None),
        // A job that was deleted has a history too: then the text must be its whole id.
        Some(text) => match api.resolve(text).await {
            Ok(id) => (format!("/jobs/{id}"), None),
            Err(failure) if failure.code == "not_found" && reads(text) => {
                ("/jobs".to_owned(), Some(meant(api, text).await?.into_iter().collect()))
            }
            Err(failure) if failure.code == "not_found" => (format!("/jobs/{text}"), None),
            Err(failure) => return Err(failure),
        },
    };
    let since = match args.since {
        Some(moment) => Some(moment.version(api).await?),
        None => None,
    };
    let of = Of { path: &path, jobs: jobs.as_ref() };
    let changes = newest(api, of, since, args.lines).await?;
    if changes.is_empty() && path.starts_with("/jobs/") {
        let message = format!("nothing is known of {}", path.trim_start_matches("/jobs/"));
        return Err(Failure::new(exit::NOT_FOUND, "not_found", message)
            .hint("the journal keeps what is newer than its oldest snapshot"));
    }
    if out.records("changes", &changes)? {
        return Ok(exit::OK);
    }
    if changes.is_empty() {
        note("nothing happened");
    }
    for change in &changes {
        show(&PastChange::read(change)?, args.patch, out)?;
    }
    Ok(exit::OK)
}

/// The newest changes of the whole state, read, and the version that they lead to.
pub(crate) async fn latest(api: &Api, count: usize) -> Result<(Vec<PastChange>, u64), Failure> {
    let head = api.history("", None, 1).await?.head;
    let changes = newest(api, Of { path: "", jobs: None }, None, count).await?;
    Ok((changes.iter().map(PastChange::read).collect::<Result<_, _>>()?, head))
}

/// The newest changes, oldest first: looked for in windows from the newest version back.
async fn newest(api: &Api, of: Of<'_>, since: Option<u64>, count: usize) -> Result<Vec<Node>, Failure> {
    let window = PAGE_ROWS as u64;
    let mut kept: VecDeque<Node> = VecDeque::new();
    let mut end = api.history("", None, 1).await?.head;
    let oldest = since.unwrap_or(0).max(end.saturating_sub(VERSIONS_SEARCHED));
    while end > oldest && kept.len() < count {
        let begin = end.saturating_sub(window).max(oldest);
        let page = match api.history(of.path, Some(begin), (end - begin) as usize).await {
            Ok(page) => page,
            // The journal no longer leads from there.
            Err(failure) if failure.exit == exit::NOT_FOUND => break,
            Err(failure) => return Err(failure),
        };
        let touching = page.changes.into_iter().rev().filter(|change| of.is_touched_by(change));
        for change in touching.take(count - kept.len()) {
            kept.push_front(change);
        }
        end = begin;
    }
    Ok(kept.into())
}

/// What changes must touch.
#[derive(Clone, Copy)]
struct Of<'a> {
    path: &'a str,
    /// Of the jobs at the path only these.
    jobs: Option<&'a HashSet<JobId>>,
}

impl Of<'_> {
    fn is_touched_by(self, change: &Node) -> bool {
        let Some(jobs) = self.jobs else { return true };
        // One that does not read is shown, so that it is told what is wrong with it.
        PastChange::read(change).map_or(true, |change| {
            let told = change.events.iter().filter_map(|event| event.job_id.as_ref());
            let touched = change.patch.iter().filter_map(|op| {
                let path = op.path().to_string();
                path.strip_prefix("/jobs/")?.split('/').next().map(JobId::new)
            });
            told.cloned().chain(touched).any(|id| jobs.contains(&id))
        })
    }
}

/// What a change was, in words: its events, or else the places that it touched.
pub(crate) fn what(change: &PastChange, short: bool) -> String {
    let events = change.events.iter().map(|event| match &event.job_id {
        Some(job) => format!("{} {}", event.topic, if short { short_id(job) } else { job }),
        None => event.topic.clone(),
    });
    let what = events.collect::<Vec<_>>().join(", ");
    if !what.is_empty() {
        return what;
    }
    let paths: Vec<String> = change.patch.iter().take(3).map(|op| op.path().to_string()).collect();
    paths.join(" ")
}

fn show(change: &PastChange, with_patch: bool, out: &Output) -> Result<(), Failure> {
    let what = what(change, out.screen.out_is_terminal);
    let (dim, version) = (DIM, change.version);
    let at = if out.screen.out_is_terminal { local(change.at) } else { change.at.to_string() };
    let (actor, what) = (clean(&change.actor), clean(&what));
    print(&format!("{dim}{version:>7}  {at}{dim:#}  {what}  {dim}{actor}{dim:#}"))?;
    if with_patch {
        for op in &change.patch {
            print(&format!("         {}", op_line::line(op, None, &out.screen)))?;
        }
    }
    Ok(())
}
