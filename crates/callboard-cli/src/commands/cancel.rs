//! `callboard cancel ID...`: stops jobs, and waits until they have stopped.

use crate::{
    api::{Api, typed},
    failure::{Failure, Outcome, exit},
    text::{
        output::{note, print},
        progress::short_id,
    },
};
use callboard_protocol::{JobId, caps, command::CancelArgs as Cancel, job::JobState};
use clap::Args;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// The arguments of `callboard cancel`.
#[derive(Args)]
pub(crate) struct CancelArgs {
    /// The jobs: their ids or unique beginnings of them
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why, for the record
    #[arg(long)]
    reason: Option<String>,
    /// Do not wait until the jobs have stopped
    #[arg(long)]
    no_wait: bool,
}

/// A job is asked to stop, killed after its grace, and has a moment to vanish.
const WAIT: Duration = Duration::from_millis(caps::GRACE_MS + 5_000);
/// How often to look whether it has.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) async fn cancel(api: &Api, args: CancelArgs, json: bool) -> Outcome {
    let mut outcome = Ok(exit::OK);
    for text in &args.ids {
        match one(api, text, &args).await {
            Ok((id, state)) if json => {
                print(&json!({ "v": 1, "id": id, "state": state }).to_string())?;
            }
            Ok((id, JobState::Cancelled)) => print(&format!("{} cancelled", short_id(&id)))?,
            Ok((id, state)) if state.is_terminal() => {
                print(&format!("{} {} before it could be cancelled", short_id(&id), state.as_str()))?;
            }
            Ok((id, _)) => print(&format!("{} is stopping", short_id(&id)))?,
            // The others are still to be cancelled; the first failure decides what this command ends with.
            Err(failure) if args.ids.len() > 1 && !failure.is_unread() => {
                if outcome.is_ok() {
                    outcome = Err(failure);
                } else {
                    note(&format!("error: {}", failure.message));
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    outcome
}

/// Cancels one job and says how it stands then.
async fn one(api: &Api, text: &str, args: &CancelArgs) -> Result<(JobId, JobState), Failure> {
    let id = api.resolve(text).await?;
    let command = Cancel { id: id.clone(), reason: args.reason.clone() };
    api.command("jobs.cancel", &command, None).await?;
    let deadline = Instant::now() + WAIT;
    loop {
        let state = typed(&api.job(&id).await?)?.state;
        if args.no_wait || state.is_terminal() || Instant::now() >= deadline {
            return Ok((id, state));
        }
        tokio::time::sleep(LOOK).await;
    }
}
