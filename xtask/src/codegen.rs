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
        [] => generate(repo, &repo.root),
        [flag] if flag == "--check" => check(repo),
        [other, ..] => Err(options::unknown("codegen", other)),
    }
}

/// Fails when a committed file is not what the Rust types say.
pub(crate) fn check(repo: &Repo) -> Result<(), Failure> {
    let fresh = repo.notes()?.join("codegen");
    generate(repo, &fresh)?;
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error).hint(HINT))
    };
    for file in REFERENCE.into_iter().chain([TYPESCRIPT, COMMAND_LINE]) {
        if let Some(line) = first_difference(&read(&repo.root.join(file))?, &read(&fresh.join(file))?) {
            let message = format!("{file}:{line}: it is not what the sources say");
            return Err(Failure::new(message).hint(HINT));
        }
    }
    Ok(())
}

/// Writes all of them below a folder.
fn generate(repo: &Repo, root: &Path) -> Result<(), Failure> {
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
        .run()?;
    let command_line = root.join(COMMAND_LINE);
    Tool::cargo(repo)
        .args(["run", "--quiet", "-p", "callboard-cli", "--bin", "callboard", "--", "reference"])
        .args([&command_line])
        .run()
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
