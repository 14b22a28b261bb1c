//! `callboard version`.

use crate::{
    failure::{Outcome, exit},
    text::output::print,
};
use callboard_protocol::frame::PROTOCOL;
use serde_json::json;

pub(crate) fn version(json: bool) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    let line = match json {
        true => json!({ "v": 1, "name": "callboard", "version": version, "protocol": PROTOCOL }).to_string(),
        false => format!("callboard {version} (protocol {PROTOCOL})"),
    };
    print(&line)?;
    Ok(exit::OK)
}
