//! What is done to all jobs that a query means: counted first, confirmed by consequence (design: ui 5.3).

use super::until;
use crate::{
    api::Api,
    failure::{Failure, Outcome, exit},
    query::{checked, is_query},
    text::{
        clean::clean,
        form::Output,
        output::{note, print},
        progress::short_id,
    },
};
use callboard::Query;
use callboard_protocol::{
    JobId, Node, Time,
    bulk::{BulkAction, BulkArgs, BulkCount, BulkRefused, BulkResult, BulkValues},
    caps, from_node,
    job::{Job, JobState},
};
use clap::Args;
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, IsTerminal as _},
};

/// How several jobs are dealt with.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct BulkFlags {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Do it to all jobs of the query without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What is done, to which jobs.
pub(crate) struct Bulk {
    pub(crate) action: BulkAction,
    pub(crate) query: String,
    pub(crate) values: BulkValues,
    /// How many may be deleted.
    pub(crate) confirm: Option<u64>,
    pub(crate) flags: BulkFlags,
    /// Stay until it is done.
    pub(crate) wait: bool,
}

/// The query that some texts make, when they are not ids. A dry run of ids is one, too: of the jobs that they name.
pub(crate) async fn query_of(
    api: &Api,
    texts: &[String],
    flags: BulkFlags,
) -> Result<Option<String>, Failure> {
    if texts.iter().any(|text| text.trim().is_empty()) {
        // As in `cancel "$JOBS"` where nobody has set it: that never means all of them.
        let failure = Failure::usage("an empty text names no job, and would mean every job as a query");
        return Err(failure.hint("id:* means every job"));
    }
    let query = texts.join(" ");
    if texts.iter().any(|text| is_query(text)) && Query::parse(&query).is_ok() {
        return Ok(Some(query));
    }
    if flags.dry_run { by_id(api, texts).await.map(Some) } else { Ok(None) }
}

/// A query that means the jobs that are named and no others.
pub(crate) async fn by_id(api: &Api, texts: &[String]) -> Result<String, Failure> {
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        ids.push(named(api, text).await?.to_string());
    }
    Ok(format!("id:{}", ids.join(",")))
}

/// The job that a text names. One that could be a query and is none gets to hear what is wrong with it.
pub(crate) async fn named(api: &Api, text: &str) -> Result<JobId, Failure> {
    match api.resolve(text).await {
        Err(failure) if failure.exit == exit::NOT_FOUND && is_query(text) => {
            checked(&[text.to_owned()]).and(Err(failure))
        }
        named => named,
    }
}

pub(crate) async fn bulk(api: &Api, bulk: Bulk, out: &Output) -> Outcome {
    let counted = send(api, &bulk, (true, None)).await?;
    let read = |error: callboard_protocol::NodeError| {
        let message = format!("the server's answer cannot be read: {error}");
        Failure::new(exit::NOT_CONNECTED, "protocol", message)
    };
    let counts: BulkCount = from_node(&counted).map_err(read)?;
    if bulk.flags.dry_run || counts.eligible == 0 {
        return show(&bulk, &counts, (&counted, out));
    }
    confirm(&bulk, &counts)?;
    let begun = send(api, &bulk, (false, Some(counts.at))).await?;
    let id = JobId::new(begun.child("id").and_then(Node::as_str).unwrap_or_default());
    if !bulk.wait {
        return begun_only(&bulk, &counts, (&id, out));
    }
    // It goes on when this command is stopped.
    let client = api.mirror().await?;
    let job = until::job(api, &client, &id, |_| false).await?;
    client.close().await;
    report(&bulk, &job, out)
}

async fn send(api: &Api, bulk: &Bulk, (dry_run, at): (bool, Option<Time>)) -> Result<Node, Failure> {
    let args = BulkArgs {
        action: bulk.action,
        query: bulk.query.clone(),
        args: bulk.values.clone(),
        dry_run,
        confirm: bulk.confirm,
        at,
    };
    Ok(api.command("jobs.bulk", &args, None).await?.result)
}

