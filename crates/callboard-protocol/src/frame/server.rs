//! What the server says.

use super::{Limits, Served, ServerInfo, SnapshotReason, SubStart};
use crate::{Epoch, Node, Op, Time, config::ServerConfig, error::ErrorCode, log::LogEntry};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum ServerFrame {
    /// The answer to `hello`.
    #[serde(rename = "welcome")]
    Welcome {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The server.
        server: ServerInfo,
        /// This connection.
        session: String,
        /// The role of the token.
        role: crate::command::Role,
        /// The journal's history.
        epoch: Epoch,
        /// Its head.
        #[ts(type = "number")]
        version: u64,
        /// The server's clock.
        server_time: Time,
        /// To be adopted.
        server_config: Box<ServerConfig>,
        /// To be kept.
        limits: Limits,
        /// How each subscription continues.
        subs: BTreeMap<String, SubStart>,
    },
    /// The whole state of a subscription, or a part of it: part 0 has `data`, later ones `entries`.
    #[serde(rename = "state.snapshot")]
    StateSnapshot {
        /// Which subscription; absent: `main`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        sub: Option<String>,
        /// Which history.
        epoch: Epoch,
        /// Where in it.
        #[ts(type = "number")]
        state_version: u64,
        /// The document, or its skeleton.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        data: Option<Node>,
        /// Pointers and values to put into the skeleton.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        entries: Option<Vec<(String, Node)>>,
        /// Why.
        reason: SnapshotReason,
        /// The number of this part, from 0.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        part: Option<u32>,
        /// Another part follows; the client commits at the last one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        more: Option<bool>,
    },
    /// What changed between two versions.
    #[serde(rename = "state.patch")]
    StatePatch {
        /// Which subscription; absent: `main`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        sub: Option<String>,
        /// Which history.
        epoch: Epoch,
        /// Applies to this version only.
        #[ts(type = "number")]
        from_version: u64,
        /// Leads to this one.
        #[ts(type = "number")]
        to_version: u64,
        /// The operations.
        #[ts(type = "PatchOp[]")]
        patch: Vec<Op>,
    },
    /// Whether the mirror is what it should be, for clients with the cap `check`: first without `sum`, to keep what
    /// is there at this version, later with it, to compare. Another sum asks for `state.resync`.
    #[serde(rename = "state.check")]
    StateCheck {
        /// Which subscription; absent: `main`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        sub: Option<String>,
        /// Which history.
        epoch: Epoch,
        /// Where in it.
        #[ts(type = "number")]
        version: u64,
        /// FNV-1a over the UTF-16 units of the document's canonical text.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        sum: Option<u32>,
    },
    /// Lines from the ring, after connecting or on `logs.replay`.
    #[serde(rename = "logs.history")]
    LogsHistory {
        /// Which history.
        epoch: Epoch,
        /// The lines.
        entries: Vec<LogEntry>,
        /// The position before the first line looked at.
        #[ts(type = "number")]
        prev_seq: u64,
        /// The position after the last line looked at.
        #[ts(type = "number")]
        to_seq: u64,
        /// The server's ring.
        capacity: u32,
        /// The ring no longer held everything that was asked for.
        truncated: bool,
        /// The answer to `logs.replay`: add to what you have instead of replacing it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        replay: Option<bool>,
    },
    /// New lines. Continuous when `prevSeq` is the client's last `toSeq`.
    #[serde(rename = "logs.append")]
    LogsAppend {
        /// The lines.
        entries: Vec<LogEntry>,
        /// The position before the first line looked at.
        #[ts(type = "number")]
        prev_seq: u64,
        /// The position after the last line looked at.
        #[ts(type = "number")]
        to_seq: u64,
        /// Lines that were lost for this client because it was slow.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional, type = "number")]
        dropped: Option<u64>,
    },
    /// Are you there?
    #[serde(rename = "ping")]
    Ping {
        /// The server's clock, epoch ms.
        ts: f64,
        /// Where this connection has been served up to, as in `pong`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        at: Option<Served>,
    },
    /// The answer to `ping`, with the position that this connection has been served up to.
    #[serde(rename = "pong")]
    Pong {
        /// From the ping.
        ts: f64,
        /// From the ping.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        id: Option<String>,
        /// The server's clock, epoch ms.
        server_time: f64,
        /// Which history.
        epoch: Epoch,
        /// The state's version served.
        #[ts(type = "number")]
        version: u64,
        /// The log's position served.
        #[ts(type = "number")]
        log_seq: u64,
    },
    /// A command was carried out.
    #[serde(rename = "ack")]
    Ack {
        /// Which.
        id: String,
        /// Always true.
        ok: bool,
        /// What it returned.
        #[serde(skip_serializing_if = "Node::is_null", default)]
        #[ts(optional, as = "Option<Node>")]
        result: Node,
        /// Which history.
        epoch: Epoch,
        /// Where its effect is visible.
        #[ts(type = "number")]
        version: u64,
        /// It had been carried out before.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        dup: Option<bool>,
    },
    /// Something was wrong.
    #[serde(rename = "error")]
    Error {
        /// The command or message.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        re: Option<String>,
        /// The stable code.
        code: ErrorCode,
        /// What, where, what to do.
        message: String,
        /// Whether the same may succeed later.
        retryable: bool,
        /// Facts for programs.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        details: Option<Node>,
    },
    /// The server is leaving; connect again after a delay in this window.
    #[serde(rename = "goaway")]
    Goaway {
        /// `deploy`, `overload` or `rate`.
        reason: String,
        /// Least and largest delay, ms.
        reconnect_after_ms: (u32, u32),
    },
}
