//! Other programs: how they are called, and whether they are there.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::repo::Repo;

/// The oldest Node that builds Studio.
const NODE_LEAST: (u32, u32) = (20, 19);
const NODE_HINT: &str = "get it from https://nodejs.org, or with a version manager: `nvm install 22`";

/// One call of a program, from the root of the repository.
pub(crate) struct Tool {
    command: Command,
    shown: String,
    hint: Option<String>,
}

impl Tool {
    pub(crate) fn new(repo: &Repo, program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.current_dir(&repo.root);
        let name = Path::new(program).file_name().unwrap_or(program);
        Self { command, shown: name.to_string_lossy().into_owned(), hint: None }
    }

    /// The cargo that called this program.
    pub(crate) fn cargo(repo: &Repo) -> Self {
        Self::new(repo, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Builds programs of the workspace. All of it is named, so that crates have the same features whatever is built, and
    /// what CI compiled is what people get: `-p` would give each program features of its own.
    pub(crate) fn build(repo: &Repo, profile: &str, programs: &[&str]) -> Result<(), Failure> {
        let programs = programs.iter().flat_map(|program| ["--bin", program]);
        Self::cargo(repo).args(["build", "--workspace", "--profile", profile]).args(programs).run()
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        for arg in args {
            self.shown.push(' ');
            self.shown.push_str(&arg.as_ref().to_string_lossy());
            self.command.arg(arg);
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What to do when the call fails.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Runs to the end with its output on the terminal.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        eprintln!("+ {}", self.shown);
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(self.failed(&status.to_string())) }
    }

    /// Runs to the end without a word and returns what it wrote to standard output.
    pub(crate) fn capture(mut self) -> Result<String, Failure> {
        self.command.stdin(Stdio::null());
        let output = self.command.output().map_err(|error| self.not_started(&error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(self.failed(&format!("{}\n{}", output.status, said.trim_end())))
    }

    /// Becomes the program: signals and the exit code are its own. Returns only when it does not start.
    pub(crate) fn become_it(mut self) -> Failure {
        let error = self.command.exec();
        self.not_started(&error)
    }

    fn not_started(&self, error: &io::Error) -> Failure {
        let what = match error.kind() {
            io::ErrorKind::NotFound => format!("`{}` cannot start: the program was not found", self.shown),
            _ => format!("`{}` cannot start: {error}", self.shown),
        };
        self.with_hint(Failure::new(what))
    }

    fn failed(&self, how: &str) -> Failure {
        self.with_hint(Failure::new(format!("`{}` failed: {how}", self.shown)))
    }

    fn with_hint(&self, failure: Failure) -> Failure {
        match &self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The file of the first of `names` that is a program on the PATH.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    find_in(std::env::split_paths(&path).collect(), names)
}

fn find_in(folders: Vec<PathBuf>, names: &[&str]) -> Option<PathBuf> {
    let is_program = |file: &PathBuf| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(is_program))
}

/// Checks that Node and npm are there and new enough.
pub(crate) fn check_node(repo: &Repo) -> Result<(), Failure> {
    let (major, minor) = NODE_LEAST;
    if find(&["node"]).is_none() {
        return Err(Failure::new(format!("Node {major}.{minor} or newer is missing")).hint(NODE_HINT));
    }
    let version = Tool::new(repo, "node").args(["--version"]).hint(NODE_HINT).capture()?;
    match parse_version(&version) {
        Some(found) if found >= NODE_LEAST => {}
        _ => {
            let what = format!("Node {major}.{minor} or newer is needed, this one is {}", version.trim());
            return Err(Failure::new(what).hint(NODE_HINT));
        }
    }
    match find(&["npm"]) {
        Some(_) => Ok(()),
        None => {
            Err(Failure::new("npm is missing").hint("it comes with Node; on Debian: `apt-get install npm`"))
        }
    }
}

/// `v20.19.3` as (20, 19).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_compare() {
        assert_eq!(parse_version("v20.19.3\n"), Some((20, 19)));
        assert!(parse_version("v18.20.4") < Some(NODE_LEAST));
        assert!(parse_version("v22.0.0") >= Some(NODE_LEAST));
        assert_eq!(parse_version("not a version"), None);
    }

    #[test]
    fn a_program_is_an_executable_file_and_the_first_name_wins() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, mode: u32| {
            let file = folder.path().join(name);
            std::fs::write(&file, "").expect("a temporary file");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("our file");
            file
        };
        write("notes", 0o644);
        let second = write("second", 0o755);
        let folders = || vec![folder.path().join("missing"), folder.path().to_owned()];
        assert_eq!(find_in(folders(), &["notes", "first", "second"]), Some(second));
        assert_eq!(find_in(folders(), &["first"]), None);
    }

    #[test]
    fn a_failed_call_says_which_one_how_and_what_to_do() {
        let repo = Repo { root: "/".into(), target: "/".into() };
        let failure =
            Tool::new(&repo, "sh").args(["-c", "exit 3"]).hint("do this").run().expect_err("exit 3");
        assert_eq!(failure.to_string(), "`sh -c exit 3` failed: exit status: 3\n  do this");
        let failure = Tool::new(&repo, "no-such-program").run().expect_err("not there");
        assert_eq!(failure.to_string(), "`no-such-program` cannot start: the program was not found");
    }
}
