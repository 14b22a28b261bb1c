//! `callboard retry ID...`: queues finished jobs again.

use super::each::each;
use crate::{
    api::Api,
    failure::Outcome,
    text::{form::Output, output::print},
};
use callboard_protocol::{Node, command::JobArgs};
use clap::Args;
use serde_json::json;

/// The arguments of `callboard retry` and `callboard rm`.
#[derive(Args)]
pub(crate) struct IdArgs {
    /// The jobs: their ids or unique beginnings of them
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

pub(crate) async fn retry(api: &Api, args: IdArgs, out: &Output) -> Outcome {
    each(&args.ids, async |text| {
        let id = api.resolve(text).await?;
        api.command("jobs.retry", &JobArgs { id: id.clone() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": id })))? {
            true => Ok(()),
            false => print(&id),
        }
    })
    .await
}
