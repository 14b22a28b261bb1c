//! `codegen`: the TypeScript types of the protocol, made from the Rust ones.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::options;
use crate::repo::Repo;
use crate::tools::Tool;

/// The file that the TypeScript client compiles.
const GENERATED: &str = "packages/client/src/protocol/generated.ts";
const HINT: &str = "run `cargo xtask codegen` and commit the result";

/// The verb.
pub(crate) fn run(repo: &Repo, args: &[String]) -> Result<(), Failure> {
    match args {
        [] => generate(repo, &repo.root.join(GENERATED)),
        [flag] if flag == "--check" => check(repo),
        [other, ..] => Err(options::unknown("codegen", other)),
    }
}

/// Fails when the committed file is not what the Rust types say.
pub(crate) fn check(repo: &Repo) -> Result<(), Failure> {
    let fresh = repo.notes()?.join("generated.ts");
    generate(repo, &fresh)?;
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error).hint(HINT))
    };
    match first_difference(&read(&repo.root.join(GENERATED))?, &read(&fresh)?) {
        None => Ok(()),
        Some(line) => {
            Err(Failure::new(format!("{GENERATED}:{line}: it is not what the Rust types say")).hint(HINT))
        }
    }
}

fn generate(repo: &Repo, file: &Path) -> Result<(), Failure> {
    Tool::cargo(repo)
        .args(["run", "--quiet", "-p", "callboard-protocol", "--example", "codegen", "--"])
        .args([file])
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
