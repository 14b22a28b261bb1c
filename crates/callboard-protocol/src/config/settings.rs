//! The settings by name: what may be set, to what, and what it is when nobody says.

use super::ServerConfig;
use crate::{Key, Node, Object, caps, log::Level, to_node};
use std::sync::Arc;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// A whole number from the first to the last.
    Whole(u64, u64),
    /// A number from the first to the last.
    Real(f64, f64),
    /// True or false.
    Switch,
    /// The name of a level.
    Level,
    /// A list of names; as text with commas between them.
    Names,
    /// Whole numbers up to this one by name; as text `name=number` with commas between them.
    Numbers(u64),
    /// A list of texts; as text one of them, whatever is in it.
    Texts,
}

/// When a value can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At any time, by command: it lives in the state at `/serverConfig` and everybody follows it.
    Live,
    /// At the start of the server only.
    Start,
}

/// One setting. Its name is its path in `/serverConfig` with dots, or `logs.…` for what only the server needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// The name, everywhere.
    pub name: &'static str,
    /// The variable under which seed 3's system knew it.
    pub old_variable: Option<&'static str>,
    /// What it may be.
    pub rule: Rule,
    /// When it can be changed.
    pub scope: Scope,
    /// What it does, for people.
    pub about: &'static str,
}

/// The largest limit of bytes per second.
const BANDWIDTH: u64 = 1 << 40;
const MS: Rule = Rule::Whole(1, 86_400_000);

/// Every setting, sorted by name (S3.14, S3.15 and seed 3's variables).
pub const SETTINGS: [Setting; 22] = [
    Setting {
        name: "downloads.bytesPerSecond",
        old_variable: None,
        rule: Rule::Whole(0, BANDWIDTH),
        scope: Scope::Live,
        about: "bytes per second of all downloads together; 0: no limit",
    },
    Setting {
        name: "downloads.kinds",
        old_variable: None,
        rule: Rule::Numbers(BANDWIDTH),
        scope: Scope::Live,
        about: "the same of one kind, as in fetch=500000,mirror=0",
    },
    live("logs.allowedChannels", "LOG_CHANNEL_ALLOWLIST", Rule::Names, "channels that are sent; none: all"),
    live("logs.capacity", "CLIENT_LOGS_CAPACITY", Rule::Whole(1, 1_000_000), "lines that a client keeps"),
    start("logs.heartbeat", Some("WS_HEARTBEAT_LOG"), Rule::Switch, "a line per answered ping"),
    start("logs.ingestChannels", None, Rule::Names, "channels that others may write to; else `sidecar`"),
    start(
        "logs.jobsBytes",
        None,
        Rule::Whole(0, 1 << 50),
        "bytes of all jobs' log files; the oldest go first",
    ),
    start("logs.jobsMs", None, Rule::Whole(0, 1 << 50), "how long a finished job's log file is kept, ms"),
    start("logs.keepBytes", None, Rule::Whole(64 * 1024, 1 << 32), "bytes of lines kept in memory"),
    start("logs.keepLines", Some("CLIENT_LOGS_TO_KEEP"), Rule::Whole(1, 1_000_000), "lines kept in memory"),
    live("logs.minLevel", "LOG_LEVEL_MIN", Rule::Level, "lines below are not sent"),
    start("logs.redact", Some("LOG_REDACT_REGEX"), Rule::Texts, "more patterns whose matches are hidden"),
    start("logs.redactFields", None, Rule::Names, "more fields whose values are hidden"),
    live(
        "logs.snapshot",
        "CLIENT_LOGS_SNAPSHOT",
        Rule::Whole(0, caps::LOG_QUERY_LINES as u64),
        "lines sent on connect",
    ),
    live(
        "state.debounceMs",
        "STATE_DEBOUNCE_MS",
        Rule::Whole(0, 10_000),
        "after a patch, changes within it go out as one",
    ),
    live("ws.heartbeatIntervalMs", "VITE_WS_HEARTBEAT_INTERVAL_MS", MS, "silence after which a ping is sent"),
    live("ws.heartbeatTimeoutMs", "VITE_WS_HEARTBEAT_TIMEOUT_MS", MS, "silence after a ping that ends it"),
    live("ws.reconnectEnabled", "VITE_WS_RECONNECT_ENABLED", Rule::Switch, "whether clients connect again"),
    live(
        "ws.reconnectFactor",
        "VITE_WS_RECONNECT_FACTOR",
        Rule::Real(1.0, 100.0),
        "growth of the delay per failed try",
    ),
    live("ws.reconnectJitter", "VITE_WS_RECONNECT_JITTER", Rule::Real(0.0, 1.0), "spread of the delay"),
    live("ws.reconnectMaxMs", "VITE_WS_RECONNECT_MAX_MS", MS, "largest delay"),
    live("ws.reconnectMinMs", "VITE_WS_RECONNECT_MIN_MS", MS, "first delay"),
];

