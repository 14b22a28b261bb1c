//! A Python that has the package `websockets`, for the interop test: the one that is named, or one in the target folder.

use std::path::PathBuf;

use crate::repo::Repo;
use crate::tools::{Tool, find};

/// Names the Python outright.
const VARIABLE: &str = "CALLBOARD_PYTHON";
/// What the interop test was written with.
const PACKAGE: &str = "websockets==17.4";
const CHECK: [&str; 2] = ["-c", "import websockets.sync.client"];

/// A Python with the package; `None`, and a word about it, where there is none and none can be had: one of the three
/// other clients is then left out of the interop test.
pub(crate) fn find_or_make(repo: &Repo) -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let made = repo.target.join("xtask").join("python");
    let own = made.join("bin").join("python");
    if let Some(found) =
        [named, find(&["python3"]), Some(own.clone())].into_iter().flatten().find(|it| has(repo, it))
    {
        return Some(found);
    }
    let create = Tool::new(repo, "python3").args(["-m", "venv"]).args([&made]).run();
    let pip = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", PACKAGE];
    match create.and_then(|()| Tool::new(repo, &own).args(pip).run()) {
        Ok(()) => Some(own),
        Err(failure) => {
            eprintln!("the interop test goes without Python's `websockets`: {failure}");
            None
        }
    }
}

fn has(repo: &Repo, python: &PathBuf) -> bool {
    Tool::new(repo, python).args(CHECK).capture().is_ok()
}
