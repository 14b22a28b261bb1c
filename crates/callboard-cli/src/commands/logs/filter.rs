//! Which lines are wanted.

use crate::moment::Moment;
use callboard_client::percent_encoded;
use callboard_protocol::{
    Time,
    log::{Level, LogEntry},
};
use clap::Args;

/// The flags that leave lines out.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FilterArgs {
    /// Only lines since then: a span such as 10m, or a time such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = since, allow_hyphen_values = true)]
    since: Option<Moment>,
    /// Only lines at least as grave: debug, info, warn, error or fatal
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// Only lines of these channels, for example stdout,stderr
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    channel: Vec<String>,
}

fn since(text: &str) -> Result<Moment, String> {
    match text.parse()? {
        Moment::Version(_) => Err(format!("{text:?} is no span of time; write for example 10m")),
        moment => Ok(moment),
    }
}

fn level(name: &str) -> Result<Level, String> {
    Level::parse(name).ok_or_else(|| format!("levels are {}", Level::ALL.map(Level::as_str).join(", ")))
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    since: Option<Time>,
    level: Option<Level>,
    channels: Vec<String>,
}

impl Filter {
    /// The filter of this moment: spans are counted from now.
    pub(super) fn new(args: FilterArgs) -> Filter {
        let since = args.since.and_then(Moment::time);
        Filter { since, level: args.level, channels: args.channel }
    }

    /// Whether what a line says decides, and not only when.
    pub(super) fn reads(&self) -> bool {
        self.level.is_some() || !self.channels.is_empty()
    }

    pub(super) fn wants(&self, line: &LogEntry) -> bool {
        self.since.is_none_or(|since| line.ts >= since)
            && self.level.is_none_or(|level| line.level >= level)
            && (self.channels.is_empty() || self.channels.iter().any(|name| **name == *line.channel))
    }

    /// The same for the board's log; when is left to the reader.
    pub(super) fn query(&self) -> String {
        let mut query = String::new();
        if let Some(level) = self.level {
            query.push_str(&format!("&minLevel={}", level.as_str()));
        }
        if !self.channels.is_empty() {
            query.push_str(&format!("&channels={}", percent_encoded(&self.channels.join(","))));
        }
        query
    }
}