const fn live(name: &'static str, old: &'static str, rule: Rule, about: &'static str) -> Setting {
    Setting { name, old_variable: Some(old), rule, scope: Scope::Live, about }
}

const fn start(
    name: &'static str,
    old_variable: Option<&'static str>,
    rule: Rule,
    about: &'static str,
) -> Setting {
    Setting { name, old_variable, rule, scope: Scope::Start, about }
}

impl Setting {
    /// The setting of this name.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Our own variable: `logs.minLevel` is `CALLBOARD_LOGS_MIN_LEVEL`.
    pub fn variable(&self) -> String {
        let mut variable = String::from("CALLBOARD_");
        for letter in self.name.chars() {
            match letter {
                '.' => variable.push('_'),
                letter if letter.is_ascii_uppercase() => variable.extend(['_', letter]),
                letter => variable.push(letter.to_ascii_uppercase()),
            }
        }
        variable
    }

    /// The section and the member: `logs` and `minLevel`.
    pub fn place(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// What it is when nobody says.
    pub fn default_value(&self) -> Node {
        match self.name {
            "downloads.kinds" => Node::object(),
            "logs.heartbeat" => false.into(),
            "logs.ingestChannels" => names(&["app", "client", "request", "sidecar"]),
            "logs.jobsBytes" => (1u64 << 30).into(),
            "logs.jobsMs" => 86_400_000u64.into(),
            "logs.keepBytes" => (caps::LOG_RING_BYTES as u64).into(),
            "logs.keepLines" => (caps::LOG_RING_LINES as u64).into(),
            "logs.redact" | "logs.redactFields" => names(&[]),
            _ => {
                let (section, member) = self.place();
                let config = to_node(&ServerConfig::default()).unwrap_or_default();
                config.child(section).and_then(|section| section.child(member)).cloned().unwrap_or_default()
            }
        }
    }

    /// The value in its normal form.
    ///
    /// # Errors
    /// What it must be instead.
    pub fn check(&self, value: &Node) -> Result<Node, String> {
        let refuse = || Err(format!("{value} does not fit: it must be {}", self.rule.words()));
        let fits = match (self.rule, value) {
            (Rule::Whole(least, most), _) => {
                value.as_u64().is_some_and(|number| (least..=most).contains(&number))
            }
            (Rule::Real(least, most), _) => {
                value.as_f64().is_some_and(|number| (least..=most).contains(&number))
            }
            (Rule::Switch, Node::Bool(_)) => true,
            (Rule::Level, Node::String(text)) => Level::parse(text).is_some(),
            (Rule::Names, Node::Array(items)) => {
                items.iter().all(|item| item.as_str().is_some_and(is_name))
                    && items.len() <= caps::LOG_CHANNELS
            }
            (Rule::Numbers(most), Node::Object(numbers)) => {
                numbers.len() <= caps::QUEUE_KINDS
                    && numbers.iter().all(|(name, number)| {
                        is_name(name.as_str()) && number.as_u64().is_some_and(|number| number <= most)
                    })
            }
            (Rule::Texts, Node::Array(items)) => {
                items.iter().all(|item| item.as_str().is_some_and(|text| !text.is_empty()))
            }
            _ => false,
        };
        if fits { Ok(value.clone()) } else { refuse() }
    }

    /// The value that a text means, in a variable or behind a flag.
    ///
    /// # Errors
    /// What it must be instead.
    pub fn parse(&self, text: &str) -> Result<Node, String> {
        let text = text.trim();
        let node = match self.rule {
            Rule::Whole(..) => text.parse::<u64>().ok().map(Node::from),
            Rule::Real(..) => text.parse::<f64>().ok().and_then(Node::float),
            Rule::Switch => text.parse::<bool>().ok().map(Node::from),
            Rule::Level => Some(text.into()),
            Rule::Names => Some(names(
                &text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect::<Vec<_>>(),
            )),
            Rule::Numbers(_) => numbers(text).map(Node::from),
            Rule::Texts => Some(names(&[text])),
        };
        let node = node.unwrap_or_else(|| text.into());
        self.check(&node)
    }
}

impl Rule {
    /// What a value must be, in words.
    pub fn words(self) -> String {
        match self {
            Rule::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Rule::Real(least, most) => format!("a number from {least} to {most}"),
            Rule::Switch => "true or false".into(),
            Rule::Level => "debug, info, warn, error or fatal".into(),
            Rule::Names => format!(
                "a list of at most {} names without commas, each of 1 to {} bytes",
                caps::LOG_CHANNELS,
                caps::LOG_CHANNEL_BYTES
            ),
            Rule::Numbers(most) => format!(
                "at most {} names, each with a whole number from 0 to {most}, as in fetch=500000,mirror=0",
                caps::QUEUE_KINDS
            ),
            Rule::Texts => "a list of texts that are not empty".into(),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= caps::LOG_CHANNEL_BYTES && !name.contains(',')
}

/// `fetch=500000, mirror=0`; a name that comes twice has no meaning.
fn numbers(text: &str) -> Option<Object> {
    let mut all = Object::default();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, number) = pair.rsplit_once('=')?;
        let number: u64 = number.trim().parse().ok()?;
        if all.insert(Key::new(name.trim()), number.into()).is_some() {
            return None;
        }
    }
    Some(all)
}

fn names(names: &[&str]) -> Node {
    Node::Array(Arc::new(names.iter().map(|name| Node::from(*name)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> Result<String, String> {
        Setting::find(name).expect("a setting").parse(text).map(|node| node.to_string())
    }

    #[test]
    fn the_table_is_sorted_and_every_default_fits_its_own_rule() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in &SETTINGS {
            setting.check(&setting.default_value()).unwrap_or_else(|why| panic!("{}: {why}", setting.name));
        }
        let config = to_node(&ServerConfig::default()).expect("plain");
        let members = config.as_object().expect("sections").iter().flat_map(|(section, members)| {
            let members = members.as_object().expect("members").keys();
            members.map(move |member| format!("{section}.{member}")).collect::<Vec<_>>()
        });
        for name in members {
            assert_eq!(Setting::find(&name).map(|setting| setting.scope), Some(Scope::Live), "{name}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_says_what_would_fit() {
        // W3.6: the original took "abc" for an unbounded ring, "" for 0 and 1e999 for the default.
        let wrong = parse("logs.keepLines", "abc").expect_err("no number");
        assert_eq!(wrong, r#""abc" does not fit: it must be a whole number from 1 to 1000000"#);
        for (name, text) in [
            ("logs.keepLines", "0"),
            ("logs.keepLines", "-1"),
            ("logs.keepLines", "1.5"),
            ("logs.keepLines", "1e999"),
            ("ws.reconnectJitter", "NaN"),
            ("ws.reconnectFactor", "0.5"),
            ("ws.reconnectEnabled", "yes"),
            ("logs.minLevel", "loud"),
            ("downloads.kinds", "fetch"),
            ("downloads.kinds", "fetch=-1"),
            ("downloads.kinds", "=1"),
            ("downloads.kinds", "fetch=1,fetch=2"),
            ("downloads.kinds", "fetch=99999999999999"),
        ] {
            assert!(parse(name, text).is_err(), "{name}={text}");
        }
    }

    #[test]
    fn texts_are_read_as_the_seed_wrote_them() {
        assert_eq!(
            parse("logs.allowedChannels", " websocket, app ,,request").unwrap(),
            r#"["websocket","app","request"]"#
        );
        assert_eq!(
            parse("downloads.kinds", "http.download = 500000, mirror=0,").unwrap(),
            r#"{"http.download":500000,"mirror":0}"#
        );
        assert_eq!(parse("ws.reconnectFactor", "1.8").unwrap(), "1.8");
        assert_eq!(parse("ws.reconnectFactor", "2").unwrap(), "2");
        assert_eq!(parse("logs.heartbeat", "true").unwrap(), "true");
        assert_eq!(parse("logs.redact", "a,b{2,3}").unwrap(), r#"["a,b{2,3}"]"#, "one pattern");
    }

    #[test]
    fn our_variables_follow_from_the_names() {
        let variable = |name| Setting::find(name).expect("a setting").variable();
        assert_eq!(variable("ws.heartbeatIntervalMs"), "CALLBOARD_WS_HEARTBEAT_INTERVAL_MS");
        assert_eq!(variable("logs.snapshot"), "CALLBOARD_LOGS_SNAPSHOT");
    }
}
