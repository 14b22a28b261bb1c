//! `test`: everything that shows that the product works, from a fresh clone.

mod chromium;
mod python;

use crate::failure::Failure;
use crate::plan::{Step, perform, step};
use crate::repo::Repo;
use crate::tools::{Tool, find};
use crate::{codegen, crash, options, web};

/// Enough to see that crashing works; the verb `crash` does more.
const CRASH_ROUNDS: u32 = 5;

#[derive(Debug, PartialEq)]
struct Options {
    browser: bool,
    filter: Option<String>,
}

/// The verb.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    let options = parse(args)?;
    match options.filter {
        Some(filter) => perform(vec![step("Rust tests", move || rust_tests(repo, Some(&filter)))]),
        None => perform(steps(repo, options.browser)),
    }
}

/// All steps, those that fail fastest first.
pub(crate) fn steps(repo: &Repo, browser: bool) -> Vec<Step<'_>> {
    let mut steps = vec![
        step("what the tests need", move || {
            web::install(repo)?;
            if browser { chromium::find_or_install(repo).map(drop) } else { Ok(()) }
        }),
        step("generated types", || codegen::check_types(repo)),
        step("client and Studio are built", || web::build(repo)),
        // All at once: each choice of packages has features of its own, and dependencies would be built for each.
        step("everything in Rust is built", || {
            Tool::cargo(repo).args(["build", "--workspace", "--bins", "--tests", "--examples"]).run()
        }),
        step("TypeScript tests", || {
            let npm = Tool::new(repo, "npm")
                .args(["test", "--workspaces", "--if-present"])
                .env("CI", "true")
                .env("CALLBOARD_BIN", repo.callboard("debug"));
            let python = python::find_or_make(repo);
            python.into_iter().fold(npm, |npm, python| npm.env("CALLBOARD_PYTHON", python)).run()
        }),
        step("Rust tests", || rust_tests(repo, None)),
        step("Rust examples in the docs", || Tool::cargo(repo).args(["test", "--workspace", "--doc"]).run()),
        step("crash smoke", || crash::rounds(repo, CRASH_ROUNDS, None)),
    ];
    if browser {
        steps.push(step("browser walk-through", || walk_through(repo)));
    }
    steps
}

/// Every Rust test but those in docs. Benches have a verb of their own.
fn rust_tests(repo: &Repo, filter: Option<&str>) -> Result<(), Failure> {
    let cargo = Tool::cargo(repo);
    let tool = match find(&["cargo-nextest"]) {
        Some(_) => cargo.args(["nextest", "run", "--workspace"]),
        None => cargo.args(["test", "--workspace", "--lib", "--bins", "--tests", "--examples"]),
    };
    tool.args(filter).run()
}

/// A real browser on a real server.
fn walk_through(repo: &Repo) -> Result<(), Failure> {
    let chromium = chromium::find_or_install(repo)?;
    // Silent: of a failure npm would tell ten lines after the steps that failed.
    Tool::new(repo, "npm")
        .args(["run", "--silent", "e2e", "-w", "apps/studio"])
        .env("CALLBOARD_BIN", repo.callboard("debug"))
        .env("CALLBOARD_CHROMIUM", chromium)
        .run()
}

fn parse(args: &[String]) -> Result<Options, Failure> {
    let mut options = Options { browser: true, filter: None };
    for arg in args {
        match arg.as_str() {
            "--no-browser" => options.browser = false,
            flag if flag.starts_with('-') => return Err(options::unknown("test", flag)),
            filter if options.filter.is_none() => options.filter = Some(filter.to_owned()),
            second => return Err(options::unknown("test", second)),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_and_the_browser_are_options() {
        let parse = |text: &str| {
            let args: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            super::parse(&args).map_err(|failure| failure.to_string())
        };
        assert_eq!(parse(""), Ok(Options { browser: true, filter: None }));
        let both = Options { browser: false, filter: Some("recovery".to_owned()) };
        assert_eq!(parse("recovery --no-browser"), Ok(both));
        assert!(parse("--browser").is_err());
        assert!(parse("one two").is_err());
    }
}
