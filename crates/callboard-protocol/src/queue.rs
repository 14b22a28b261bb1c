//! Queues: their settings and what they let through (design: jobs 6).

use crate::{
    caps,
    error::{ErrorCode, Rejection},
    job::{check_duration, check_id},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The name that stands for the whole board where a queue is named: its settings hold beside those of each queue.
pub const BOARD: &str = "*";

/// Starts per window, as a token bucket: `limit` in each `perMs`, and `burst` at once after a pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// Starts.
    pub limit: u32,
    /// The window, ms.
    #[ts(type = "number")]
    pub per_ms: u64,
    /// Starts at once when nothing was started for long; `limit` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub burst: Option<u32>,
}

/// A queue at `/queues/<name>`; at `/queues/*` what holds for the whole board. Absent limits do not limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// Nothing is started; what runs goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub paused: bool,
    /// Attempts at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub concurrency: Option<u32>,
    /// Attempts at once per `concurrencyKey`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub key_concurrency: Option<u32>,
    /// Attempts at once per kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[ts(optional, as = "Option<BTreeMap<String, u32>>")]
    pub kinds: BTreeMap<String, u32>,
    /// Starts per window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub rate: Option<Rate>,
    /// Starts per window and `concurrencyKey`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub key_rate: Option<Rate>,
}

/// Arguments of `queues.configure`: all settings of the queue anew, but whether it is paused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueSettings {
    /// The queue, or `*` for the whole board.
    pub queue: String,
    /// Attempts at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub concurrency: Option<u32>,
    /// Attempts at once per `concurrencyKey`; not for the whole board.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub key_concurrency: Option<u32>,
    /// Attempts at once per kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[ts(optional, as = "Option<BTreeMap<String, u32>>")]
    pub kinds: BTreeMap<String, u32>,
    /// Starts per window; not for the whole board.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub rate: Option<Rate>,
    /// Starts per window and `concurrencyKey`; not for the whole board.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub key_rate: Option<Rate>,
}

/// Arguments that name a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueArgs {
    /// The queue, or `*` for the whole board.
    pub queue: String,
}

impl Queue {
    /// Whether nothing was ever said about it, so that it need not be remembered while nothing waits in it.
    pub fn is_plain(&self) -> bool {
        *self == Queue::default()
    }
}

impl QueueSettings {
    /// Everything that can be wrong with settings.
    ///
    /// # Errors
    /// `invalid_args`, naming the field.
    pub fn check(&self) -> Result<(), Rejection> {
        check_queue(&self.queue)?;
        let only_queues = [self.key_concurrency.is_some(), self.rate.is_some(), self.key_rate.is_some()];
        if self.queue == BOARD && only_queues.contains(&true) {
            return invalid("queue: \"*\" takes concurrency and kinds; set rates and keys per queue".into());
        }
        for (field, limit) in [("concurrency", self.concurrency), ("keyConcurrency", self.key_concurrency)] {
            check_limit(field, limit)?;
        }
        if self.kinds.len() > caps::QUEUE_KINDS {
            return invalid(format!("kinds: at most {} of them", caps::QUEUE_KINDS));
        }
        for (kind, limit) in &self.kinds {
            check_id("kinds", kind)?;
            check_limit("kinds", Some(*limit))?;
        }
        check_rate("rate", self.rate.as_ref())?;
        check_rate("keyRate", self.key_rate.as_ref())
    }
}

/// Checks the name of a queue: as other names, or [`BOARD`].
///
/// # Errors
/// `invalid_args`, naming the field.
pub fn check_queue(queue: &str) -> Result<(), Rejection> {
    if queue == BOARD { Ok(()) } else { check_id("queue", queue) }
}

fn check_limit(field: &str, limit: Option<u32>) -> Result<(), Rejection> {
    match limit {
        Some(0) => invalid(format!("{field}: 0 would never start anything; pause the queue instead")),
        Some(limit) if limit > caps::QUEUE_LIMIT => {
            invalid(format!("{field}: {limit} is more than {}", caps::QUEUE_LIMIT))
        }
        _ => Ok(()),
    }
}

fn check_rate(field: &str, rate: Option<&Rate>) -> Result<(), Rejection> {
    let Some(rate) = rate else { return Ok(()) };
    check_limit(&format!("{field}.limit"), Some(rate.limit))?;
    check_limit(&format!("{field}.burst"), rate.burst)?;
    check_duration(&format!("{field}.perMs"), Some(rate.per_ms))
}

fn invalid(message: String) -> Result<(), Rejection> {
    Err(Rejection::new(ErrorCode::InvalidArgs, message))
}
