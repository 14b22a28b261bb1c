//! `ci`: what a change must pass, cheapest first.

use crate::failure::Failure;
use crate::plan::{Step, perform, step};
use crate::repo::Repo;
use crate::tools::Tool;
use crate::{test, tidy, web};

/// The verb.
pub(crate) fn run(repo: &Repo) -> Result<(), Failure> {
    let mut steps = gates(repo);
    steps.extend(test::steps(repo, true));
    perform(steps)
}

fn gates(repo: &Repo) -> Vec<Step<'_>> {
    vec![
        step("tidy", || tidy::run(repo)),
        step("format", || {
            Tool::cargo(repo).args(["fmt", "--all", "--check"]).hint("run `cargo fmt --all`").run()
        }),
        // The server embeds Studio, so Studio comes before anything that compiles the server.
        step("client and Studio", || web::build(repo)),
        step("lints", || {
            let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            Tool::cargo(repo).args(args).hint("`rustup component add clippy` if it is missing").run()
        }),
    ]
}
