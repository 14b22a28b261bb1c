//! `callboard move | reprioritise | tag ID...|QUERY`: changes jobs that are not finished.

use super::bulk::{Bulk, BulkFlags, bulk, by_id, query_of};
use crate::{api::Api, failure::Outcome, text::form::Output};
use callboard_protocol::bulk::{BulkAction, BulkValues};
use clap::Args;

/// Which jobs.
#[derive(Args)]
struct Jobs {
    /// The jobs: their ids or unique beginnings of them, or a query such as queue:slow priority:>5
    #[arg(required = true, value_name = "ID|QUERY")]
    ids: Vec<String>,
    #[command(flatten)]
    flags: BulkFlags,
}

/// The arguments of `callboard move`.
#[derive(Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    jobs: Jobs,
    /// The queue that they are to wait in
    #[arg(long)]
    queue: String,
}

/// The arguments of `callboard reprioritise`.
#[derive(Args)]
pub(crate) struct ReprioritiseArgs {
    #[command(flatten)]
    jobs: Jobs,
    /// Their new priority; lower runs first
    #[arg(long, allow_negative_numbers = true)]
    priority: i32,
}

/// The arguments of `callboard tag`.
#[derive(Args)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    jobs: Jobs,
    /// Tags that they are to have, with commas between them
    #[arg(long, value_delimiter = ',', required_unless_present = "remove")]
    add: Vec<String>,
    /// Tags that they are not to have, with commas between them
    #[arg(long, value_delimiter = ',')]
    remove: Vec<String>,
}

pub(crate) async fn move_jobs(api: &Api, args: MoveArgs, out: &Output) -> Outcome {
    let values = BulkValues { queue: Some(args.queue), ..BulkValues::default() };
    edit(api, (BulkAction::Move, values), args.jobs, out).await
}

pub(crate) async fn reprioritise(api: &Api, args: ReprioritiseArgs, out: &Output) -> Outcome {
    let values = BulkValues { priority: Some(args.priority), ..BulkValues::default() };
    edit(api, (BulkAction::Reprioritise, values), args.jobs, out).await
}

pub(crate) async fn tag(api: &Api, args: TagArgs, out: &Output) -> Outcome {
    let values = BulkValues { add: args.add, remove: args.remove, ..BulkValues::default() };
    edit(api, (BulkAction::Tag, values), args.jobs, out).await
}

async fn edit(
    api: &Api,
    (action, values): (BulkAction, BulkValues),
    Jobs { ids, mut flags }: Jobs,
    out: &Output,
) -> Outcome {
    let query = match query_of(api, &ids, flags).await? {
        Some(query) => query,
        None => {
            // Who names each job has said which are meant.
            flags.yes = true;
            by_id(api, &ids).await?
        }
    };
    bulk(api, Bulk { action, query, values, confirm: None, flags, wait: true }, out).await
}
