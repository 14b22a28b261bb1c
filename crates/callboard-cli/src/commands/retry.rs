//! `callboard retry ID...`: queues finished jobs again.

use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::output::print,
};
use callboard_protocol::command::JobArgs;
use clap::Args;
use serde_json::json;

/// The arguments of `callboard retry` and `callboard rm`.
#[derive(Args)]
pub(crate) struct IdArgs {
    /// The jobs: their ids or unique beginnings of them
    #[arg(required = true)]
    pub(crate) ids: Vec<String>,
}

pub(crate) async fn retry(api: &Api, args: IdArgs, json: bool) -> Outcome {
    for text in &args.ids {
        let id = api.resolve(text).await?;
        api.command("jobs.retry", &JobArgs { id: id.clone() }, None).await?;
        let line = if json { json!({ "v": 1, "id": id }).to_string() } else { id.to_string() };
        print(&line)?;
    }
    Ok(exit::OK)
}
