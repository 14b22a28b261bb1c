//! Settings in layers: default, file, environment, flag, and at run time by command. Each value knows its source.

use super::{SETTINGS, Scope, ServerConfig, Setting};
use crate::{Key, Node, Object, from_node};
use std::{collections::BTreeMap, fmt};

/// Where a value is from. A later one in this order wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    #[default]
    Default,
    /// The file, at this place: `callboard.toml:3:12`.
    File(String),
    /// This variable.
    Environment(String),
    /// The command line.
    Flag(String),
    /// `config.set`, while the server ran.
    Command,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => out.write_str("default"),
            Source::File(place) => out.write_str(place),
            Source::Environment(variable) => write!(out, "environment {variable}"),
            Source::Flag(flag) => out.write_str(flag),
            Source::Command => out.write_str("config.set"),
        }
    }
}

/// A setting cannot be what somebody wants it to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {name}: {why}")]
pub struct SettingError {
    /// The variable, the flag or the place in the file.
    pub place: String,
    /// The setting, or what was taken for one.
    pub name: String,
    /// What is wrong and what would fit.
    pub why: String,
}

/// The settings that a server starts with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What is not the default.
    given: BTreeMap<&'static str, (Node, Source)>,
}

impl Settings {
    /// A setting's value.
    pub fn value(&self, setting: &Setting) -> Node {
        self.given.get(setting.name).map_or_else(|| setting.default_value(), |(value, _)| value.clone())
    }

    /// Where a setting's value is from.
    pub fn source(&self, setting: &Setting) -> Source {
        self.given.get(setting.name).map(|(_, source)| source.clone()).unwrap_or_default()
    }

    /// Sets a value, unless a stronger source has set it.
    ///
    /// # Errors
    /// When there is no such setting or the value does not fit; nothing was changed.
    pub fn put(&mut self, name: &str, value: &Node, source: Source) -> Result<(), SettingError> {
        let setting = Setting::find(name).ok_or_else(|| unknown(name, &source))?;
        let value = setting.check(value).map_err(|why| wrong(setting, &source, why))?;
        self.keep(setting, value, source);
        Ok(())
    }

    /// Sets a value that comes as text, unless a stronger source has set it. An empty text is no value (S3.16).
    ///
    /// # Errors
    /// When there is no such setting or the text does not fit; nothing was changed.
    pub fn put_text(&mut self, name: &str, text: &str, source: Source) -> Result<(), SettingError> {
        let setting = Setting::find(name).ok_or_else(|| unknown(name, &source))?;
        if text.trim().is_empty() {
            return Ok(());
        }
        let value = setting.parse(text).map_err(|why| wrong(setting, &source, why))?;
        self.keep(setting, value, source);
        Ok(())
    }

    /// Takes what the environment says, under our names and, where they are silent, under seed 3's.
    ///
    /// # Errors
    /// The first variable whose text does not fit.
    pub fn put_environment(
        &mut self,
        mut read: impl FnMut(&str) -> Option<String>,
    ) -> Result<(), SettingError> {
        for setting in &SETTINGS {
            let variables = setting.old_variable.map(str::to_owned).into_iter().chain([setting.variable()]);
            for variable in variables {
                if let Some(text) = read(&variable) {
                    self.put_text(setting.name, &text, Source::Environment(variable))?;
                }
            }
        }
        Ok(())
    }

    /// Whether the values fit each other.
    ///
    /// # Errors
    /// Names the setting that says so, and where it is from.
    pub fn check(&self) -> Result<(), SettingError> {
        check_pair(|setting| self.value(setting)).map_err(|(setting, why)| {
            let source = self.source(setting);
            wrong(setting, &source, why)
        })
    }

    /// What clients adopt (S3.14).
    pub fn server_config(&self) -> ServerConfig {
        let mut sections: BTreeMap<&str, Object> = BTreeMap::new();
        for setting in SETTINGS.iter().filter(|setting| setting.scope == Scope::Live) {
            let (section, member) = setting.place();
            sections.entry(section).or_default().insert(Key::new(member), self.value(setting));
        }
        let node: Object =
            sections.into_iter().map(|(section, members)| (Key::new(section), members.into())).collect();
        // A test holds that the table has every member.
        from_node(&node.into()).unwrap_or_default()
    }

