//! `tidy`: the habits that a program can check. Each rule is a file: a table or a function, and tests on small strings.

mod attributes;
mod floors;
mod lengths;
mod mask;
mod modules;
mod scripts;
mod sources;
mod words;

use std::fmt;

use crate::failure::Failure;
use crate::repo::Repo;

/// Something that breaks a habit.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    /// Relative to the root of the repository.
    path: String,
    /// From 1.
    line: usize,
    what: String,
    /// What to do about it.
    remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, remedy } = self;
        write!(out, "{path}:{line}: {what}; {remedy}")
    }
}

/// The verb: prints every finding and fails when there is one.
pub(crate) fn run(repo: &Repo) -> Result<(), Failure> {
    let sources = sources::read(repo)?;
    let packages = floors::packages(repo)?;
    let mut findings = floors::check(&packages);
    findings.extend(modules::check(&packages, &sources));
    findings.extend(scripts::check(&sources));
    for source in &sources {
        findings.extend(lengths::check(source));
        findings.extend(words::check(source));
        findings.extend(attributes::check(source));
    }
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => {
            eprintln!("tidy: {} files, nothing to say", sources.len());
            Ok(())
        }
        count => Err(Failure::new(format!("tidy: {count} findings in {} files", sources.len()))
            .hint("each line above says where, what and what to do")),
    }
}
