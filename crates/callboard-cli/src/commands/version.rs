//! `callboard version`.

use crate::{
    failure::{Outcome, exit},
    text::{form::Output, output::print},
};
use callboard_protocol::{Node, frame::PROTOCOL};
use serde_json::json;

pub(crate) fn version(out: &Output) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    let facts = json!({ "v": 1, "name": "callboard", "version": version, "protocol": PROTOCOL });
    if !out.record(&Node::from(&facts))? {
        print(&format!("callboard {version} (protocol {PROTOCOL})"))?;
    }
    Ok(exit::OK)
}