/// Says what would be done.
fn show(bulk: &Bulk, counts: &BulkCount, (counted, out): (&Node, &Output)) -> Outcome {
    if out.record(counted)? {
        return Ok(exit::OK);
    }
    let more = if counts.cut { "at least " } else { "" };
    let (verb, jobs) = (words(bulk.action).0, jobs(counts.eligible));
    print(&format!("would {verb} {more}{jobs}{}", passed_over(&counts.skipped)))?;
    for job in counts.sample.iter().filter_map(|job| job.as_object()) {
        let text = |name: &str| job.get(name).and_then(Node::as_str).unwrap_or_default();
        let id = JobId::new(text("id"));
        let (kind, state, title) = (text("kind"), text("state"), clean(text("title")));
        print(&format!("  {}  {state}  {kind}  {title}", short_id(&id)))?;
    }
    if counts.eligible > counts.sample.len() as u64 {
        print(&format!("  … callboard ps {:?}", bulk.query))?;
    }
    Ok(exit::OK)
}

/// One job needs no word; several want a yes, many that are to be gone for good want their number.
fn confirm(bulk: &Bulk, counts: &BulkCount) -> Result<(), Failure> {
    let eligible = counts.eligible;
    let jobs = jobs(eligible);
    if bulk.action == BulkAction::Delete && eligible > caps::BULK_UNCONFIRMED {
        if bulk.confirm == Some(eligible) {
            return Ok(());
        }
        let message = format!("{jobs} would be gone for good, and their number must be said");
        return Err(Failure::usage(message).hint(format!("--confirm {eligible}")));
    }
    if eligible == 1 || bulk.flags.yes || bulk.confirm == Some(eligible) {
        return Ok(());
    }
    let verb = words(bulk.action).0;
    if !std::io::stdin().is_terminal() {
        let message = format!("this would {verb} {jobs}, and nobody is here to be asked");
        return Err(Failure::usage(message).hint("--yes does it, --dry-run shows them"));
    }
    anstream::eprint!("{verb} {jobs} matching {}? [y/N] ", bulk.query);
    let mut answer = String::new();
    // Whoever cannot be read has not said yes.
    let _ = std::io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(exit::CANCELLED, "cancelled", "nothing was done")),
    }
}

/// Says which job is at it.
fn begun_only(bulk: &Bulk, counts: &BulkCount, (id, out): (&JobId, &Output)) -> Outcome {
    let record = json!({ "v": 1, "id": id, "eligible": counts.eligible });
    if !out.record(&Node::from(&record))? {
        let (verb, jobs) = (words(bulk.action).0, jobs(counts.eligible));
        print(&format!("{} is to {verb} {jobs}", short_id(id)))?;
    }
    Ok(exit::OK)
}

fn report(bulk: &Bulk, job: &Job, out: &Output) -> Outcome {
    let result = job.result.clone().unwrap_or_default();
    let tally: BulkResult = from_node(&result).unwrap_or_default();
    let record = json!({ "v": 1, "id": job.id, "state": job.state, "result": result });
    if !out.record(&Node::from(&record))? && job.state == JobState::Succeeded {
        let (_, done) = words(bulk.action);
        print(&format!("{done} {}{}", jobs(tally.done), passed_over(&tally.skipped)))?;
    }
    for BulkRefused { id, message, .. } in &tally.errors {
        note(&format!("{}: {}", short_id(id), clean(message)));
    }
    match job.state {
        JobState::Succeeded if tally.failed == 0 => Ok(exit::OK),
        JobState::Succeeded => {
            let message = format!("{} refused it", jobs(tally.failed));
            Err(Failure::new(exit::JOB_FAILED, "refused", message))
        }
        JobState::Cancelled => {
            let message = format!("the bulk was cancelled after {}", jobs(tally.done));
            Err(Failure::new(exit::CANCELLED, "cancelled", message))
        }
        _ => {
            let why = job.error.as_ref().map_or("it failed", |error| error.message.as_str());
            Err(Failure::new(
                exit::JOB_FAILED,
                "job_failed",
                format!("the bulk did not come to its end: {why}"),
            ))
        }
    }
}

/// What is done, and what was.
fn words(action: BulkAction) -> (&'static str, &'static str) {
    match action {
        BulkAction::Retry => ("retry", "queued again:"),
        BulkAction::Delete => ("remove", "removed"),
        BulkAction::Move => ("move", "moved"),
        BulkAction::Reprioritise => ("reprioritise", "reprioritised"),
        BulkAction::Tag => ("tag", "tagged"),
        BulkAction::Cancel => ("cancel", "cancelled"),
    }
}

fn jobs(count: u64) -> String {
    if count == 1 { "1 job".into() } else { format!("{count} jobs") }
}

fn passed_over(skipped: &BTreeMap<String, u64>) -> String {
    let reasons: Vec<String> = skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    if reasons.is_empty() { String::new() } else { format!("; passes over {}", reasons.join(", ")) }
}
