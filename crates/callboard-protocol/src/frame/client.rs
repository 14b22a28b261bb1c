//! What a client says.

use super::{Auth, ClientInfo, LogRequest, StatePosition, SubRequest};
use crate::Node;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A message from a client. Unknown members are ignored; unknown types are ignored by the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        /// What the client can read beside the basics: `parts` (snapshots in several messages),
        /// `check` (`state.check`).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        caps: Option<Vec<String>>,
        /// How often this client has connected, for diagnosis.
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
    /// Add a subscription; answered with `ack`, then its snapshot or the patch from `resume`.
    #[serde(rename = "subscribe")]
    Subscribe {
        /// Returned in `ack` or `error`.
        id: String,
        /// Its name, new on this connection.
        sub: String,
        /// What is selected: pointers; `""` is everything, a segment `*` stands for any.
        paths: Vec<String>,
        /// At least so many ms between two patches; changes in between are folded into one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        max_rate_ms: Option<u32>,
        /// What the client already has of the same paths.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        resume: Option<StatePosition>,
    },
    /// End a subscription; answered with `ack`, after which nothing of it follows.
    #[serde(rename = "unsubscribe")]
    Unsubscribe {
        /// Returned in `ack` or `error`.
        id: String,
        /// Its name.
        sub: String,
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
