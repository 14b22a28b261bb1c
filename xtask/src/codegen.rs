//! `codegen`: what is made of the Rust types of the protocol: TypeScript, JSON Schema, OpenAPI, and the reference; and
//! the reference of the command line, made of the program itself.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::options;
use crate::repo::Repo;
use crate::tools::Tool;

/// The file that the TypeScript client compiles.
const TYPESCRIPT: &str = "packages/client/src/protocol/generated.ts";
/// What the example `reference` writes.
const REFERENCE: [&str; 4] =
    ["spec/schema.json", "spec/openapi.json", "spec/openapi.html", "docs/reference/protocol.md"];
/// What `callboard reference` writes.
const COMMAND_LINE: &str = "docs/reference/cli.md";
const HINT: &str = "run `cargo xtask codegen` and commit the result";

/// The verb.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    match args {
        [] => {
            generate_types(repo, &repo.root)?;
            generate_reference(repo, &repo.root)
        }
        [flag] if flag == "--check" => {
            check_types(repo)?;
            let fresh = repo.notes()?.join("codegen");
            generate_reference(repo, &fresh)?;
            compare(repo, &fresh, COMMAND_LINE)
        }
        [other, ..] => Err(options::unknown("codegen", other)),
    }
}

/// Fails when a committed file is not what the Rust types say. The command line's reference has a test of its own.
pub(crate) fn check_types(repo: &Repo) -> Result<(), Failure> {
    let fresh = repo.notes()?.join("codegen");
    generate_types(repo, &fresh)?;
    REFERENCE.into_iter().chain([TYPESCRIPT]).try_for_each(|file| compare(repo, &fresh, file))
}

fn compare(repo: &Repo, fresh: &Path, file: &str) -> Result<(), Failure> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error).hint(HINT))
    };
    match first_difference(&read(&repo.root.join(file))?, &read(&fresh.join(file))?) {
        Some(line) => Err(Failure::new(format!("{file}:{line}: it is not what the sources say")).hint(HINT)),
        None => Ok(()),
    }
}

/// Writes what is made of the types below a folder.
fn generate_types(repo: &Repo, root: &Path) -> Result<(), Failure> {
    let typescript = root.join(TYPESCRIPT);
    if let Some(folder) = typescript.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))?;
    }
    Tool::cargo(repo)
        .args(["run", "--quiet", "-p", "callboard-protocol", "--example", "codegen", "--"])
        .args([&typescript])
        .run()?;
    Tool::cargo(repo)
        .args(["run", "--quiet", "-p", "callboard-protocol", "--features", "schema"])
        .args(["--example", "reference", "--"])
        .args([root])
        .run()
}

/// Writes what is made of the program below a folder.
fn generate_reference(repo: &Repo, root: &Path) -> Result<(), Failure> {
    let command_line = root.join(COMMAND_LINE);
    Tool::build(repo, "dev", &["callboard"])?;
    Tool::new(repo, repo.callboard("debug")).args(["reference"]).args([&command_line]).run()
}

/// The number of the first line that differs, from 1.
fn first_difference(committed: &str, fresh: &str) -> Option<usize> {
    if committed == fresh {
        return None;
    }
    let same = committed.lines().zip(fresh.lines()).take_while(|(old, new)| old == new).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
