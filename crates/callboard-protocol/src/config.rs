//! Settings, and those of them that clients adopt from the server (S3.14): these live in the state at `/serverConfig`.

mod layers;
mod settings;

pub use layers::{SettingError, Settings, Source, check_pair};
pub use settings::{Rule, SETTINGS, Scope, Setting};

use crate::log::Level;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Server-driven client configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerConfig {
    /// Log delivery.
    pub logs: LogsConfig,
    /// Connection behaviour.
    pub ws: WsConfig,
    /// State delivery.
    pub state: StateConfig,
    /// Downloads.
    #[serde(default)]
    pub downloads: DownloadsConfig,
}

/// Log delivery (S3.14).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogsConfig {
    /// Lines sent on connect.
    pub snapshot: u32,
    /// Suggested size of a client's ring.
    pub capacity: u32,
    /// Channels that may be seen; empty means all.
    pub allowed_channels: Vec<String>,
    /// Lines below this level are not sent.
    pub min_level: Level,
}

/// Connection behaviour (S3.14, S3.15). Delay = clamp(min·factor^n·(1 ± jitter), min, max).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WsConfig {
    /// Silence after which a ping is sent, ms.
    pub heartbeat_interval_ms: u32,
    /// Silence after a ping after which the connection is dead, ms.
    pub heartbeat_timeout_ms: u32,
    /// Whether clients connect again by themselves.
    pub reconnect_enabled: bool,
    /// First delay, ms.
    pub reconnect_min_ms: u32,
    /// Largest delay, ms.
    pub reconnect_max_ms: u32,
    /// Growth per failed try.
    pub reconnect_factor: f64,
    /// Spread of a delay, 0..1.
    pub reconnect_jitter: f64,
}

/// State delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StateConfig {
    /// After a patch, the changes of so long a time go out as one, ms (S3.13). The first after a silence goes at once.
    pub debounce_ms: u32,
}

/// Downloads (S1.24).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DownloadsConfig {
    /// Bytes per second of all downloads together, those under way included; 0 is no limit.
    #[ts(type = "number")]
    pub bytes_per_second: u64,
    /// Bytes per second of all downloads of a kind together, by its name, those under way included; 0 is no limit. A kind
    /// that is not named keeps to what its configuration says.
    #[serde(default)]
    #[ts(optional, as = "Option<BTreeMap<String, u32>>")]
    pub kinds: BTreeMap<String, u64>,
}

impl Default for LogsConfig {
    fn default() -> Self {
        LogsConfig { snapshot: 200, capacity: 500, allowed_channels: Vec::new(), min_level: Level::Debug }
    }
}

impl Default for WsConfig {
    fn default() -> Self {
        WsConfig {
            heartbeat_interval_ms: 10_000,
            heartbeat_timeout_ms: 5_000,
            reconnect_enabled: true,
            reconnect_min_ms: 1_000,
            reconnect_max_ms: 15_000,
            reconnect_factor: 1.8,
            reconnect_jitter: 0.2,
        }
    }
}

impl Default for StateConfig {
    fn default() -> Self {
        StateConfig { debounce_ms: 16 }
    }
}
