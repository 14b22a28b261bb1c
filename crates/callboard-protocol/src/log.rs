//! Log lines (S3.19).

use crate::{JobId, Node, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

/// How grave a line is; ordered (S3.19: debug 10 … fatal 50).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl Level {
    /// All of them, the least first.
    pub const ALL: [Level; 5] = [Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }

    /// The level of this name.
    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// One line of a log. `seq` rises strictly over the whole board and is never reused (S3.18); a filtered reader
/// sees some of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// The channels that are known, with their signs and colours (S3.19). Any other name is as good.
pub const CHANNELS: [(&str, &str, &str); 17] = [
    ("app", "📦", "blue"),
    ("artifact", "🖼", "purple"),
    ("auth", "🔑", "red"),
    ("client", "🖥", "purple"),
    ("device", "🔌", "cyan"),
    ("http", "🌐", "cyan"),
    ("job", "🎬", "cyan"),
    ("journal", "📖", "blue"),
    ("metrics", "📈", "green"),
    ("request", "📨", "white"),
    ("scheduler", "⏰", "yellow"),
    ("server", "🗼", "blue"),
    ("sidecar", "🛵", "green"),
    ("stderr", "▹", "yellow"),
    ("stdout", "▸", "white"),
    ("websocket", "💓", "magenta"),
    ("worker", "🛠", "green"),
];

/// The sign and colour of a channel, by the part of its name before a colon; an unknown one gets a neutral pair.
pub fn channel_style(channel: &str) -> (&'static str, &'static str) {
    let family = channel.split(':').next().unwrap_or_default();
    let found = CHANNELS.iter().find(|(name, ..)| family.eq_ignore_ascii_case(name));
    found.map_or(("•", "green"), |(_, emoji, color)| (emoji, color))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_a_colour_that_clients_know() {
        const COLORS: [&str; 8] = ["blue", "yellow", "green", "magenta", "cyan", "red", "white", "purple"];
        assert!(CHANNELS.is_sorted());
        assert!(CHANNELS.iter().all(|(_, emoji, color)| !emoji.is_empty() && COLORS.contains(color)));
        assert_eq!(channel_style("Request:42"), ("📨", "white"));
        assert_eq!(channel_style("never heard of"), ("•", "green"));
    }
}
