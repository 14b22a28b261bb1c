//! Log lines (S3.19).

use crate::{JobId, Node, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// How grave a line is; ordered (S3.19: debug 10 … fatal 50).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the developer.
    Debug,
    /// For the record.
    #[default]
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
    /// Nothing goes on.
    Fatal,
}

/// One line of a log. `seq` rises strictly over the whole board and is never reused (S3.18); a filtered reader
/// sees some of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Position in the board's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When.
    pub ts: Time,
    /// The source: `stdout`, `stderr`, `job`, `server`, ….
    pub channel: Arc<str>,
    /// The channel's sign.
    pub emoji: Arc<str>,
    /// How grave.
    pub level: Level,
    /// The text, without its line break.
    pub message: Arc<str>,
    /// The channel's colour: blue, yellow, green, magenta, cyan, red, white or purple.
    pub color: Arc<str>,
    /// The job that wrote it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub job_id: Option<JobId>,
    /// More facts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub fields: Option<Node>,
}

/// The sign and colour of a channel; unknown channels get a neutral pair (S3.19).
pub fn channel_style(channel: &str) -> (&'static str, &'static str) {
    match channel {
        "server" => ("🗼", "blue"),
        "job" => ("🎬", "cyan"),
        "stdout" => ("▸", "white"),
        "stderr" => ("▹", "yellow"),
        "websocket" => ("💓", "magenta"),
        "client" => ("🖥", "purple"),
        _ => ("•", "green"),
    }
}
