//! `sim`: a whole board from seeds, in an optimised build. A seed that breaks an invariant is printed and can be repeated.

use crate::failure::Failure;
use crate::repo::Repo;
use crate::tools::Tool;

/// Runs the seeds that `args` name; the program knows its options itself. Traces are kept in `target/sim`.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    Tool::build(repo, "fast", &["sim"])?;
    Tool::new(repo, repo.binary("fast", "sim"))
        .args(["--out"])
        .args([repo.target.join("sim")])
        .args(args)
        .run()
}
