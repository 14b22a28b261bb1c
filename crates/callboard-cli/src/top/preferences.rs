//! How things were shown the last time (`DATA/top.json`). A file that does not read, or that cannot be written, costs the
//! memory and nothing else.

use super::{
    columns::{self, Column},
    rows::Sort,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Preferences {
    pub(crate) sort: Sort,
    pub(crate) reversed: bool,
    /// Whether the log is shown.
    pub(crate) log: bool,
    /// Whether long lines of logs go on in the next row.
    pub(crate) wrap: bool,
    /// Which jobs are shown.
    pub(crate) filter: String,
    /// What is shown of them; nothing: what there is room for.
    #[serde(deserialize_with = "columns::known")]
    pub(crate) columns: Vec<Column>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            sort: Sort::Newest,
            reversed: false,
            log: true,
            wrap: false,
            filter: String::new(),
            columns: Vec::new(),
        }
    }
}

const FILE: &str = "top.json";

impl Preferences {
    pub(crate) fn load(folder: &Path) -> Preferences {
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Replaces the file as a whole, so that nobody ever reads a half.
    pub(crate) fn keep(&self, folder: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let partial = folder.join(format!("{FILE}.{}", std::process::id()));
        std::fs::write(&partial, text)?;
        std::fs::rename(&partial, folder.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_and_damage_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Preferences::load(folder.path()), Preferences::default());
        let filter = "state:failed".to_owned();
        let columns = vec![Column::Job, Column::Tags];
        let wanted = Preferences { sort: Sort::Eta, reversed: true, log: false, wrap: true, filter, columns };
        wanted.keep(folder.path()).unwrap();
        assert_eq!(Preferences::load(folder.path()), wanted);
        for text in ["", "{", r#"{"sort":"nope"}"#, "[]", "null"] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            assert_eq!(Preferences::load(folder.path()), Preferences::default(), "{text}");
        }
        // An older or newer version's file: what is known counts.
        std::fs::write(folder.path().join(FILE), r#"{"sort":"kind","columns":3}"#).unwrap();
        assert_eq!(Preferences::load(folder.path()).sort, Sort::Kind);
        std::fs::write(folder.path().join(FILE), r#"{"columns":["tags","smell",7]}"#).unwrap();
        assert_eq!(Preferences::load(folder.path()).columns, [Column::Tags]);
        assert!(wanted.keep(&folder.path().join("nowhere")).is_err());
    }
}
