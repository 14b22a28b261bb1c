//! What can be configured about a program.

use super::{gather::ArtifactPattern, limits::ResourceLimits, progress::ProgressSpec, pty::PtySize};
use crate::{Secrets, Template};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A configured program: how it is started, and what its output means. See `docs/guides/executors.md`.
#[derive(Clone, Debug, Default)]
pub struct ProgramSpec {
    /// The program and its arguments; each text fills one element, whatever the values in it hold.
    pub argv: Vec<Template>,
    /// Where it runs; the attempt's private folder when absent.
    pub cwd: Option<Template>,
    /// Variables that it gets.
    pub env: BTreeMap<String, Template>,
    /// Variables that it inherits beside the usual few.
    pub inherit_env: Vec<String>,
    /// What it reads; nothing when absent.
    pub stdin: Option<Template>,
    /// It runs in a terminal of this size.
    pub pty: Option<PtySize>,
    /// Exit codes that mean success; 0 when empty.
    pub success_codes: Vec<i32>,
    /// Exit codes after which another try cannot help.
    pub fatal_codes: Vec<i32>,
    /// Where it shows its progress, beside descriptor 3.
    pub progress: ProgressSpec,
    /// Where its result is.
    pub result: ResultSpec,
    /// Files in its private folder that are kept when it succeeds.
    pub artifacts: Vec<ArtifactPattern>,
    /// What it may use.
    pub limits: ResourceLimits,
    /// Values for `{secrets.NAME}`; masked wherever they turn up in what it says.
    pub secrets: Secrets,
}

/// Where the result of a program is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResultSpec {
    /// Where to look. A result on descriptor 3 counts before all others.
    pub from: ResultSource,
    /// The file, relative to the attempt's folder; for [`ResultSource::File`] only.
    #[serde(default)]
    pub path: Option<String>,
}

/// See [`ResultSpec`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultSource {
    /// Descriptor 3 only.
    #[default]
    Report,
    /// The last line of standard output that is JSON.
    LastJson,
    /// A file with JSON in it.
    File,
}

impl ProgramSpec {
    /// What is wrong with it as a whole, with the name of the member in the configuration.
    ///
    /// # Errors
    /// The member, and a sentence.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.argv.first().is_none_or(|program| program.source().is_empty()) {
            return Err(("argv", "must be an array of strings that begins with the program".into()));
        }
        for (index, item) in self.argv.iter().enumerate() {
            if item.secrets().next().is_some() {
                let message = format!(
                    "argv[{index}] holds a secret, which every user of the machine could read; pass it in `env` or `stdin`"
                );
                return Err(("argv", message));
            }
        }
        if let Some(cwd) = &self.cwd
            && !cwd.source().starts_with('/')
            && !cwd.source().starts_with("{job.workDir}")
        {
            return Err(("cwd", "must be absolute, or begin with {job.workDir}".into()));
        }
        if (self.result.from == ResultSource::File) != self.result.path.is_some() {
            return Err(("result", "`path` names the file when `from` is \"file\", and only then".into()));
        }
        if let Some(name) = self.env.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(("env", format!("{name:?} is no name of a variable")));
        }
        if self.limits.nice.is_some_and(|nice| nice > 19) {
            return Err(("limits", "nice must be from 0 to 19".into()));
        }
        let texts = [("cwd", &self.cwd), ("stdin", &self.stdin)];
        let texts = texts.into_iter().filter_map(|(member, text)| Some((member, text.as_ref()?)));
        for (member, text) in texts.chain(self.env.values().map(|text| ("env", text))) {
            self.secrets.check(text).map_err(|problem| (member, problem))?;
        }
        Ok(())
    }
}
