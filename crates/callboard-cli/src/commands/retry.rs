//! `callboard retry ID...|QUERY`: queues finished jobs again.

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
use serde_json::json;

/// The arguments of `callboard retry`.
#[derive(Args)]
pub(crate) struct IdArgs {
    /// The jobs: their ids or unique beginnings of them, or a query such as state:failed age:<1h
    #[arg(required = true, value_name = "ID|QUERY")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) flags: BulkFlags,
}

pub(crate) async fn retry(api: &Api, args: IdArgs, out: &Output) -> Outcome {
    if let Some(query) = query_of(&args.ids, args.flags) {
        let (action, values, flags) = (BulkAction::Retry, BulkValues::default(), args.flags);
        return bulk(api, Bulk { action, query, values, confirm: None, flags, wait: true }, out).await;
    }
    each(&args.ids, async |text| {
        let id = named(api, text).await?;
        api.command("jobs.retry", &JobArgs { id: id.clone() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": id })))? {
            true => Ok(()),
            false => print(&id),
        }
    })
    .await
}
