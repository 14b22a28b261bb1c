//! `callboard rm ID...`: takes finished jobs out of the list and the store.

use super::{each::each, retry::IdArgs};
use crate::{
    api::Api,
    failure::Outcome,
    text::{form::Output, output::print},
};
use callboard_protocol::{Node, command::JobArgs};
use serde_json::json;

pub(crate) async fn rm(api: &Api, args: IdArgs, out: &Output) -> Outcome {
    each(&args.ids, async |text| {
        let id = api.resolve(text).await?;
        api.command("jobs.delete", &JobArgs { id: id.clone() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": id, "removed": true })))? {
            true => Ok(()),
            false => print(&id),
        }
    })
    .await
}
