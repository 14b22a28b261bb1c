//! What a person wants of the command line itself (`DATA/cli-preferences.json`), whichever server it speaks to.

use crate::{data, failure::Failure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The name under which `callboard config` has it.
pub(crate) const ACCESSIBLE: &str = "accessible";
/// What it is, for the list of settings.
pub(crate) const ABOUT: &str =
    "Text that stays as it is: no lines that are drawn again, no top (ACCESSIBLE=1 does it once)";

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Preferences {
    /// No line is drawn again.
    pub(crate) accessible: bool,
}

impl Preferences {
    /// What was said the last time. Without a folder, or with a file that does not read, it is as at first.
    pub(crate) fn load(folder: Option<&Path>) -> Preferences {
        let text = folder.and_then(|folder| std::fs::read_to_string(file(folder)).ok()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps it for all commands to come.
    pub(crate) fn keep(self, folder: &Path) -> Result<PathBuf, Failure> {
        let path = file(folder);
        let failed =
            |error: std::io::Error| Failure::usage(format!("failed to write {}: {error}", path.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let text = serde_json::to_vec(&self).map_err(|error| failed(error.into()))?;
        let partial = folder.join(format!("cli-preferences.json.{}", std::process::id()));
        std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, &path)).map_err(failed)?;
        Ok(path)
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("cli-preferences.json")
}

/// The folder that it is in.
pub(crate) fn folder(given: Option<PathBuf>) -> Option<PathBuf> {
    data::folder(given).ok()
}

/// A word for yes or no.
pub(crate) fn flag(text: &str) -> Result<bool, Failure> {
    match text.trim() {
        "true" | "1" | "yes" | "on" => Ok(true),
        // Nothing is what it was at first.
        "" | "false" | "0" | "no" | "off" => Ok(false),
        other => Err(Failure::usage(format!("{ACCESSIBLE}: {other:?} is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_kept_and_damage_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/yet");
        assert_eq!(Preferences::load(Some(&below)), Preferences::default());
        assert_eq!(Preferences::load(None), Preferences::default());
        let path = Preferences { accessible: true }.keep(&below).unwrap();
        assert!(Preferences::load(Some(&below)).accessible);
        for text in ["", "{", "[]", "null", r#"{"accessible":"x"}"#] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Preferences::load(Some(&below)), Preferences::default(), "{text}");
        }
        assert_eq!(["true", "on", "", "no"].map(|text| flag(text).unwrap()), [true, true, false, false]);
        assert_eq!(flag("perhaps").unwrap_err().exit, 2);
    }
}
