//! The messages of `callboard.v1`, one JSON object per text frame (design: protocol).

mod client;
pub mod close;
mod server;

pub use client::ClientFrame;
pub use server::ServerFrame;

use crate::{Epoch, log::Level};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The WebSocket subprotocol. Without it a connection is in seed-3 mode.
pub const SUBPROTOCOL: &str = "callboard.v1.json";
/// The protocol's number in `hello` and `welcome`.
pub const PROTOCOL: u32 = 1;

/// A position in the state's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatePosition {
    /// Which history.
    pub epoch: Epoch,
    /// Where in it.
    #[ts(type = "number")]
    pub version: u64,
}

/// A position in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogPosition {
    /// Which history.
    pub epoch: Epoch,
    /// The last line that was received.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Up to where a connection has been served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Served {
    /// Which history.
    pub epoch: Epoch,
    /// The state's version.
    #[ts(type = "number")]
    pub version: u64,
    /// The log's position.
    #[ts(type = "number")]
    pub log_seq: u64,
}

/// Who is connecting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClientInfo {
    /// `studio`, `callboard-cli`, ….
    pub name: String,
    /// Its version.
    pub version: String,
    /// Unique per tab or process: the scope of command ids.
    pub instance: String,
}

/// A token in the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// The bearer token.
    pub token: String,
}

/// One subscription to the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubRequest {
    /// Its name; `main` is the default and may be omitted from messages.
    pub sub: String,
    /// What is selected: pointers; `""` is everything, a segment `*` stands for any.
    pub paths: Vec<String>,
    /// At least so many ms between two patches; changes in between are folded into one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub max_rate_ms: Option<u32>,
    /// What the client already has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub resume: Option<StatePosition>,
}

/// Which log lines a client wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogRequest {
    /// `false` turns log delivery off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub enabled: Option<bool>,
    /// Channels; absent means all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub channels: Option<Vec<String>>,
    /// Lines below are not sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub min_level: Option<Level>,
    /// Lines on connect; the server's `logs.snapshot` when absent, at most 2000.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub snapshot: Option<u32>,
    /// What the client already has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub resume: Option<LogPosition>,
}

/// Why a snapshot is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SnapshotReason {
    /// The connection is new.
    Connect,
    /// The client asked.
    Resync,
    /// The position to resume from is in another epoch.
    Epoch,
    /// The client fell behind what is kept.
    Lagged,
    /// The subscription is new on a connection that is not.
    View,
}

/// How a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SubStart {
    /// From where the client was.
    Resumed,
    /// With a snapshot.
    Snapshot,
}

/// What a client may send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Bytes of one message.
    #[ts(type = "number")]
    pub max_message_bytes: u64,
    /// Commands under way.
    pub max_inflight: u32,
    /// Subscriptions.
    pub max_subs: u32,
}

/// The server behind a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// `callboard`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The process: new after each start.
    pub node: String,
}
