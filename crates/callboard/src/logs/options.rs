//! How the log is kept, out of the settings.

use crate::redact::Redactor;
use callboard_protocol::{
    Node,
    config::{Setting, SettingError, Settings},
};
use std::{sync::Arc, time::Duration};

/// See `callboard_protocol::config::SETTINGS`, `logs.…`.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Lines kept in memory.
    pub keep_lines: usize,
    /// Their bytes.
    pub keep_bytes: usize,
    /// Whether an answered ping is a line (S3.22).
    pub heartbeat: bool,
    /// Channels that others may write to; else their lines go to `sidecar` (S3.21).
    pub ingest_channels: Vec<String>,
    /// How long the file of a job that writes no more is kept.
    pub jobs_age: Duration,
    /// Bytes of all jobs' files; the oldest go first.
    pub jobs_bytes: u64,
    /// What hides secrets.
    pub redactor: Arc<Redactor>,
}

impl Default for LogOptions {
    fn default() -> Self {
        LogOptions::read(&Settings::default()).expect("a test reads the defaults")
    }
}

impl LogOptions {
    /// Reads the settings.
    ///
    /// # Errors
    /// A pattern of one's own that cannot be used, with the place where it is from.
    pub fn read(settings: &Settings) -> Result<LogOptions, SettingError> {
        let value =
            |name: &str| Setting::find(name).map(|setting| settings.value(setting)).unwrap_or_default();
        let number = |name: &str| value(name).as_u64().unwrap_or_default();
        let patterns = texts(&value("logs.redact"));
        let redactor = Redactor::new(&patterns, &texts(&value("logs.redactFields"))).map_err(|error| {
            let place = Setting::find("logs.redact").map(|setting| settings.source(setting));
            SettingError {
                place: place.unwrap_or_default().to_string(),
                name: "logs.redact".into(),
                why: error.to_string(),
            }
        })?;
        Ok(LogOptions {
            keep_lines: number("logs.keepLines") as usize,
            keep_bytes: number("logs.keepBytes") as usize,
            heartbeat: value("logs.heartbeat") == Node::Bool(true),
            ingest_channels: texts(&value("logs.ingestChannels")),
            jobs_age: Duration::from_millis(number("logs.jobsMs")),
            jobs_bytes: number("logs.jobsBytes"),
            redactor: Arc::new(redactor),
        })
    }
}

fn texts(node: &Node) -> Vec<String> {
    let Node::Array(items) = node else { return Vec::new() };
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::config::Source;

    #[test]
    fn a_pattern_that_cannot_work_is_named_with_its_source() {
        assert_eq!(LogOptions::default().keep_lines, callboard_protocol::caps::LOG_RING_LINES);
        let mut settings = Settings::default();
        settings.put_text("logs.redact", "a(b", Source::Environment("LOG_REDACT_REGEX".into())).unwrap();
        let error = LogOptions::read(&settings).unwrap_err().to_string();
        assert!(
            error.starts_with("environment LOG_REDACT_REGEX: logs.redact: \"a(b\" is no pattern"),
            "{error}"
        );
    }
}
