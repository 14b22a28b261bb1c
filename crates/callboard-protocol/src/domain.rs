//! Open domains, devices and streams: state that is not about jobs (S3.2, S3.3).
//!
//! A domain is a top-level member of the state. Those named `app.<name>`, and `config`, are open: whoever may send
//! commands writes them, and all their writes go through the journal like everything else.

use crate::{
    Key, Node, Pointer, caps,
    error::{ErrorCode, Rejection},
    job::{check_id, clip},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the names of open domains begin with.
pub const APP: &str = "app.";
/// The open domain with switches of the board and its users.
const CONFIG: &str = "config";

/// One write into an open domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Write {
    /// Makes the value at a path be this; only what differs is written. Objects on the way are made.
    Set {
        /// `/app.name`, or a place below it.
        path: String,
        /// The value.
        value: Node,
    },
    /// Merges an object into the one at a path (RFC 7396): `null` takes a member away, objects merge, the rest replaces.
    Merge {
        /// `/app.name`, or a place below it.
        path: String,
        /// The members that change.
        value: Node,
    },
    /// Takes the value at a path away; nothing happens when there is none.
    Delete {
        /// `/app.name`, or a place below it.
        path: String,
    },
}

/// Arguments of `state.set` and `state.merge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteArgs {
    /// `/app.name`, or a place below it.
    pub path: String,
    /// The value, or the members that change.
    pub value: Node,
}

/// Arguments of `state.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathArgs {
    /// `/app.name`, or a place below it.
    pub path: String,
}

/// Arguments of `state.replace`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplaceArgs {
    /// All open domains named `app.<name>`, as members. One that is not here goes.
    pub state: Node,
}

/// Arguments of `state.transact`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransactArgs {
    /// The writes, carried out in order: all of them in one change, or none.
    pub writes: Vec<Write>,
}

/// Arguments of `devices.put` and `streams.put`: the whole record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThingArgs {
    /// Its name.
    pub id: String,
    /// What kind of thing it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub kind: Option<String>,
    /// How it is, in a word: `online`, `offline`, `error`, …
    pub status: String,
    /// Where it is served: http, https, ws, wss or rtsp.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub url: Option<String>,
    /// The board is not ready while it is away.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub required: bool,
    /// It is lost when it was not seen for so long, ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub stale_after_ms: Option<u64>,
    /// Anything else.
    #[serde(skip_serializing_if = "Node::is_null", default)]
    #[ts(optional, as = "Option<Node>")]
    pub data: Node,
}

/// Arguments of `devices.seen` and `streams.seen`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenArgs {
    /// Which.
    pub id: String,
    /// How it is; left out, it is as it was before it was lost.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub status: Option<String>,
}

/// Arguments of `devices.delete` and `streams.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThingName {
    /// Which.
    pub id: String,
}

impl Write {
    /// The path, checked: it begins in an open domain.
    ///
    /// # Errors
    /// `invalid_args`, naming the path.
    pub fn pointer(&self) -> Result<Pointer, Rejection> {
        let (Write::Set { path, .. } | Write::Merge { path, .. } | Write::Delete { path }) = self;
        open_path(path)
    }
}

/// Parses a path into an open domain.
///
/// # Errors
/// `invalid_args`, naming the path.
pub fn open_path(path: &str) -> Result<Pointer, Rejection> {
    let pointer = Pointer::parse(path).map_err(|error| invalid(&format!("path: {error}")))?;
    match pointer.segments() {
        [] => Err(invalid("path: the root is not one domain; use state.replace")),
        [config] | [config, ..] if config.as_str() == CONFIG && !is_open_config(&pointer) => {
            Err(invalid("path: write a member of /config, and not /config/sources, which config.set keeps"))
        }
        [domain, ..] if is_open(domain) => {
            check_id("path", domain)?;
            Ok(pointer)
        }
        [domain, ..] => Err(invalid(&format!(
            "path: the domain {:?} is not open; write to one named {APP}<name>, or to config",
            domain.chars().take(40).collect::<String>()
        ))),
    }
}

/// Where the values of the server's settings are from is kept beside what users keep there.
fn is_open_config(path: &Pointer) -> bool {
    path.segments().get(1).is_some_and(|member| member.as_str() != "sources")
}

/// Whether a domain is open to writes.
pub fn is_open(domain: &Key) -> bool {
    domain.as_str() == CONFIG || domain.strip_prefix(APP).is_some_and(|name| !name.is_empty())
}

impl ThingArgs {
    /// Everything that can be wrong with a record.
    ///
    /// # Errors
    /// `invalid_args` or `too_large`, naming the field.
    pub fn check(&self) -> Result<(), Rejection> {
        const SCHEMES: [&str; 5] = ["http://", "https://", "ws://", "wss://", "rtsp://"];
        check_id("id", &self.id)?;
        check_status(&self.status)?;
        if let Some(kind) = &self.kind {
            check_id("type", kind)?;
        }
        if let Some(url) = &self.url
            && (url.len() > caps::POINTER_BYTES
                || url.chars().any(char::is_control)
                || !SCHEMES.iter().any(|scheme| url.starts_with(scheme)))
        {
            return Err(invalid(&format!(
                "url: it must be http, https, ws, wss or rtsp, and at most {} bytes",
                caps::POINTER_BYTES
            )));
        }
        if self.stale_after_ms.is_some_and(|time| !(1..=caps::RETRY_MS).contains(&time)) {
            return Err(invalid(&format!("staleAfterMs: it must be within 1 and {}", caps::RETRY_MS)));
        }
        if self.data.json_len() > caps::ARGS_BYTES || self.data.depth() > caps::JSON_DEPTH {
            let message = format!("data: at most {} bytes, {} levels", caps::ARGS_BYTES, caps::JSON_DEPTH);
            return Err(Rejection::new(ErrorCode::TooLarge, message));
        }
        Ok(())
    }
}

/// Checks a status: a short word for people and programs.
///
/// # Errors
/// `invalid_args`.
pub fn check_status(status: &str) -> Result<(), Rejection> {
    check_id("status", status)
}

fn invalid(message: &str) -> Rejection {
    Rejection::new(ErrorCode::InvalidArgs, clip(message))
}
