//! `callboard open`: a fresh address of Studio that lets one browser in.

use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::output::{note, print},
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Launch {
    url: String,
}

pub(crate) async fn open(api: &Api, json: bool) -> Outcome {
    let launch: Launch = api.post("/api/auth/launch-code", &json!({}), None).await?;
    if json {
        print(&json!({ "v": 1, "url": launch.url }).to_string())?;
    } else {
        print(&launch.url)?;
        note("the link is good for one minute and for one browser");
    }
    Ok(exit::OK)
}
