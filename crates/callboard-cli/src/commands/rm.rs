//! `callboard rm ID...|QUERY`: takes finished jobs out of the list and the store.

use super::{
    bulk::{Bulk, bulk, named, query_of},
    each::each,
    retry::IdArgs,
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
    let RmArgs { jobs: IdArgs { ids, flags }, confirm } = args;
    if let Some(query) = query_of(&ids, flags) {
        let (action, values) = (BulkAction::Delete, BulkValues::default());
        return bulk(api, Bulk { action, query, values, confirm, flags, wait: true }, out).await;
    }
    each(&ids, async |text| {
        let id = named(api, text).await?;
        api.command("jobs.delete", &JobArgs { id: id.clone() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": id, "removed": true })))? {
            true => Ok(()),
            false => print(&id),
        }
    })
    .await
}
