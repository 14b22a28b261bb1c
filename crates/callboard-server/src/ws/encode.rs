//! Messages as text, written without building them first.

use callboard_protocol::{Epoch, Op, frame::ServerFrame};
use serde::Serialize;

/// A message as JSON.
pub(super) fn text(frame: &ServerFrame) -> String {
    // The types of the wire always serialise; an empty object is ignored by every client.
    serde_json::to_string(frame).unwrap_or_else(|_| "{}".into())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    epoch: &'a str,
    from_version: u64,
    to_version: u64,
    patch: &'a [Op],
}

/// A `state.patch` out of borrowed operations, from one version to another.
pub(super) fn patch(sub: Option<&str>, epoch: &Epoch, versions: (u64, u64), patch: &[Op]) -> String {
    let (from_version, to_version) = versions;
    let message = Patch { r#type: "state.patch", sub, epoch, from_version, to_version, patch };
    serde_json::to_string(&message).unwrap_or_else(|_| "{}".into())
}
