//! `callboard open`: a fresh address of Studio that lets one browser in.

use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::{
        form::Output,
        output::{note, print},
    },
};
use callboard_protocol::Node;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Launch {
    url: String,
}

pub(crate) async fn open(api: &Api, out: &Output) -> Outcome {
    let launch: Launch = api.post("/api/auth/launch-code", &json!({}), None).await?;
    if !out.record(&Node::from(&json!({ "v": 1, "url": launch.url })))? {
        print(&launch.url)?;
        note("the link is good for one minute and for one browser");
    }
    Ok(exit::OK)
}
