//! `callboard rm ID...|QUERY`: takes finished jobs out of the list and the store.

use super::finished::{Deed, IdArgs};
use crate::{api::Api, failure::Outcome, text::form::Output};
use callboard_protocol::bulk::BulkAction;
use clap::Args;
use serde_json::json;

/// The arguments of `callboard rm`.
#[derive(Args)]
pub(crate) struct RmArgs {
    #[command(flatten)]
    jobs: IdArgs,
    /// How many jobs of the query may be gone for good; needed for more than 100
    #[arg(long, value_name = "COUNT")]
    confirm: Option<u64>,
}

pub(crate) async fn rm(api: &Api, args: RmArgs, out: &Output) -> Outcome {
    let RmArgs { jobs, confirm } = args;
    let record = json!({ "v": 1, "removed": true });
    let deed = Deed { action: BulkAction::Delete, command: "jobs.delete", confirm, record };
    jobs.carry_out(api, deed, out).await
}
