//! `callboard rm ID...`: takes finished jobs out of the list and the store.

use super::retry::IdArgs;
use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::output::print,
};
use callboard_protocol::command::JobArgs;
use serde_json::json;

pub(crate) async fn rm(api: &Api, args: IdArgs, json: bool) -> Outcome {
    for text in &args.ids {
        let id = api.resolve(text).await?;
        api.command("jobs.delete", &JobArgs { id: id.clone() }, None).await?;
        let line =
            if json { json!({ "v": 1, "id": id, "removed": true }).to_string() } else { id.to_string() };
        print(&line)?;
    }
    Ok(exit::OK)
}
