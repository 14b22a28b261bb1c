//! What is done to finished jobs: to those that are named, one by one, or to all that a query means.

use super::{
    bulk::{Bulk, BulkFlags, bulk, named, query_of},
    each::each,
};
use crate::{
    api::Api,
    failure::Outcome,
    text::{form::Output, output::print},
};
use callboard_protocol::{
    Node,
    bulk::{BulkAction, BulkValues},
    command::JobArgs,
};
use clap::Args;
use serde_json::Value;

/// Which jobs.
#[derive(Args)]
pub(crate) struct IdArgs {
    /// The jobs: their ids or unique beginnings of them, or a query such as state:failed age:<1h
    #[arg(required = true, value_name = "ID|QUERY")]
    ids: Vec<String>,
    #[command(flatten)]
    flags: BulkFlags,
}

/// What is done to them.
pub(super) struct Deed {
    pub(super) action: BulkAction,
    /// The command that does it to one job.
    pub(super) command: &'static str,
    /// How many may be gone for good.
    pub(super) confirm: Option<u64>,
    /// What is said of a job to which it was done, but for its id.
    pub(super) record: Value,
}

impl IdArgs {
    /// Does it, and prints the id of each job that was named.
    pub(super) async fn carry_out(self, api: &Api, deed: Deed, out: &Output) -> Outcome {
        let IdArgs { ids, flags } = self;
        let Deed { action, command, confirm, record } = deed;
        if let Some(query) = query_of(api, &ids, flags).await? {
            let values = BulkValues::default();
            return bulk(api, Bulk { action, query, values, confirm, flags, wait: true }, out).await;
        }
        each(&ids, async |text| {
            let id = named(api, text).await?;
            api.command(command, &JobArgs { id: id.clone() }, None).await?;
            let mut record = record.clone();
            record["id"] = id.as_str().into();
            match out.record(&Node::from(&record))? {
                true => Ok(()),
                false => print(&id),
            }
        })
        .await
    }
}