    fn keep(&mut self, setting: &Setting, value: Node, source: Source) {
        let weaker = self.given.get(setting.name).is_some_and(|(_, present)| rank(present) > rank(&source));
        if !weaker && let Some(setting) = Setting::find(setting.name) {
            self.given.insert(setting.name, (value, source));
        }
    }
}

/// Whether values fit each other, whoever holds them; else the setting that does not fit and why.
pub fn check_pair(value: impl Fn(&Setting) -> Node) -> Result<(), (&'static Setting, String)> {
    let number = |name| Setting::find(name).and_then(|setting| Some((setting, value(setting).as_u64()?)));
    match (number("ws.reconnectMinMs"), number("ws.reconnectMaxMs")) {
        (Some((_, least)), Some((setting, most))) if least > most => {
            Err((setting, format!("{most} is less than ws.reconnectMinMs, which is {least}")))
        }
        _ => Ok(()),
    }
}

fn rank(source: &Source) -> u8 {
    match source {
        Source::Default => 0,
        Source::File(_) => 1,
        Source::Environment(_) => 2,
        Source::Flag(_) => 3,
        Source::Command => 4,
    }
}

fn wrong(setting: &Setting, source: &Source, why: String) -> SettingError {
    SettingError { place: source.to_string(), name: setting.name.into(), why }
}

fn unknown(name: &str, source: &Source) -> SettingError {
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    let why = format!("there is no such setting; there are {}", known.join(", "));
    SettingError { place: source.to_string(), name: name.chars().take(80).collect(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;

    fn environment(settings: &mut Settings, pairs: &[(&str, &str)]) -> Result<(), SettingError> {
        settings.put_environment(|wanted| {
            pairs.iter().find(|(name, _)| *name == wanted).map(|(_, text)| (*text).to_owned())
        })
    }

    fn shown(settings: &Settings, name: &str) -> (String, String) {
        let setting = Setting::find(name).expect("a setting");
        (settings.value(setting).to_string(), settings.source(setting).to_string())
    }

    #[test]
    fn a_later_layer_wins_whatever_the_order_of_arrival() {
        let mut settings = Settings::default();
        assert_eq!(shown(&settings, "logs.snapshot"), ("200".into(), "default".into()));
        let flag = || Source::Flag("--set logs.snapshot".into());
        settings.put_text("logs.snapshot", "4", flag()).unwrap();
        settings.put("logs.snapshot", &2u32.into(), Source::File("callboard.toml:1:1".into())).unwrap();
        environment(&mut settings, &[("CLIENT_LOGS_SNAPSHOT", "3")]).unwrap();
        assert_eq!(shown(&settings, "logs.snapshot"), ("4".into(), "--set logs.snapshot".into()));
        environment(
            &mut settings,
            &[("LOG_LEVEL_MIN", "warn"), ("CALLBOARD_LOGS_CAPACITY", "9"), ("CLIENT_LOGS_CAPACITY", "8")],
        )
        .unwrap();
        assert_eq!(shown(&settings, "logs.capacity").1, "environment CALLBOARD_LOGS_CAPACITY");
        let config = settings.server_config();
        assert_eq!((config.logs.snapshot, config.logs.capacity, config.logs.min_level), (4, 9, Level::Warn));
        assert_eq!(config.ws, ServerConfig::default().ws);
    }

    #[test]
    fn nobody_said_anything_is_the_default() {
        assert_eq!(Settings::default().server_config(), ServerConfig::default());
        let mut settings = Settings::default();
        environment(&mut settings, &[("CLIENT_LOGS_TO_KEEP", ""), ("LOG_REDACT_REGEX", " ")]).unwrap();
        assert_eq!(settings, Settings::default(), "S3.16: empty means unset");
    }

    #[test]
    fn nonsense_names_its_variable() {
        let error = environment(&mut Settings::default(), &[("CLIENT_LOGS_TO_KEEP", "abc")]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(r#"environment CLIENT_LOGS_TO_KEEP: logs.keepLines: "abc" does not fit"#),
            "{error}"
        );
        let mut settings = Settings::default();
        environment(&mut settings, &[("VITE_WS_RECONNECT_MIN_MS", "20000")]).unwrap();
        assert!(settings.check().unwrap_err().to_string().contains("ws.reconnectMaxMs: 15000 is less than"));
        let none = settings.put_text("logs.nothing", "1", Source::Flag("--set".into())).unwrap_err();
        assert!(none.to_string().starts_with("--set: logs.nothing: there is no such setting"));
    }
}
