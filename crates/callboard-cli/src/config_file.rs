//! `callboard.toml`: found, read, and handed out by section. Whatever is wrong in it is said with line and column.
//!
//! A section belongs to who reads it: name it in [`SECTIONS`] and read it with [`ConfigFile::section`], or with
//! [`ConfigFile::values`] where every value is judged alone.

use crate::failure::Failure;
use callboard_protocol::{Node, to_node};
use serde::{Deserialize as _, de::DeserializeOwned};
use std::{
    io::ErrorKind,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

/// The name that is looked for in the present folder and then in the data folder.
const NAME: &str = "callboard.toml";
/// Every section that somebody reads. Another one is an error, so that a slip of the pen is not ignored.
const SECTIONS: [&str; 5] = ["logs", "ws", "state", "downloads", "kinds"];

/// A configuration file, read and well formed.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    text: String,
}

impl ConfigFile {
    /// The file that `--config` names; without one, `callboard.toml` here or in the data folder, if there is one.
    pub(crate) fn find(given: Option<&Path>, data: &Path) -> Result<Option<ConfigFile>, Failure> {
        if let Some(path) = given {
            return match std::fs::read_to_string(path) {
                Ok(text) => ConfigFile::new(path.into(), text).map(Some),
                Err(error) => Err(Failure::usage(format!("the configuration {}: {error}", path.display()))),
            };
        }
        for path in [PathBuf::from(NAME), data.join(NAME)] {
            match std::fs::read_to_string(&path) {
                Ok(text) => return ConfigFile::new(path, text).map(Some),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => {
                    return Err(Failure::usage(format!("the configuration {}: {error}", path.display())));
                }
            }
        }
        Ok(None)
    }

    pub(crate) fn new(path: PathBuf, text: String) -> Result<ConfigFile, Failure> {
        let file = ConfigFile { path, text };
        let table = file.table()?;
        if let Some((name, _)) = table.iter().find(|(name, _)| !SECTIONS.contains(&name.get_ref().as_ref())) {
            let known = SECTIONS.map(|section| format!("[{section}]")).join(", ");
            let message = format!("there is no section {:?}; there are {known}", name.get_ref());
            return Err(file.failure(name.span(), &message));
        }
        Ok(file)
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "for the section that comes next"))]
    /// The file itself, for relative paths in it and for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "for the section that comes next"))]
    /// A section as one value; `None` when the file has none.
    pub(crate) fn section<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let mut table = self.table()?;
        let Some(value) = table.remove(name) else { return Ok(None) };
        let span = value.span();
        let read = T::deserialize(ValueDeserializer::from(value));
        read.map(Some).map_err(|error| self.failure(error.span().unwrap_or(span), error.message()))
    }

    /// The values of a section: name, value, and the place to name when it does not fit (`callboard.toml:3:12`).
    pub(crate) fn values(&self, section: &str) -> Result<Vec<(String, Node, String)>, Failure> {
        let table = self.table()?;
        let Some(value) = table.get(section) else { return Ok(Vec::new()) };
        let DeValue::Table(values) = value.get_ref() else {
            return Err(self.failure(value.span(), &format!("{section} must be a table: [{section}]")));
        };
        let read = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let node = toml::Value::deserialize(ValueDeserializer::from(value.clone()))
                .ok()
                .and_then(|value| to_node(&value).ok())
                .ok_or_else(|| self.failure(value.span(), &format!("{name}: this is no value")))?;
            Ok((name.to_string(), node, self.place(value.span())))
        };
        values.iter().map(read).collect()
    }

    /// A failure at a place of the file.
    pub(crate) fn failure(&self, span: Range<usize>, message: &str) -> Failure {
        Failure::usage(format!("{}: {}", self.place(span), message.trim_end()))
    }

    /// All of it, with the place of everything.
    pub(crate) fn table(&self) -> Result<DeTable<'_>, Failure> {
        DeTable::parse(&self.text)
            .map(Spanned::into_inner)
            .map_err(|error| self.failure(error.span().unwrap_or(0..0), error.message()))
    }

    /// `path:line:column`, both from 1.
    fn place(&self, span: Range<usize>) -> String {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConfigFile, Failure> {
        ConfigFile::new(NAME.into(), text.into())
    }

    fn refused<T>(result: Result<T, Failure>) -> String {
        result.err().expect("it is refused").message
    }

    #[test]
    fn a_mistake_is_named_with_line_and_column() {
        // S3.16: invalid is a start-up error that names the place.
        assert!(refused(read("[logs]\nsnapshot = = 3\n")).starts_with("callboard.toml:2:12: "));
        assert!(refused(read("[logs]\n\n[Logs]\n")).starts_with("callboard.toml:3:2: there is no section"));
        let file = read("ws = 7\n").expect("well formed");
        assert_eq!(refused(file.values("ws")), "callboard.toml:1:6: ws must be a table: [ws]");
        let file = read("[state]\ndebounceMs = true\n").expect("well formed");
        let section = file.section::<std::collections::BTreeMap<String, u32>>("state");
        assert!(refused(section).starts_with("callboard.toml:2:14: "), "the place of the value");
    }

    #[test]
    fn values_come_with_their_places() {
        let file = read("[logs]\nsnapshot = 3\nallowedChannels = [\"a\"]\n").expect("well formed");
        let values = file.values("logs").expect("readable");
        let shown: Vec<_> =
            values.iter().map(|(name, node, place)| format!("{name}={node} {place}")).collect();
        assert_eq!(shown, [r#"allowedChannels=["a"] callboard.toml:3:19"#, "snapshot=3 callboard.toml:2:12"]);
        assert!(file.values("ws").expect("readable").is_empty());
    }

    #[test]
    fn every_setting_has_a_section_that_is_read() {
        for setting in callboard_protocol::config::SETTINGS {
            assert!(SECTIONS.contains(&setting.place().0), "{}", setting.name);
        }
        assert!(read("[downloads]\nbytesPerSecond = 1000\n").is_ok());
    }

    #[test]
    fn the_named_file_must_be_there_and_the_usual_one_need_not() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(
            refused(ConfigFile::find(Some(&folder.path().join("x.toml")), folder.path())).contains("x.toml")
        );
        assert!(ConfigFile::find(None, folder.path()).expect("no file is fine").is_none());
        std::fs::write(folder.path().join(NAME), "[ws]\n").expect("written");
        let found = ConfigFile::find(None, folder.path()).expect("readable").expect("found");
        assert_eq!(found.path(), folder.path().join(NAME));
    }
}
