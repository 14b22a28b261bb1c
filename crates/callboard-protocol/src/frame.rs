//! The messages of `callboard.v1`, one JSON object per text frame (design: protocol).

use crate::{
    Epoch, Node, Op, Time,
    config::ServerConfig,
    error::ErrorCode,
    log::{Level, LogEntry},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The WebSocket subprotocol. Without it a connection is in seed-3 mode.
pub const SUBPROTOCOL: &str = "callboard.v1.json";
/// The protocol's number in `hello` and `welcome`.
pub const PROTOCOL: u32 = 1;

/// A position in the state's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[serde(rename_all = "camelCase")]
pub struct LogPosition {
    /// Which history.
    pub epoch: Epoch,
    /// The last line that was received.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Who is connecting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
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
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// The bearer token.
    pub token: String,
}

/// One subscription to the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SubRequest {
    /// Its name; `main` is the default and may be omitted from messages.
    pub sub: String,
    /// What is selected: pointers; `""` is everything.
    pub paths: Vec<String>,
    /// What the client already has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub resume: Option<StatePosition>,
}

/// Which log lines a client wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
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

/// A message from a client. Unknown members are ignored; unknown types are ignored by the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum ClientFrame {
    /// The first frame with the subprotocol.
    #[serde(rename = "hello")]
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// Who.
        client: ClientInfo,
        /// A token, unless an `Authorization` header was sent.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        auth: Option<Auth>,
        /// What state; absent: everything as `main`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        subs: Option<Vec<SubRequest>>,
        /// Which log lines.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        logs: Option<LogRequest>,
        /// How often this client has connected.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        connection_count: Option<u32>,
    },
    /// The first frame in seed-3 mode when no header could be sent.
    #[serde(rename = "auth")]
    Auth {
        /// The bearer token.
        token: String,
    },
    /// Are you there?
    #[serde(rename = "ping")]
    Ping {
        /// The sender's clock, epoch ms.
        #[serde(default)]
        ts: f64,
        /// Returned in the answer.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        id: Option<String>,
    },
    /// The answer to a server's ping.
    #[serde(rename = "pong")]
    Pong {
        /// From the ping.
        #[serde(default)]
        ts: f64,
    },
    /// Give me the state again (S3.11, S3.12).
    #[serde(rename = "state.resync")]
    StateResync {
        /// Which subscription; absent: `main`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        sub: Option<String>,
        /// What the client has; absent: send everything.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        have: Option<StatePosition>,
        /// `gap`, `apply_failed`, `manual` or `checksum`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        reason: Option<String>,
    },
    /// Send the lines after this one (S3.11).
    #[serde(rename = "logs.replay")]
    LogsReplay {
        /// The last line that is not wanted.
        #[ts(type = "number")]
        since_seq: u64,
        /// At most so many, the newest; at most 2000.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        limit: Option<u32>,
    },
    /// Change the server-side log filter.
    #[serde(rename = "logs.subscribe")]
    LogsSubscribe {
        /// The new filter.
        filter: LogRequest,
    },
    /// Do something.
    #[serde(rename = "cmd")]
    Cmd {
        /// Unique per instance; returned in `ack` or `error`.
        id: String,
        /// The command.
        name: String,
        /// Its arguments; `{}` when absent.
        #[serde(default)]
        #[ts(optional, as = "Option<Node>")]
        args: Node,
        /// Makes it idempotent; `instance:id` when absent.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        key: Option<String>,
    },
}

/// Why a snapshot is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
}

/// How a subscription continues after `welcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SubStart {
    /// From where the client was.
    Resumed,
    /// With a snapshot.
    Snapshot,
}

/// What a client may send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
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
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// `callboard`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The process: new after each start.
    pub node: String,
}

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
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
        /// `deploy` or `overload`.
        reason: String,
        /// Least and largest delay, ms.
        reconnect_after_ms: (u32, u32),
    },
}

/// Close codes of our own (4000–4499: connect again; 4500–4999: do not).
pub mod close {
    /// Orderly end.
    pub const NORMAL: u16 = 1000;
    /// The server stops.
    pub const GOING_AWAY: u16 = 1001;
    /// A message over the cap; do not send it again.
    pub const TOO_BIG: u16 = 1009;
    /// The server is overloaded.
    pub const OVERLOAD: u16 = 1013;
    /// No sign of life.
    pub const HEARTBEAT_TIMEOUT: u16 = 4000;
    /// No `hello` in time.
    pub const HELLO_TIMEOUT: u16 = 4001;
    /// The client does not read.
    pub const STALLED: u16 = 4002;
    /// No or a wrong token.
    pub const UNAUTHORIZED: u16 = 4500;
    /// The token may not do this.
    pub const FORBIDDEN: u16 = 4501;
    /// Another protocol number.
    pub const PROTOCOL_UNSUPPORTED: u16 = 4502;
    /// A frame that is no message.
    pub const BAD_MESSAGE: u16 = 4503;
}
