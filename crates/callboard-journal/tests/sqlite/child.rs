//! Runs one of these tests again in a process of its own, which may be killed or starved.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const DIR: &str = "JOURNAL_TEST_DIR";

/// The directory that the parent named, when this process is the child.
pub(crate) fn dir() -> Option<PathBuf> {
    std::env::var_os(DIR).map(PathBuf::from)
}

/// The shell command `before`, then this program with only the test `name`.
pub(crate) fn command(before: &str, name: &str, dir: &Path) -> Command {
    let mut command = Command::new("sh");
    let program = std::env::current_exe().expect("a path");
    let arguments = ["--exact", name, "--nocapture", "--test-threads=1"];
    command.arg("-c").arg(format!("{before} exec \"$0\" \"$@\"")).arg(program).args(arguments);
    command.env(DIR, dir).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}
