//! `bench`: the measurements, in an optimised build.

use crate::failure::Failure;
use crate::repo::Repo;
use crate::tools::Tool;

/// Runs the benches named in `args`; they know their names and options themselves. Standard output is theirs alone.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    Tool::build(repo, "fast", &["callboard", "callboard-benches"])?;
    Tool::new(repo, repo.binary("fast", "callboard-benches"))
        .args(args)
        .env("CALLBOARD_BIN", repo.callboard("fast"))
        .run()
}
