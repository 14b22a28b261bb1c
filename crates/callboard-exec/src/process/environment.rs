//! What a child inherits of the server's environment: an allow-list, so that secrets stay here (security 3.8).

use super::program::PATH_USUAL;
use callboard_protocol::JobId;
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::Path,
};

/// The job's id.
const JOB_ID: &str = "CALLBOARD_JOB_ID";
/// The attempt's number.
const ATTEMPT: &str = "CALLBOARD_ATTEMPT";
/// The attempt's private folder; artifacts come from here.
pub(crate) const WORK_DIR: &str = "CALLBOARD_WORK_DIR";

const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "TZ", "USER"];

/// Variables of a child, by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// What of `all` a child may see.
    pub(crate) fn inherited(all: impl Iterator<Item = (OsString, OsString)>, more: &[String]) -> Self {
        let is_usual = |name: &str| INHERITED.contains(&name) || name.starts_with("LC_");
        let allowed = |name: &OsStr| {
            name.to_str().is_some_and(|name| is_usual(name) || more.iter().any(|more| more == name))
        };
        let mut variables: BTreeMap<_, _> = all.filter(|(name, _)| allowed(name)).collect();
        variables.entry("PATH".into()).or_insert_with(|| PATH_USUAL.into());
        Environment(variables)
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Sets what tells a child, and whoever finds it later, which attempt it belongs to.
    pub(crate) fn mark(&mut self, job_id: &JobId, attempt: u32, work_dir: &Path) {
        self.set(JOB_ID, job_id.as_str());
        self.set(ATTEMPT, attempt.to_string());
        self.set(WORK_DIR, work_dir);
    }

    /// Where the child's programs are.
    pub(crate) fn path(&self) -> &OsStr {
        self.0.get(OsStr::new("PATH")).map_or(OsStr::new(PATH_USUAL), OsString::as_os_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_is_inherited() {
        let all =
            ["HOME", "LC_ALL", "LC_TIME", "AWS_SECRET_ACCESS_KEY", "CALLBOARD_TOKEN", "LD_PRELOAD", "lc_x"];
        let all = || all.into_iter().map(|name| (name.into(), "x".into()));
        let environment = Environment::inherited(all(), &[]);
        let names: Vec<_> = environment.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, ["HOME", "LC_ALL", "LC_TIME", "PATH"]);
        assert_eq!(environment.path(), PATH_USUAL);
        let more = Environment::inherited(all(), &["AWS_SECRET_ACCESS_KEY".to_owned()]);
        assert_eq!(more.iter().count(), names.len() + 1, "what the configuration lets through");
    }
}
