//! The TypeScript half: the client package and Studio, installed and built with npm when something changed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Failure;
use crate::repo::Repo;
use crate::stamp::Stamp;
use crate::tools::{Tool, check_node};

/// The folders of the npm workspaces.
pub(crate) const WORKSPACES: [&str; 2] = ["packages", "apps"];
/// Files at the root that builds read.
const SHARED: [&str; 4] = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.base.json"];

/// Installs the npm packages unless those of the current lock file are there.
pub(crate) fn install(repo: &Repo) -> Result<(), Failure> {
    check_node(repo)?;
    let lock = repo.root.join("package-lock.json");
    if !lock.exists() {
        return Err(Failure::new("package-lock.json is missing").hint("run `npm install` once and commit it"));
    }
    let pressed = repo.notes()?.join("npm.stamp");
    let stamp = manifests(repo)?.iter().try_fold(Stamp::new(), |stamp, file| stamp.file(&repo.root, file))?;
    let stamp = stamp.file(&repo.root, &lock)?;
    if repo.root.join("node_modules").is_dir() && stamp.is_on(&pressed) {
        return Ok(());
    }
    Tool::new(repo, "npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .hint("npm needs its registry the first time; behind a proxy, set `npm config set proxy`")
        .run()?;
    stamp.press(&pressed)
}

/// Builds the client and Studio unless their output is that of the current sources. Installs first.
pub(crate) fn build(repo: &Repo) -> Result<(), Failure> {
    install(repo)?;
    let pressed = repo.notes()?.join("web.stamp");
    let stamp = sources(repo)?;
    if stamp.is_on(&pressed) && outputs(repo)?.iter().all(|folder| folder.is_dir()) {
        eprintln!("the client and Studio are built and current");
        return Ok(());
    }
    Tool::new(repo, "npm").args(["run", "build", "--workspaces", "--if-present"]).run()?;
    stamp.press(&pressed)
}

fn sources(repo: &Repo) -> Result<Stamp, Failure> {
    let mut stamp = Stamp::new();
    for file in SHARED {
        stamp = stamp.file(&repo.root, &repo.root.join(file))?;
    }
    for folder in WORKSPACES {
        stamp = stamp.folder(&repo.root, &repo.root.join(folder))?;
    }
    Ok(stamp)
}

/// Where the workspaces with a build script put what they build.
fn outputs(repo: &Repo) -> Result<Vec<PathBuf>, Failure> {
    let mut outputs = Vec::new();
    for manifest in manifests(repo)? {
        let text = fs::read_to_string(&manifest).map_err(|error| Failure::file("read", &manifest, &error))?;
        if has_build_script(&text) {
            outputs.push(manifest.with_file_name("dist"));
        }
    }
    Ok(outputs)
}

fn has_build_script(manifest: &str) -> bool {
    serde_json::from_str::<Value>(manifest).is_ok_and(|manifest| manifest["scripts"]["build"].is_string())
}

/// The `package.json` of every workspace, sorted.
pub(crate) fn manifests(repo: &Repo) -> Result<Vec<PathBuf>, Failure> {
    let mut manifests = Vec::new();
    for folder in WORKSPACES {
        let folder = repo.root.join(folder);
        let entries = fs::read_dir(&folder).map_err(|error| Failure::file("read", &folder, &error))?;
        manifests.extend(entries.flatten().map(|entry| entry.path().join("package.json")));
    }
    manifests.retain(|manifest: &PathBuf| Path::is_file(manifest));
    manifests.sort();
    Ok(manifests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_workspace_with_a_build_script_has_an_output() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let repo = Repo { root: root.path().to_owned(), target: root.path().join("target") };
        for (folder, manifest) in
            [("packages/client", r#"{"scripts":{"build":"x"}}"#), ("apps/site", r#"{"scripts":{}}"#)]
        {
            let folder = root.path().join(folder);
            fs::create_dir_all(&folder).expect("a temporary folder");
            fs::write(folder.join("package.json"), manifest).expect("a temporary file");
        }
        let outputs = outputs(&repo).expect("readable");
        assert_eq!(outputs, [root.path().join("packages/client/dist")]);
    }

    #[test]
    fn a_missing_lock_file_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let repo = Repo { root: root.path().to_owned(), target: root.path().join("target") };
        // On a machine without Node the sentence is about Node.
        if check_node(&repo).is_ok() {
            let failure = install(&repo).expect_err("nothing is there").to_string();
            assert!(failure.starts_with("package-lock.json is missing"), "{failure}");
        }
    }
}
