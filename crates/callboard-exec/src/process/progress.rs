//! Progress out of what a program prints for people.

use callboard_protocol::job::Progress;
use regex::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, sync::Arc};

/// Where a configured program shows its progress, beside descriptor 3.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProgressSpec {
    /// Lines of standard output that are reports as on descriptor 3 are taken as such, and not logged.
    pub json: bool,
    /// What matches a line, or a part of one that the program writes anew.
    pub regex: Option<ProgressPattern>,
    /// The streams that the pattern looks at.
    pub from: Streams,
}

/// Streams of a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Streams {
    /// Both.
    #[default]
    Both,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A regular expression with the groups `value` (0 to 1), `percent` (0 to 100), `step` and `steps` (also as parts of
/// anything: bytes, files), and `message`. One of `value`, `percent` or `step` with `steps` must be there.
#[derive(Clone)]
pub struct ProgressPattern(Arc<Regex>);

/// What a compiled pattern may take.
const PATTERN_BYTES: usize = 256 * 1024;

impl ProgressPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let regex =
            RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).build();
        let regex = regex.map_err(|error| error.to_string())?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        let has = |name: &str| names.contains(&name);
        if !(has("value") || has("percent") || (has("step") && has("steps"))) {
            return Err(format!(
                "the pattern {pattern:?} needs a group (?<value>…), (?<percent>…), or (?<step>…) with (?<steps>…)"
            ));
        }
        Ok(ProgressPattern(Arc::new(regex)))
    }

    /// The progress that a line tells.
    pub(crate) fn read(&self, line: &str) -> Option<Progress> {
        let found = self.0.captures(line)?;
        let (step, steps) = (number(&found, "step"), number(&found, "steps"));
        let parts = || step.zip(steps).filter(|(_, steps)| *steps > 0.0).map(|(step, steps)| step / steps);
        let value = number(&found, "value")
            .or_else(|| number(&found, "percent").map(|percent| percent / 100.0))
            .or_else(parts)
            .filter(|value| value.is_finite())?;
        let message = found.name("message").map(|message| message.as_str().trim().to_owned());
        let message = message.filter(|message| !message.is_empty());
        Some(Progress { value, message, step: whole(step), steps: whole(steps), eta_ms: None })
    }
}

fn number(found: &Captures<'_>, name: &str) -> Option<f64> {
    found.name(name)?.as_str().trim().parse().ok()
}

/// Steps that people count; bytes are none.
fn whole(number: Option<f64>) -> Option<u32> {
    number.filter(|number| number.fract() == 0.0 && (0.0..=1e6).contains(number)).map(|number| number as u32)
}

impl fmt::Debug for ProgressPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), formatter)
    }
}

impl<'de> Deserialize<'de> for ProgressPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        ProgressPattern::parse(&pattern).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, line: &str) -> Option<Progress> {
        ProgressPattern::parse(pattern).unwrap().read(line)
    }

    #[test]
    fn fractions_percents_and_parts_are_understood() {
        let value = |pattern, line| read(pattern, line).map(|progress| progress.value);
        assert_eq!(value(r"(?<percent>[\d.]+)%", " 12.5% done"), Some(0.125));
        assert_eq!(value(r"p=(?<value>\S+)", "p=0.25"), Some(0.25));
        assert_eq!(value(r"(?<step>\d+)/(?<steps>\d+)", "3/12"), Some(0.25));
        assert_eq!(value(r"(?<step>\d+)/(?<steps>\d+)", "0/0"), None, "nothing to divide by");
        assert_eq!(value(r"(?<percent>\S+)%", "lots%"), None);
        assert_eq!(value(r"(?<value>\S+)", "NaN"), None);
        let progress = read(r"(?<message>\w+): (?<step>\d+) of (?<steps>\d+)", "epoch: 2 of 8").unwrap();
        assert_eq!(
            (progress.step, progress.steps, progress.message.as_deref()),
            (Some(2), Some(8), Some("epoch"))
        );
    }

    #[test]
    fn a_pattern_that_tells_nothing_is_refused() {
        for pattern in [r"(\d+)%", r"(?<step>\d+)", "(", r"(?<value>\w{1000}{1000})"] {
            assert!(ProgressPattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
