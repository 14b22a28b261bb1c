//! `callboard get ID`: everything that is known of a job.

use crate::{
    api::{Api, typed},
    clock,
    failure::{Outcome, exit},
    text::{clean::clean, duration, form::Output, output::print, paint, progress},
};
use callboard_protocol::{Node, Time, job::Job};
use clap::Args;

/// The arguments of `callboard get`.
#[derive(Args)]
pub(crate) struct GetArgs {
    /// The job: its id or a unique beginning of it
    id: String,
}

pub(crate) async fn get(api: &Api, args: GetArgs, out: &Output) -> Outcome {
    let id = api.resolve(&args.id).await?;
    let record = api.job(&id).await?;
    if out.record(&record)? {
        return Ok(exit::OK);
    }
    for (name, value) in facts(&typed(&record)?, out.screen.unicode) {
        let dim = paint::DIM;
        print(&format!("{dim}{name:<9}{dim:#} {}", clean(&value)))?;
    }
    Ok(exit::OK)
}

/// What there is to say, in the order in which people ask.
pub(crate) fn facts(job: &Job, unicode: bool) -> Vec<(&'static str, String)> {
    let style = paint::state(job.state);
    let state = format!("{style}{} {}{style:#}", paint::sign(job.state, unicode), job.state.as_str());
    let mut facts = vec![
        ("id", job.id.to_string()),
        ("state", state),
        ("kind", job.kind.clone()),
        ("title", job.title.clone()),
        ("queue", job.queue.clone()),
        ("attempt", format!("{} of {}", job.attempt, job.max_attempts)),
        ("created", format!("{} by {}", job.created_at, job.created_by)),
    ];
    facts.extend(job.parent_id.as_ref().map(|parent| ("parent", parent.to_string())));
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    facts.extend(time(job.scheduled_at).map(|at| ("due", at)));
    facts.extend(time(job.started_at).map(|at| ("started", at)));
    if let Some(finished) = job.finished_at {
        let took =
            job.started_at.map(|started| format!(" after {}", duration::took(finished.since_ms(started))));
        facts.push(("finished", format!("{finished}{}", took.unwrap_or_default())));
    }
    if let Some(now) = job.progress.as_ref().filter(|_| !job.state.is_terminal()) {
        let message = now.message.as_deref().unwrap_or_default();
        facts.push(("progress", format!("{} {message}", progress::percent(now.value)).trim_end().to_owned()));
    }
    if let Some(cancel) = &job.cancel {
        let reason = cancel.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        facts.push(("cancel", format!("{} by {}{reason}", clock::local(cancel.requested_at), cancel.by)));
    }
    if let Some(error) = &job.error {
        facts.push(("error", format!("{}: {}", error.code, error.message)));
    }
    facts.push(("args", short(&job.args)));
    facts.extend(job.result.as_ref().map(|result| ("result", short(result))));
    for artifact in &job.artifacts {
        facts.push(("artifact", format!("{} ({} bytes, {})", artifact.name, artifact.size, artifact.mime)));
    }
    facts
}

/// A value on one line, cut for the eye; `--json` has all of it.
fn short(value: &Node) -> String {
    crate::text::table::cut(&value.to_string(), 2000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::progress::tests::job;

    #[test]
    fn what_is_known_is_told() {
        let mut failed = job("failed");
        failed.finished_at = Some(failed.created_at.plus_ms(3_000));
        failed.error = Some(callboard_protocol::job::JobError::new("exit_code", "SMTP 421"));
        let facts = facts(&failed, false);
        let fact = |name: &str| facts.iter().find(|fact| fact.0 == name).map(|fact| fact.1.as_str());
        assert_eq!(fact("finished"), Some("2026-01-01T00:00:03.000Z after 2.0s"));
        assert_eq!(fact("error"), Some("exit_code: SMTP 421"));
        assert_eq!(fact("attempt"), Some("1 of 5"));
        assert_eq!(fact("result"), None);
    }
}
