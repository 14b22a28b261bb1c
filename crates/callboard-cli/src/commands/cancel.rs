//! `callboard cancel ID...|QUERY`: stops jobs, and waits until they have stopped.

use super::{
    bulk::{Bulk, BulkFlags, bulk, named, query_of},
    each::each,
    until,
};
use crate::{
    api::{Api, typed},
    failure::{Failure, Outcome},
    text::{form::Output, output::print, progress::short_id},
};
use callboard_protocol::{
    JobId, Node,
    bulk::{BulkAction, BulkValues},
    caps,
    command::CancelArgs as Cancel,
    job::JobState,
};
use clap::Args;
use serde_json::json;
use std::time::Duration;

/// The arguments of `callboard cancel`.
#[derive(Args)]
pub(crate) struct CancelArgs {
    /// The jobs: their ids or unique beginnings of them, or a query such as state:running kind:mail.*
    #[arg(required = true, value_name = "ID|QUERY")]
    ids: Vec<String>,
    /// Why, for the record
    #[arg(long)]
    reason: Option<String>,
    /// Do not wait until the jobs have stopped; of a query, not even until all were asked to
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    flags: BulkFlags,
}

/// A job is asked to stop, killed after its grace, and has a moment to vanish.
const WAIT: Duration = Duration::from_millis(caps::GRACE_MS + 5_000);
pub(crate) async fn cancel(api: &Api, args: CancelArgs, out: &Output) -> Outcome {
    if let Some(query) = query_of(api, &args.ids, args.flags).await? {
        let values = BulkValues { reason: args.reason, ..BulkValues::default() };
        let wanted = Bulk {
            action: BulkAction::Cancel,
            query,
            values,
            confirm: None,
            flags: args.flags,
            wait: !args.no_wait,
        };
        return bulk(api, wanted, out).await;
    }
    each(&args.ids, async |text| {
        let (id, state) = one(api, text, &args).await?;
        if out.record(&Node::from(&json!({ "v": 1, "id": id, "state": state })))? {
            return Ok(());
        }
        let id = short_id(&id);
        print(&match state {
            JobState::Cancelled => format!("{id} cancelled"),
            state if state.is_terminal() => {
                format!("{id} {} before it could be cancelled", state.as_str())
            }
            _ => format!("{id} is stopping"),
        })
    })
    .await
}

/// Cancels one job and says how it stands then.
async fn one(api: &Api, text: &str, args: &CancelArgs) -> Result<(JobId, JobState), Failure> {
    let id = named(api, text).await?;
    let command = Cancel { id: id.clone(), reason: args.reason.clone() };
    api.command("jobs.cancel", &command, None).await?;
    let now = typed(&api.job(&id).await?)?.state;
    if args.no_wait || now.is_terminal() {
        return Ok((id, now));
    }
    let client = api.mirror().await?;
    let stopped = tokio::time::timeout(WAIT, until::job(api, &client, &id, |_| false)).await;
    client.close().await;
    // One that ignores all of it is said to be stopping.
    let state = stopped.map_or(Ok(now), |job| job.map(|job| job.state))?;
    Ok((id, state))
}
